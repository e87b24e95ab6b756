"""The process that looks at paths for doctor: it may hang, or die of what it reads, and only reads.

``main`` answers what is asked on the descriptor that its command line names until nobody holds the other end.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kernelkit.kernelspecs import Kernelspec, candidates, found_at
from kernelkit.lint import LARGEST, NOTHING, Judgement, Remark, is_shell, lint
from kernelkit.scopes import writable_by_others

_REPOSITORY = r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+"
_AREA = re.compile(rf"(/[\w./-]*?cvmfs)/({_REPOSITORY})")
# Read by name on the root of a repository; plain folders have none (cvmfs/magic_xattr.cc).
_ATTRIBUTES = ("user.fqrn", "user.revision")


@dataclass(frozen=True)
class Area:
    """How a repository answers: in how many seconds, with which error, and its extended attributes."""

    seconds: float
    error: int
    attributes: dict[str, str]


@dataclass(frozen=True)
class Kind:
    """What a path is: an error, or its mode and its owner."""

    error: int
    mode: int = 0
    owner: int = 0


@dataclass(frozen=True)
class Wrapper:
    """A file as a wrapper: whether it is one, what is wrong with it, and which repositories it names."""

    is_script: bool
    judgement: Judgement = NOTHING
    areas: tuple[str, ...] = ()


def area(path: str) -> Area:
    """Look at the root of a repository; the first access mounts it."""
    began = time.monotonic()
    try:
        os.stat(path)
        with os.scandir(path) as entries:
            next(entries, None)
    except OSError as error:
        return Area(time.monotonic() - began, error.errno or 0, {})
    return Area(time.monotonic() - began, 0, dict(_attributes(path)))


def _attributes(path: str) -> Iterator[tuple[str, str]]:
    for name in _ATTRIBUTES:
        try:
            yield name, os.getxattr(path, name).decode("utf-8", "replace").strip()
        except OSError:
            continue


def kind(path: str) -> Kind:
    """What a path leads to."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        return Kind(getattr(error, "errno", None) or -1)
    return Kind(0, status.st_mode, status.st_uid)


def places(path: str) -> list[tuple[str, str]] | None:
    """What a folder may hold of kernelspecs; None where there is no such folder."""
    return candidates(path) if os.path.isdir(path) else None


def kernelspec(path: str, name: str) -> Kernelspec | None:
    """One kernelspec; None where there is none."""
    return found_at(name, path)


def open_to_others(path: str) -> str | None:
    """Through which file or folder others could change what is there."""
    found = writable_by_others(Path(path)) if os.path.lexists(path) else None
    # Nobody writes to what is mounted read-only, whoever owns it.
    return str(found) if found and not os.statvfs(found).f_flag & os.ST_RDONLY else None


def wrapper(path: str, directly: bool, after_shell: bool, roots: tuple[str, ...]) -> Wrapper:
    """Judge a file that argv names, where it is a script for a shell."""
    content = contents(path)
    if content is None:
        return Wrapper(is_script=False)
    first = content[:200].partition(b"\n")[0].decode("utf-8", "replace")
    if not (after_shell or (first.startswith("#!") and is_shell(first))):
        return Wrapper(is_script=False)
    text = content.decode("utf-8", "replace")
    return Wrapper(True, lint(content, directly=directly), tuple(sorted(areas_in(text, roots))))


def areas_in(text: str, roots: tuple[str, ...]) -> set[str]:
    """The repositories that a text names, below /cvmfs or below one of these folders."""
    found = {f"{root}/{name}" for root, name in _AREA.findall(text)}
    for root in roots:
        found |= {f"{root}/{name}" for name in re.findall(re.escape(root) + rf"/({_REPOSITORY})", text)}
    return found


def contents(path: str) -> bytes | None:
    """The beginning of a regular file, a byte more than lint takes; None for anything else, a FIFO among it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError):
        return None
    try:
        with open(descriptor, "rb") as stream:
            return stream.read(LARGEST + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        return None


def judge(path: str) -> Judgement:
    """Judge a file that was given by hand."""
    content = contents(path)
    if content is None:
        return Judgement((Remark(1, "unreadable", "no file that can be read"),))
    return lint(content, directly=os.access(path, os.X_OK))


def scripts(path: str, depth: int, many: int) -> list[str]:
    """The file itself, or the scripts below a folder; links to folders are not followed. At most ``many``."""
    if not os.path.isdir(path):
        return [path]
    found: list[str] = []
    for folder, folders, names in os.walk(path):
        if folder.count(os.sep) - path.count(os.sep) >= depth:
            folders.clear()
        folders.sort()
        for name in sorted(names):
            file = os.path.join(folder, name)
            if len(found) < many and _looks_like_script(file):
                found.append(file)
    return found


def _looks_like_script(file: str) -> bool:
    if file.endswith((".sh", ".bash")):
        return True
    first = (contents(file) or b"")[:200].partition(b"\n")[0].decode("utf-8", "replace")
    return first.startswith("#!") and is_shell(first)


ANSWERS: dict[str, Callable[..., Any]] = {
    "area": area, "kind": kind, "places": places, "kernelspec": kernelspec, "open": open_to_others,
    "wrapper": wrapper, "judge": judge, "scripts": scripts,
}  # fmt: skip


def main() -> None:
    """Answer until nobody asks any more."""
    channel = Connection(int(sys.argv[1]))
    channel.send("ready")
    try:
        while True:
            what, *arguments = channel.recv()
            channel.send(ANSWERS[what](*arguments))
    except (EOFError, ConnectionError):
        return
