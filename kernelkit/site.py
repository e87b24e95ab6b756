"""A site file: the kernels that a scope must hold, each a definition with its options.

[[kernels]]
definition = "atlas"
root = "6.08"
name = "atlas-legacy"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit import reading
from kernelkit.catalogue import did_you_mean
from kernelkit.definition import Definition
from kernelkit.errors import DefinitionError
from kernelkit.resolve import Asked

COMMON = ("definition", "name", "cvmfs", "python", "env")


@dataclass(frozen=True)
class Wanted:
    """One kernel of a site file."""

    definition: Definition
    asked: Asked


def read(path: Path) -> list[Wanted]:
    """The kernels a site file lists. Raises DefinitionError with every fault of the file."""
    faults: list[str] = []
    wanted = [one for number, entry in enumerate(_entries(path), 1) for one in _wanted(number, entry, faults)]
    if faults:
        raise DefinitionError([f"{path}: {fault}" for fault in faults])
    return wanted


def _entries(path: Path) -> list[Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError([f"{path}: not valid TOML: {error}"]) from error
    except OSError as error:
        raise DefinitionError([f"{path}: cannot be read: {error.strerror}"]) from error
    entries = table.pop("kernels", [])
    unknown = [f"{path}: {key}: unknown key{did_you_mean(key, ['kernels'])}" for key in table]
    if unknown or not isinstance(entries, list):
        raise DefinitionError(unknown or [f"{path}: kernels: must be a list of tables"])
    return entries


def _wanted(number: int, entry: Any, faults: list[str]) -> Iterator[Wanted]:
    """The kernel of one entry, or its faults."""
    key = f"kernels[{number}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("definition"), str):
        faults.append(f"{key}: 'definition' must name a definition")
        return
    try:
        definition = reading.load(entry["definition"])
    except DefinitionError as error:
        faults.extend(f"{key}: {fault}" for fault in error.faults)
        return
    found = list(_faults(key, entry, definition))
    faults.extend(found)
    if not found:
        options = {name: value for name, value in entry.items() if name not in COMMON}
        asked = Asked(options, entry.get("cvmfs"), entry.get("python"), entry.get("env", {}), entry.get("name"))
        yield Wanted(definition, asked)


def _faults(key: str, entry: dict[str, Any], definition: Definition) -> Iterator[str]:
    known = [*COMMON, *definition.options]
    for name, value in entry.items():
        if name not in known:
            yield f"{key}.{name}: {definition.name} has no such option{did_you_mean(name, known)}"
        elif name == "env":
            if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
                yield f"{key}.env: must be a table of strings"
        elif not isinstance(value, str):
            yield f"{key}.{name}: must be a string"
