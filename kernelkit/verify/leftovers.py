"""Which processes belong to a kernel, found in /proc, so that none of them outlives its verification.

Run as a program, this is the guard of a round of verifications, see guard.py; hence it imports nothing but the
standard library's quick parts.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

MARKER = "KERNELKIT_VERIFY"
MARKER_LENGTH = 16  # characters

Identity = tuple[int, int]  # pid and start time


@dataclass(frozen=True)
class Process:
    """A process of this user. Pid and start time (clock ticks since boot) together are never used twice."""

    pid: int
    started: int
    parent: int
    session: int

    @property
    def identity(self) -> tuple[int, int]:
        """What tells it from a later process with the same pid."""
        return self.pid, self.started

    @property
    def command(self) -> str:
        """Its command line, for people; empty once it has ended."""
        try:
            return Path(f"/proc/{self.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""

    def carries(self, marker: str) -> bool:
        """Whether its environment holds a marker that begins so."""
        try:
            environment = b"\0" + Path(f"/proc/{self.pid}/environ").read_bytes()
        except OSError:
            return False
        return f"\0{MARKER}={marker}".encode() in environment


def living() -> list[Process]:
    """The processes of this user that are no zombies."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [process for pid in pids if (process := _read(pid))]


def _read(pid: int) -> Process | None:
    try:
        if Path(f"/proc/{pid}").stat().st_uid != os.getuid():
            return None
        # proc(5): the command's name is in parentheses and may hold any character.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    state, parent, session, started = fields[0], int(fields[1]), int(fields[3]), int(fields[19])
    return None if state in "ZX" else Process(pid, started, parent, session)


def identity(pid: int) -> Identity | None:
    """What tells a process from any other, now and later; None where there is none that runs."""
    process = _read(pid)
    return process.identity if process else None


def _itself() -> Process:
    process = _read(os.getpid())
    if process is None:
        raise RuntimeError("/proc does not show this process")
    return process


def foreign_sessions() -> set[int]:
    """Sessions that no kernel can be in: our own, for each kernel gets one, and 0.

    In a container, 0 stands for every session that was begun outside of it, PID 1's included (pid_namespaces(7)).
    """
    return {0, os.getsid(0)}


class Footprint:
    """The processes of one kernel: those with its marker or in its session, and all that those started.

    Nothing older than this process, and nothing in a foreign session, is ever counted: signals are sent to what is.
    """

    def __init__(self, marker: str) -> None:
        if len(marker) < MARKER_LENGTH:
            raise ValueError(f"the marker {marker!r} is too short to tell this round's processes from others")
        self.marker = marker
        self.leader: Identity | None = None
        self._known: set[Identity] = set()
        self._born = _itself().started

    def lead(self, pid: int, parent: int) -> None:
        """The process that was spawned. It counts only where it is that parent's and leads a session of its own."""
        process = _read(pid)
        if process and process.session == pid and process.parent == parent:
            self.lead_as(process.identity)

    def lead_as(self, leader: Identity) -> None:
        """The identity of the process that was spawned. Raises ValueError where it can be no kernel's."""
        if leader[0] <= 1 or leader[0] in foreign_sessions() or leader[1] < self._born:
            raise ValueError(f"process {leader[0]} was not spawned here")
        self.leader = leader

    @property
    def pids(self) -> set[int]:
        """The pids of all that were seen."""
        return {pid for pid, _ in self._known}

    def look(self) -> list[Process]:
        """Those alive now; what was seen before is remembered, wherever it has moved."""
        foreign = foreign_sessions()
        everyone = {
            process.pid: process
            for process in living()
            if process.started >= self._born and process.session not in foreign and process.pid > 1
        }
        members = {process.pid for process in everyone.values() if self._belongs(process, everyone)}
        while more := {one.pid for one in everyone.values() if one.parent in members} - members:
            members |= more
        self._known |= {everyone[pid].identity for pid in members}
        return [everyone[pid] for pid in sorted(members)]

    def _belongs(self, process: Process, everyone: dict[int, Process]) -> bool:
        if process.identity in self._known or process.carries(self.marker):
            return True
        if self.leader is None or process.session != self.leader[0]:
            return False
        # A session's number is free again once it is empty; then it has another leader.
        leader = everyone.get(process.session)
        return process.started >= self.leader[1] and (leader is None or leader.identity == self.leader)

    def kill(self) -> None:
        """End all of them at once, and those that they start meanwhile."""
        for _ in range(5):
            if not self.send(signal.SIGKILL):
                return

    def send(self, number: signal.Signals) -> int:
        """Send a signal to each; returns how many there were."""
        processes = self.look()
        for process in processes:
            _signal(process, number)
        return len(processes)


def _signal(process: Process, number: signal.Signals) -> None:
    now = _read(process.pid)
    if now and now.identity == process.identity:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return


def guard() -> None:
    """Wait for the end of a round; when it crashed, end its kernels and remove its files.

    Arguments: the beginning of the round's markers, its private folder, Jupyter's runtime directory. On standard
    input: pid and start time of each process that was spawned, a line each, and ``done`` at an orderly end.
    """
    marker, folder, runtime = sys.argv[1:]
    lines = sys.stdin.read().split("\n")
    if "done" in lines:
        return
    footprints = [Footprint(marker)]
    for line in filter(None, lines):
        footprints.append(Footprint(marker))
        pid, started = line.split()
        footprints[-1].lead_as((int(pid), int(started)))
    for footprint in footprints:
        footprint.kill()
    shutil.rmtree(folder, ignore_errors=True)
    for file in Path(runtime).glob(f"kernel-{marker}*.json"):
        file.unlink(missing_ok=True)


if __name__ == "__main__":
    guard()
