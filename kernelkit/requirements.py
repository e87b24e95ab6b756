"""What a user asks for in packages: requirements in pip's words, requirements files, lock files."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kernelkit.errors import UsageError

PYLOCK = re.compile(r"pylock(\.[^.]+)?\.toml")  # PEP 751
INCLUDED = re.compile(r"(?m)^\s*(?:-r|-c|--requirement|--constraint)(?:\s+|=)(\S.*?)\s*(?:\s#.*)?$")
EXPORTS = {
    "uv.lock": "uv export --format requirements.txt",
    "pyproject.toml": "uv export --format requirements.txt, or pip-compile",
    "poetry.lock": "poetry export",
    "Pipfile.lock": "pipenv requirements",
    "pdm.lock": "pdm export",
    "pixi.lock": "pixi list --explicit",
}


@dataclass(frozen=True)
class Requirements:
    """Requirements, each valid, and the files that hold more of them.

    Files that demand hashes allow nothing beside what they list.
    """

    lines: tuple[str, ...]
    files: tuple[Path, ...] = ()

    @property
    def hashed(self) -> bool:
        """Whether a file demands the hash of everything that is installed."""
        return any(b"--hash=" in file.read_bytes() for file in self.files)

    @property
    def names(self) -> set[str]:
        """The normalised names of the lines' packages."""
        return {canonicalize_name(Requirement(line).name) for line in self.lines}

    @property
    def digest(self) -> str:
        """Over the lines, and the content of the files and of those that they include."""
        files = sorted({path: None for file in self.files for path in _with_included(file)})
        content = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        return hashlib.sha256(json.dumps([sorted(self.lines), content]).encode()).hexdigest()

    def __bool__(self) -> bool:
        return bool(self.lines or self.files)


def read(listed: Sequence[str], file: str = "") -> Requirements:
    """What is listed, and what a file lists. Raises UsageError for what is no requirement and no such file."""
    lines = [_checked(text) for text in listed]
    if not file:
        return Requirements(tuple(lines))
    path = Path(file)
    try:
        path.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "--requirements takes a requirements or lock file.") from error
    if path.name in EXPORTS:
        raise UsageError(
            f"{file}: not a requirements file nor a pylock.toml", f"Make one from it: {EXPORTS[path.name]}."
        )
    if PYLOCK.fullmatch(path.name):
        return Requirements((*lines, *_of_pylock(path)))
    return Requirements(tuple(lines), (path,))


def _checked(text: str) -> str:
    try:
        return str(Requirement(text))
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"not a requirement: {text!r}: {reason}", 'Write it as for pip: "uproot>=5".') from error


def _of_pylock(path: Path) -> Iterator[str]:
    """``name==version`` of each package, with its marker. Raises UsageError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for package in table["packages"]:
            yield _checked(_line(package))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: not a valid lock file: {error!r}") from error


def _line(package: dict[str, Any]) -> str:
    marker = package.get("marker")
    return f"{package['name']}=={package['version']}" + (f" ; {marker}" if marker else "")


def _with_included(file: Path, seen: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """A requirements file and those that its lines name."""
    if file in seen or not file.is_file():
        return
    yield file
    for name in INCLUDED.findall(file.read_text(encoding="utf-8", errors="replace")):
        yield from _with_included(file.parent / name.strip("'\""), seen | {file})
