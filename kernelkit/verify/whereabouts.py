"""Where a process is: what it runs, with which environment, and what it waits for; all from /proc (proc(5))."""

from __future__ import annotations

import io
import itertools
import os
import platform
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SHELLS = {"bash", "sh", "dash", "ksh", "zsh", "tcsh", "csh"}
INTERVAL = 0.004  # seconds between two looks
SCRIPT = 255  # the descriptor on which bash reads its script
# System calls that take a path, by machine: number and which argument it is.
PATH_CALLS = {
    "x86_64": {2: 0, 4: 0, 6: 0, 21: 0, 59: 0, 89: 0, 257: 1, 262: 1, 269: 1, 332: 1, 437: 1, 439: 1},
    "aarch64": {48: 1, 56: 1, 78: 1, 79: 1, 221: 0, 291: 1, 437: 1, 439: 1},
}
LISTENING = b":0000 0A "  # from nowhere, and the state of a socket that listens
ROW = 150  # bytes of /proc/net/tcp
RESTING = 20  # times as long as one look into it took: where there are few sockets, that is milliseconds
LONGEST = PAGE = 4096  # bytes of a path, and the size of the smallest page


@dataclass(frozen=True)
class Sight:
    """A process at one moment. ``busy`` is its own processor time in seconds; ``file`` what it waits to open or see;
    ``line`` is ``file:line`` where a shell is in its script, ``opened`` the files that it has open.
    """

    pid: int
    program: str
    argv: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    busy: float = 0.0
    file: str = ""
    line: str = ""
    opened: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Its command line."""
        return " ".join(self.argv)

    @property
    def is_shell(self) -> bool:
        """Whether it is a shell, and no kernel."""
        return Path(self.program).name in SHELLS

    @property
    def is_python(self) -> bool:
        """Whether it is a Python."""
        return "python" in Path(self.program).name


class Watch:
    """What a process was when it was last seen: once it has ended, nobody can tell what its variables were.

    ``turned`` is the moment at which it turned into the program that it is, None where it is its first one, and
    ``listening`` the one at which its port was listened on, None where that was not seen: both as ``time.monotonic``.
    A thread looks, since an event loop that serves other kernels comes too late for one that ends at once.
    """

    def __init__(self) -> None:
        self.last: Sight | None = None
        self.turned: float | None = None
        self.listening: float | None = None
        self._program = ""
        self._again = 0.0
        self._place = (0, 0)
        self._over = threading.Event()

    def begin(self, pid: int, port: int, first: str) -> None:
        """Look every few milliseconds from now on, until ``end`` or until it has ended.

        ``port`` is one of TCP's, or 0. ``first`` is what was started: a shell may be gone before the first look.
        """
        self._place = (pid, port)
        self._program = first if Path(first).name in SHELLS else ""
        threading.Thread(target=self._look, name=f"watch {pid}", daemon=True).start()

    def answered(self) -> None:
        """Look for a last time, since the answer can come between two looks, and no more."""
        self._again = 0.0
        if self._place[0]:
            self._see()
        self.end()

    def end(self) -> None:
        """Look no more."""
        self._over.set()

    def _look(self) -> None:
        while self._see() and not self._over.wait(INTERVAL):
            pass

    def _see(self) -> bool:
        """Whether it was still there."""
        pid, port = self._place
        program, argv = _running(pid)
        if not program:
            return False
        if self._is_new(program, argv):
            self.last = glimpse(pid) or self.last
        if self.listening is None:
            self._time(program, port)
        return True

    def _time(self, program: str, port: int) -> None:
        """Note when it turned and listened; what listens beside a shell that stays is no program it turned into."""
        if program != self._program:
            self.turned = time.monotonic() if self._program else None
            self._program = program
        begin = time.monotonic()
        if port and Path(program).name not in SHELLS and begin >= self._again:
            if listened_on(port):
                self.listening = time.monotonic()
            self._again = time.monotonic() + (time.monotonic() - begin) * RESTING

    def _is_new(self, program: str, argv: tuple[str, ...]) -> bool:
        """Its variables are those of its last exec(2), in the midst of which it shows none."""
        last = self.last
        return last is None or not last.environment or (program, argv) != (last.program, last.argv)


def listened_on(port: int) -> bool:
    """Whether a process listens on a TCP port of this machine: by proc_pid_net(5), so that nobody hears of it.

    Linux lists the sockets that listen first and looks for others only when it is asked for more, which takes
    a hundred times as long: hence row by row.
    """
    place = f":{port:04X} ".encode()
    try:
        with Path("/proc/net/tcp").open("rb", buffering=ROW) as rows:
            next(rows, b"")
            listening = itertools.takewhile(lambda row: LISTENING in row, rows)
            return any(place in row.partition(LISTENING)[0] for row in listening)
    except OSError:
        return False


def _running(pid: int) -> tuple[str, tuple[str, ...]]:
    """Its program and its arguments; empty where it has ended."""
    folder = Path("/proc", str(pid))
    try:
        return str((folder / "exe").readlink()), _texts(folder / "cmdline")
    except OSError:
        return "", ()


def glimpse(pid: int) -> Sight | None:
    """What it runs; None where it cannot be seen (any more)."""
    program, argv = _running(pid)
    try:
        environment = dict(entry.partition("=")[::2] for entry in _texts(Path(f"/proc/{pid}/environ")))
    except OSError:
        return None
    return Sight(pid, program, argv, environment) if program else None


def look(pid: int) -> Sight | None:
    """All that can be seen of it."""
    sight = glimpse(pid)
    if sight is None:
        return None
    return Sight(pid, sight.program, sight.argv, sight.environment, _busy(pid), _file(pid), _line(pid), _opened(pid))


def _texts(file: Path) -> tuple[str, ...]:
    return tuple(os.fsdecode(text) for text in file.read_bytes().split(b"\0")[:-1])


def _busy(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _file(pid: int) -> str:
    """The path of the system call that it is blocked in; empty where it is in no such call or may not be looked at."""
    try:
        words = Path(f"/proc/{pid}/syscall").read_text().split()
        call = int(words[0]) if words[0].isdigit() else -1
        place = PATH_CALLS.get(platform.machine(), {}).get(call)
        if place is None:
            return ""
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            return os.fsdecode(_text_at(memory, int(words[1 + place], 16)))
    except (OSError, ValueError, OverflowError):
        return ""


def _text_at(memory: io.FileIO, address: int) -> bytes:
    """A text that ends with a NUL; page by page, since what follows it may lie on a page that is not there."""
    found = b""
    memory.seek(address)
    while b"\0" not in found and len(found) < LONGEST:
        chunk = memory.read(PAGE - (address + len(found)) % PAGE)
        if not chunk:
            break
        found += chunk
    return found.split(b"\0")[0]


def _line(pid: int) -> str:
    """Bash leaves its script's offset behind the command that it runs whenever it starts a process."""
    try:
        script = Path(f"/proc/{pid}/fd/{SCRIPT}").readlink()
        offset = int(Path(f"/proc/{pid}/fdinfo/{SCRIPT}").read_text().split()[1])
        content = script.read_bytes()
    except (OSError, ValueError):
        return ""
    lines = content[:offset].count(b"\n")
    return f"{script}:{max(lines, 1)}" if offset < len(content) else ""


def _opened(pid: int) -> tuple[str, ...]:
    try:
        return tuple(str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return ()
