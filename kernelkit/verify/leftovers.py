"""Which processes belong to a kernel, found in /proc, so that none of them outlives its verification."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

MARKER = "KERNELKIT_VERIFY"
GRACE = 2.0  # seconds: what a kernel started may end a moment after the kernel
PATIENCE = 0.5  # seconds between SIGTERM and SIGKILL


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
        """Whether its environment holds the marker."""
        try:
            return f"{MARKER}={marker}".encode() in Path(f"/proc/{self.pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False


def living() -> list[Process]:
    """The processes of this user that are no zombies."""
    mine = os.getuid()
    found = []
    with os.scandir("/proc") as entries:
        for entry in entries:
            process = _read(entry, mine) if entry.name.isdigit() else None
            if process:
                found.append(process)
    return found


def _read(entry: os.DirEntry[str], owner: int) -> Process | None:
    try:
        if entry.stat().st_uid != owner:
            return None
        # proc(5): the command's name is in parentheses and may hold any character.
        fields = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    state, parent, session, started = fields[0], int(fields[1]), int(fields[3]), int(fields[19])
    return None if state in "ZX" else Process(int(entry.name), started, parent, session)


class Footprint:
    """The processes of one kernel: those with its marker or in its session, and all that those started."""

    def __init__(self, marker: str) -> None:
        self.marker = marker
        self.leader: tuple[int, int] | None = None
        self._known: set[tuple[int, int]] = set()

    def lead(self, pid: int) -> None:
        """The process that was spawned, and so leads the kernel's session."""
        process = next((one for one in living() if one.pid == pid), None)
        self.leader = process.identity if process else None

    def look(self) -> list[Process]:
        """Those alive now; what was seen before is remembered, wherever it has moved."""
        everyone = {process.pid: process for process in living()}
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
        return leader is None or leader.identity == self.leader

    async def rest(self, grace: float = GRACE) -> list[Process]:
        """Those that are still there after a moment's grace."""
        deadline = time.monotonic() + grace
        while (left := self.look()) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        return left

    async def end(self) -> None:
        """End whatever is left, politely first."""
        self.send(signal.SIGTERM)
        if await self.rest(PATIENCE):
            self.kill()

    def kill(self) -> None:
        """End all of them at once, and those that they start meanwhile."""
        for _ in range(5):
            if not self.send(signal.SIGKILL):
                return

    def send(self, number: signal.Signals) -> int:
        """Send a signal to each; returns how many there were."""
        processes = self.look()
        for process in processes:
            try:
                os.kill(process.pid, number)
            except ProcessLookupError:
                continue
        return len(processes)
