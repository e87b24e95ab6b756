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
from kernelkit.resolve import COMMON, Asked
from kernelkit.schema import STRING, is_of

DEFINITION = "definition"
FIELDS = {"with": "packages"}  # of Asked, where they are called otherwise


@dataclass(frozen=True)
class Wanted:
    """One kernel of a site file; ``key`` is where it stands there."""

    key: str
    definition: Definition
    asked: Asked


def read(path: Path) -> list[Wanted]:
    """The kernels a site file lists. Raises DefinitionError with every fault of the file."""
    faults: list[str] = []
    known: dict[str, Definition] = {}
    wanted = [one for number, entry in enumerate(_entries(path), 1) for one in _wanted(number, entry, known, faults)]
    if faults:
        raise DefinitionError([f"{path}: {fault}" for fault in faults])
    return wanted


def _entries(path: Path) -> list[Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError([f"{path}: not valid TOML: {error}"]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError([f"{path}: cannot be read: it is not UTF-8"]) from error
    except OSError as error:
        raise DefinitionError([f"{path}: cannot be read: {error.strerror}"]) from error
    entries = table.pop("kernels", [])
    unknown = [f"{path}: {key}: unknown key{did_you_mean(key, ['kernels'])}" for key in table]
    if unknown or not isinstance(entries, list):
        raise DefinitionError(unknown or [f"{path}: kernels: must be a list of tables"])
    return entries


def _wanted(number: int, entry: Any, known: dict[str, Definition], faults: list[str]) -> Iterator[Wanted]:
    """The kernel of one entry, or its faults; ``known`` are the definitions read so far."""
    key = f"kernels[{number}]"
    if not isinstance(entry, dict) or not isinstance(entry.get(DEFINITION), str):
        faults.append(f"{key}: 'definition' must name a definition")
        return
    name = entry[DEFINITION]
    try:
        definition = known[name] if name in known else known.setdefault(name, reading.load(name))
    except DefinitionError as error:
        faults.extend(f"{key}: {fault}" for fault in error.faults)
        return
    found = list(_faults(key, entry, definition))
    faults.extend(found)
    if not found:
        common = {FIELDS.get(str(name), str(name)): value for name, value in entry.items() if name in COMMON}
        options = {name: value for name, value in entry.items() if name in definition.options}
        yield Wanted(key, definition, Asked(options, **common))


def _faults(key: str, entry: dict[str, Any], definition: Definition) -> Iterator[str]:
    kinds = {DEFINITION: STRING, **COMMON, **dict.fromkeys(definition.options, STRING)}
    for name, value in entry.items():
        if name not in kinds:
            yield f"{key}.{name}: {definition.name} has no such option{did_you_mean(name, kinds)}"
        elif not is_of(value, kinds[name]):
            yield f"{key}.{name}: must be {kinds[name]}"
