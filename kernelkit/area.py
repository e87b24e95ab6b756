"""Reading the software area from a distance: a child does it, and is left behind if the area hangs.

A hung CVMFS client blocks a stat() for ever, and the process that waits for it cannot be killed; so nothing
here touches the area in this process. What is missing comes as an empty answer only where the caller asks.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kernelkit.errors import SoftwareError
from kernelkit.processes import ProcessError, run

TIMEOUT = 8.0  # seconds for one reading: with the messages around it, below the ten that are promised
AT_ONCE = 1000  # paths that one child looks at


def read_file(path: Path) -> str:
    """The text of a file in the software area. Raises SoftwareError: missing, unreadable, or no answer in time."""
    return _ask(["cat", "--", str(path)], path)


def list_folder(path: Path) -> list[str]:
    """The names in a folder, by one listing, without looking at any of them. Raises SoftwareError."""
    return _ask(["ls", "-1U", "--", str(path) + "/"], path).splitlines()


def _ask(argv: list[str], path: Path) -> str:
    try:
        answer = run(argv, environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, timeout=TIMEOUT)
    except ProcessError as error:
        why = f"did not answer within {TIMEOUT:.0f} s" if error.code is None else _reason(error)
        raise SoftwareError(f"{path}: {why}", _advice(path)) from error
    return answer.stdout.decode(errors="surrogateescape")


def _reason(error: ProcessError) -> str:
    return error.output.strip().rpartition(": ")[2] or "cannot be read"


def _advice(path: Path) -> str:
    mounted = path.parts[:2] == ("/", "cvmfs")
    question = f"Is {Path(*path.parts[:3])} mounted here?" if mounted else "Is this the right software area?"
    return f"{question} Name another place with --cvmfs PATH, or try `kernelkit demo`, which needs none."


def missing(paths: Sequence[str]) -> set[str]:
    """Those of some paths at which nothing is, or nothing that can be reached. Raises SoftwareError for no answer."""
    looked: set[str] = set()
    for start in range(0, len(paths), AT_ONCE):
        part = paths[start : start + AT_ONCE]
        script = 'for path do [[ -e $path ]] || printf "%s\\0" "$path"; done'
        try:
            answer = run(["/bin/bash", "-pc", script, "bash", *part], environment={}, timeout=TIMEOUT)
        except ProcessError as error:
            raise SoftwareError(f"the software of {len(part)} kernels did not answer within {TIMEOUT:.0f} s") from error
        looked.update(os.fsdecode(answer.stdout).split("\0"))
    return looked - {""}
