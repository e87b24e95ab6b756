"""A file that sets places: read, with every fault of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernelkit.catalogue import did_you_mean
from kernelkit.errors import DefinitionError
from kernelkit.provisioners.amounts import COUNT, MEMORY, TIME
from kernelkit.provisioners.places import PLACES

KEYS: dict[str, type] = {
    "defaults": dict, "limits": dict, "partitions": list, "accounts": list, "options": list, "environment": list,
    "folder": str, "programs": str, "network": str, "ports": str, "encryption": str, "grace": int, "queue_limit": int,
}  # fmt: skip
ENCRYPTION = ("auto", "required", "disabled")
LIMITED = {"cpus": COUNT, "memory": MEMORY, "time": TIME, "gpus": COUNT}
PORTS = re.compile(r"([1-9][0-9]{3,4})-([1-9][0-9]{3,4})")
FEWEST = 5  # ports that a kernel needs


def table(file: Path, place: str) -> dict[str, Any]:
    """What a file says of a place; nothing where there is no file. Raises DefinitionError with every fault."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DefinitionError([f"{file}: cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise DefinitionError([f"{file}: not valid TOML: {error}"]) from error
    entry = tables.get(place, {})
    faults = [*_unknown(tables), *_faults(place, entry)]
    if faults:
        raise DefinitionError([f"{file}: {fault}" for fault in faults])
    found: dict[str, Any] = entry
    return found


def _unknown(tables: Mapping[str, Any]) -> Iterator[str]:
    for name in tables:
        if name not in PLACES:
            yield f"{name}: no such place{did_you_mean(name, PLACES)}"


def _faults(place: str, entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{place}: must be a table"
        return
    for key, value in entry.items():
        if key not in KEYS:
            yield f"{place}.{key}: unknown key{did_you_mean(key, KEYS)}"
        elif not isinstance(value, KEYS[key]) or isinstance(value, bool):
            yield f"{place}.{key}: must be a {KEYS[key].__name__}"
    if entry.get("encryption", "auto") not in ENCRYPTION:
        yield f"{place}.encryption: must be one of {', '.join(ENCRYPTION)}"
    yield from (f"{place}.{fault}" for fault in _odd_values(entry))


def _odd_values(entry: Mapping[str, Any]) -> Iterator[str]:
    for key in ("grace", "queue_limit"):
        if isinstance(entry.get(key), int) and entry[key] < 1:
            yield f"{key}: must be a number of seconds above 0"
    if entry.get("ports") and not _is_range(str(entry["ports"])):
        yield "ports: must be a range such as 50000-50999"
    limits = entry.get("limits")
    for key, value in limits.items() if isinstance(limits, dict) else ():
        if not re.fullmatch(LIMITED.get(key, "(?!)"), str(value)):
            yield f"limits.{key}: limits are numbers, memories or times for {', '.join(LIMITED)}"


def _is_range(text: str) -> bool:
    found = PORTS.fullmatch(text)
    return found is not None and int(found[1]) + FEWEST <= int(found[2]) + 1 <= 1 << 16
