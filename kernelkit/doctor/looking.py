"""Looking at file systems that may hang: another process does it, and is left behind when it does not come back.

Whoever looks at a hung mount may wait for ever and cannot be killed. So nothing of doctor touches a path that a
kernelspec names in its own process: it asks, waits for so long, and goes on.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import PurePath
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class NoAnswer:
    """What is known of a path that was not looked at to the end: it hung, or whoever looked at it died."""

    path: str
    hung: bool


class Looker:
    """A process that looks at one path after another; ``limit`` is in seconds for each."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._hung: set[PurePath] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Connection | None = None

    def __enter__(self) -> Looker:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._leave()

    def knows_hung(self, path: str) -> None:
        """Do not look at a path, nor below it, ever again."""
        self._hung.add(PurePath(path))

    def ask(self, what: str, path: str, *more: Any) -> Any:
        """What the function ``what`` of the other side answers for a path, or NoAnswer."""
        if self._hung & {PurePath(path), *PurePath(path).parents}:
            return NoAnswer(path, hung=True)
        channel = self._channel or self._start()
        try:
            channel.send((what, path, *more))
            # The first answer takes the start of a Python with it.
            if channel.poll(self.limit):
                return channel.recv()
        except (EOFError, OSError):
            self._leave()
            return NoAnswer(path, hung=False)
        except BaseException:
            self._leave()
            raise
        self._leave()
        self.knows_hung(path)
        return NoAnswer(path, hung=True)

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        argv = [sys.executable, "-c", "from kernelkit.doctor.onlooker import main; main()", str(theirs.fileno())]
        self._process = subprocess.Popen(
            argv, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._channel = ours
        if ours.poll(60):
            ours.recv()
        return ours

    def _leave(self) -> None:
        """End the process, and do not wait for one that cannot be ended."""
        if self._channel:
            self._channel.close()
        if self._process:
            self._process.kill()
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                self._process.returncode = -9  # as far as we are concerned
        self._channel = self._process = None
