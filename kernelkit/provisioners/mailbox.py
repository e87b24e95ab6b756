"""The folder through which a server and its job talk, on a file system that both see.

``orders`` is one line of the server, ``<number> <generation> <run|kill|stop> <interrupts> end``: each has a new number,
and as long as they arrive the server lives. ``answers`` are lines of the job. Both are made before the job is and
written in place, so that over NFS whoever opens one sees what was written last. ``connection.json`` and
``environment`` are what the next kernel starts with. The folder is 0700 and each file 0600; it holds the keys while
the kernel lives.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernelkit.provisioners.place import PlaceError

SHOWN = 64 * 1024  # bytes of what a job printed that are looked at


@dataclass(frozen=True)
class Answers:
    """What a job has said of one generation: ``connection`` is empty before the kernel has told its ports."""

    node: str = ""
    address: str = ""
    connection: dict[str, Any] = field(default_factory=dict)
    ended: int | None = None
    gone: str = ""


class Mailbox:
    """One kernel's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._serials = itertools.count(time.time_ns())

    @classmethod
    def create(cls, parent: Path, name: str) -> Mailbox:
        """A new one below ``parent``. Raises OSError, and leaves nothing then."""
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mailbox = cls(parent / name)
        mailbox.folder.mkdir(mode=0o700)
        try:
            for file in ("answers", "orders", "output"):
                mailbox._write(file, b"")
        except OSError:
            mailbox.remove()
            raise
        return mailbox

    @staticmethod
    def sweep(parent: Path, age: float, place: str) -> list[str]:
        """Take away what servers left that have given no sign of life for ``age`` seconds: they were killed.

        The jobs that they had handed in to this ``place``, which may wait still. Another's are for whoever can cancel
        them.
        """
        jobs = []
        for orders in parent.glob("*/orders"):
            with contextlib.suppress(OSError):
                entry = orders.stat()
                if entry.st_uid != os.getuid() or time.time() - entry.st_mtime <= age:
                    continue
                where, _, number = Mailbox(orders.parent)._noted().partition(" ")
                if where in ("", place):
                    jobs.append(number)
                    shutil.rmtree(orders.parent, ignore_errors=True)
        return [job for job in jobs if job]

    def note_job(self, place: str, number: str) -> None:
        """Write down which job it is for; nothing where the folder is gone meanwhile."""
        with contextlib.suppress(OSError):
            self._write("job", f"{place} {number}".encode())

    def _noted(self) -> str:
        try:
            return (self.folder / "job").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    @property
    def script(self) -> Path:
        """What the batch system is given."""
        return self.folder / "script"

    def put_script(self, text: str) -> None:
        """Write the job's script."""
        self._write("script", text.encode("utf-8", "surrogateescape"))

    def put_start(self, connection: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """What the next kernel starts with."""
        entries = [f"{name}={value}" for name, value in environment.items()]
        self._write("environment", b"".join(os.fsencode(entry) + b"\0" for entry in entries))
        self._write("connection.json", json.dumps(dict(connection), indent=1).encode())

    def order(self, generation: int, word: str, interrupts: int = 0) -> None:
        """Say what is wanted, and how often the kernel was interrupted until now; a sign of life too.

        It is repeated: one that cannot be written is no fault.
        """
        line = f"{next(self._serials)} {generation} {word} {interrupts} end\n"
        try:
            with (self.folder / "orders").open("r+b", buffering=0) as stream:
                stream.write(line.encode())
                stream.truncate()
        except OSError:
            return

    def answers(self, generation: int) -> Answers:
        """What the job has said, of this generation of the kernel."""
        try:
            text = (self.folder / "answers").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return Answers()
        said: dict[str, Any] = {}
        for line in text.split("\n")[:-1]:
            said |= _understood(line.split(" ", 2), generation)
        return Answers(**said)

    def output(self, lines: int = 20) -> str:
        """The last lines that the job printed, without empty ones."""
        try:
            text = _end_of(self.folder / "output")
        except OSError:
            return ""
        return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])

    def remove(self) -> None:
        """Take it away, keys and all; a job that still starts finds nothing and ends.

        Under another name, since a batch system may just be making a file in it.
        """
        going = self.folder.with_name(f"{self.folder.name}.gone")
        with contextlib.suppress(OSError):
            self.folder.rename(going)
        shutil.rmtree(going, ignore_errors=True)

    def _write(self, name: str, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(self.folder / name, flags, 0o600), "wb") as stream:
            stream.write(content)


def _end_of(file: Path) -> str:
    """What a kernel printed may be long, and is nobody's whole. Raises OSError."""
    with file.open("rb") as stream:
        stream.seek(max(stream.seek(0, os.SEEK_END) - SHOWN, 0))
        return stream.read(SHOWN).decode("utf-8", errors="replace")


def unwritable(folder: Path, error: OSError) -> PlaceError:
    """What is told where jobs' folders cannot be made or filled."""
    return PlaceError(
        f"{folder}: {error.strerror or error}", "Kernels' jobs need a folder there; places.toml can name another."
    )


def _understood(words: list[str], generation: int) -> dict[str, Any]:
    match words:
        case ["running", node, address]:
            return {"node": node, "address": address}
        case ["connection", number, text] if number == str(generation):
            return {"connection": _object(text)}
        case ["ended", number, code] if number == str(generation) and code.isdigit():
            return {"ended": int(code)}
        case ["gone", *rest]:
            return {"gone": " ".join(rest)}
    return {}


def _object(text: str) -> dict[str, Any]:
    """A JSON object; empty where the line has not arrived whole."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
