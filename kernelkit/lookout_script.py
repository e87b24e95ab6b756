"""What looks at places that may hang, run as a program: on each by a thread of its own, so that one keeps none waiting.

Its argument is a JSON list of questions, a kind and a path each. A line of JSON says what else is asked because of an
answer, ``{"asked": [[KIND, PATH], ...]}``, and another is the answer, ``{"of": [KIND, PATH], "answer": ...}``. It ends
with the last answer; whoever started it ends it before that. It imports nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Question = tuple[str, str]

SIDE_BY_SIDE = 64  # questions; those that hang keep their thread
LARGEST = 1 << 20  # bytes of a kernel.json or a list of environments
WITH_PYTHON = re.compile(r"(?i)(python|anaconda|miniconda|miniforge|mambaforge|conda|mamba|pypy)\d*")
# What lies beside module files and is none: backups, what packages leave, and the link that names the default.
NO_MODULE = re.compile(
    r".*~|.*\.(bak|orig|old|save|swp|rpmnew|rpmsave|dpkg-\w+)|[.#].*|default|modulerc", re.IGNORECASE
)
MODULE = b"#%Module"  # the first bytes of a module file in Tcl, without which none of the programs takes it
PYTHONS = ("python3", "python")


def names(path: str) -> list[str]:
    """What lies in a folder, without hidden things but ``.venv``; nothing where there is no such folder."""
    try:
        return sorted(name for name in os.listdir(path) if not name.startswith(".") or name == ".venv")
    except OSError:
        return []


def lines(path: str) -> list[str]:
    """The lines of a file that are not blank; none where it cannot be read."""
    return [line.strip() for line in os.fsdecode(content(path)).splitlines() if line.strip()]


def content(path: str, most: int = LARGEST) -> bytes:
    """The beginning of a regular file; nothing of anything else, a FIFO among it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError):
        return b""
    with open(descriptor, "rb") as stream:
        return stream.read(most) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


def virtual(path: str) -> dict[str, Any] | None:
    """A virtual environment; None where the folder is none."""
    return _environment(path) if os.path.isfile(f"{path}/pyvenv.cfg") else None


def conda(path: str) -> dict[str, Any] | None:
    """A conda environment that has, or had, a Python; None where the folder is none."""
    if os.path.isdir(f"{path}/conda-meta") and any(os.path.lexists(f"{path}/bin/{name}") for name in PYTHONS):
        return _environment(path)
    return None


def _environment(path: str) -> dict[str, Any]:
    """Which folder it really is, and whether a Python can be run there."""
    programs = [f"{path}/bin/{name}" for name in PYTHONS]
    return {"is": os.path.realpath(path), "runs": any(os.path.isfile(p) and os.access(p, os.X_OK) for p in programs)}


def modules(path: str) -> list[list[str]]:
    """The modules of a folder whose names say that they bring a Python, each with what it is written in."""
    found = []
    for name in filter(lambda name: WITH_PYTHON.fullmatch(name.removesuffix(".lua")), names(path)):
        inside = f"{path}/{name}"
        versions = [f"{name}/{version}" for version in names(inside)] if os.path.isdir(inside) else [name]
        written = [(module, _written_in(f"{path}/{module}")) for module in versions]
        found += [[module.removesuffix(".lua"), language] for module, language in written if language]
    return found


def _written_in(path: str) -> str:
    """``tcl`` or ``lua``, for a folder as its first; empty for what is no module file."""
    name = os.path.basename(path)
    if NO_MODULE.fullmatch(name):
        return ""
    if os.path.isdir(path):
        return next((language for inner in names(path) if (language := _written_in(f"{path}/{inner}"))), "")
    if name.endswith(".lua"):
        return "lua" if os.path.isfile(path) else ""
    return "tcl" if content(path, len(MODULE)) == MODULE else ""


def languages(path: str) -> list[str]:
    """In what the modules program of that init/bash can be written; nothing where there is no such program."""
    if not os.path.isfile(path):
        return []
    root = os.path.dirname(os.path.dirname(path))
    return ["tcl", "lua"] if os.path.exists(f"{root}/libexec/lmod") else ["tcl"]


def kernel(path: str) -> dict[str, Any] | None:
    """What a kernelspec is made of, as far as its kernel.json says it: its program, and kernelkit's own record."""
    try:
        document = json.loads(content(f"{path}/kernel.json"))
    except (ValueError, RecursionError):
        return None
    argv, metadata = (document.get("argv"), document.get("metadata")) if isinstance(document, dict) else (None, None)
    program = argv[:1] if isinstance(argv, list) else []
    return {"argv": program, "metadata": metadata if isinstance(metadata, dict) else {}}


ANSWERS: dict[str, Callable[[str], Any]] = {
    "venvs": names, "venv": virtual, "condas": names, "conda": conda, "listed": lines, "modules": modules,
    "init": languages, "kernels": names, "kernel": kernel,
}  # fmt: skip
# What is asked of each name in an answer.
NEXT: dict[str, Callable[[str, str], list[Question]]] = {
    "venvs": lambda path, name: [("venv", f"{path}/{name}"), ("venv", f"{path}/{name}/.venv")],
    "condas": lambda path, name: [("conda", f"{path}/{name}")],
    "listed": lambda _, line: [("conda", line)],
    "kernels": lambda path, name: [("kernel", f"{path}/{name}")],
}


class Lookout:
    """Asks, and asks on, until everything has an answer."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE)
        self._changed = threading.Condition()
        self._open = 0

    def ask(self, questions: Iterable[Question]) -> None:
        """Look at these places by and by."""
        for question in questions:
            with self._changed:
                self._open += 1
            self._pool.submit(self._answer, *question)

    def wait(self) -> None:
        """Until there is no question left."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open)

    def _answer(self, kind: str, path: str) -> None:
        try:
            answer = ANSWERS[kind](path)
        except (OSError, ValueError):
            answer = None
        more = [question for name in answer or () for question in NEXT[kind](path, name)] if kind in NEXT else []
        self._say({"asked": more})
        self.ask(more)
        self._say({"of": [kind, path], "answer": answer})
        with self._changed:
            self._open -= 1
            self._changed.notify()

    def _say(self, told: dict[str, Any]) -> None:
        with self._changed:
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    lookout = Lookout()
    lookout.ask(json.loads(sys.argv[1]))
    lookout.wait()
