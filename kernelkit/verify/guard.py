"""A small process that outlives a crash of kernelkit by as long as it takes to end the kernels of the round."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_core.paths import jupyter_runtime_dir

from kernelkit.verify import leftovers
from kernelkit.verify.leftovers import Identity


class Guard:
    """The pipe to the guard: its end of file, without a farewell, is what tells of a crash."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def watch(self, leader: Identity) -> None:
        """Have the guard end this process too, and all in its session."""
        self._tell(f"{leader[0]} {leader[1]}\n")

    def dismiss(self) -> None:
        """An orderly end."""
        self._tell("done\n")
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()

    def _tell(self, line: str) -> None:
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line)
                self._process.stdin.flush()


@contextlib.contextmanager
def guarded(marker: str, folder: Path) -> Iterator[Guard]:
    """Guard kernels whose markers begin so. In a session of its own, which no Ctrl-C reaches."""
    argv = [sys.executable, "-I", "-S", leftovers.__file__, marker, str(folder), jupyter_runtime_dir()]
    guard = Guard(subprocess.Popen(argv, stdin=subprocess.PIPE, text=True, start_new_session=True))
    try:
        yield guard
    finally:
        guard.dismiss()
