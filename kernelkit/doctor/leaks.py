"""Variables of the Jupyter server that reach its kernels."""

from __future__ import annotations

import fnmatch
import json
import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_core.paths import jupyter_runtime_dir

from kernelkit.doctor.finding import Finding
from kernelkit.doctor.machine import Machine
from kernelkit.seal import record

# What each does to a kernel that another Python or shell runs.
LEAKS = {
    "PYTHONHOME": "another Python dies at once",
    "PYTHONPATH": "every Python imports from there first",
    "PYTHONSTARTUP": "every IPython runs it",
    "PYTHONUSERBASE": "user packages come from there",
    "LD_LIBRARY_PATH": "libraries of another stack are loaded first",
    "LD_PRELOAD": "it is loaded into every program",
    "BASH_ENV": "every wrapper that bash runs without -p runs it first",
    "ENV": "every wrapper that sh runs may run it first",
    "BASH_FUNC_*": "a function takes the place of a command in every wrapper",
    "SHELLOPTS": "every wrapper runs with these options of the shell",
    "CDPATH": "cd prints, and goes elsewhere",
    "CONDA_*": "conda's own scripts believe that this environment is active",
    "VIRTUAL_ENV": "tools take the server's environment for the kernel's",
    "R_HOME": "another R does not start",
    "IPYTHONDIR": "the server's profile is the kernel's",
}  # fmt: skip
_PATHS = ("PYTHON", "LD_", "BASH_ENV", "ENV", "VIRTUAL_ENV", "CONDA_PREFIX", "R_HOME", "IPYTHONDIR", "CDPATH")
_SHOWN = 60  # characters of a value


def check_leaks(machine: Machine) -> Iterator[Finding]:
    """What reaches kernels that kernelkit did not make; its own drop all of it."""
    reached = [
        spec.name for spec in machine.used if not spec.native and spec.name != "python3" and not record(spec.document)
    ]
    if not reached:
        return
    names = ", ".join(reached[:3]) + (f" and {len(reached) - 3} more" if len(reached) > 3 else "")
    for whose, environment in _servers():
        told: set[str] = set()
        for name in sorted(environment):
            pattern = next((pattern for pattern in LEAKS if fnmatch.fnmatchcase(name, pattern)), None)
            if pattern and environment[name] and pattern not in told:
                told.add(pattern)
                yield Finding(
                    "leaking-variable",
                    f"{_shown(name, environment[name])} of {whose} reaches {names}: {LEAKS[pattern]}",
                )


def _shown(name: str, value: str) -> str:
    """The variable, with its value where that is a path and no secret."""
    if not name.startswith(_PATHS):
        return name
    line = "".join(c if c.isprintable() else "?" for c in value)
    return f"{name}={line if len(line) <= _SHOWN else line[: _SHOWN - 1] + '…'}"


def _servers() -> list[tuple[str, dict[str, str]]]:
    """The running servers of this user with their environments; this process's own where none is found."""
    found: list[tuple[str, dict[str, str]]] = []
    for file in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        try:
            pid = json.loads(file.read_bytes())["pid"]
            content = Path(f"/proc/{int(pid)}/environ").read_bytes()
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found.append((f"the server with process {int(pid)}", _parsed(content)))
    return found or [("this shell", dict(os.environ))]


def _parsed(content: bytes) -> dict[str, str]:
    entries = (entry.decode("utf-8", "replace").partition("=") for entry in content.split(b"\0") if entry)
    return {name: value for name, _, value in entries}
