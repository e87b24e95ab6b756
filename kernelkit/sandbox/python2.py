"""Finding a real CPython 2.7 on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from kernelkit import processes

# Seconds; a shim that asks a version manager first is slow, a hung one must not hold the build.
TIMEOUT = 10.0
NAMES = ("python2.7", "python2")
QUESTION = """\
import platform, sys
if sys.version_info[:2] == (2, 7) and platform.python_implementation() == "CPython":
    sys.stdout.write(sys.executable)
"""


def find_python2() -> Path | None:
    """The first CPython 2.7 that really runs: along PATH, then among pyenv's versions, else None.

    A name alone proves nothing: pyenv's shims exist for every version and fail for all but the chosen one.
    """
    for candidate in _candidates():
        try:
            answer = processes.run([str(candidate), "-c", QUESTION], timeout=TIMEOUT).stdout
        except processes.ProcessError:
            continue
        if answer:
            return Path(os.fsdecode(answer))
    return None


def _candidates() -> Iterator[Path]:
    """Every file that may be a Python 2.7, nearest first."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield from (Path(folder, name) for name in NAMES if folder and os.access(Path(folder, name), os.X_OK))
    root = os.environ.get("PYENV_ROOT") or Path("~/.pyenv").expanduser()
    yield from sorted(Path(root, "versions").glob("2.7*/bin/python2.7"), reverse=True)
