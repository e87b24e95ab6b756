"""A definition's TOML, laid over the tables it extends; nothing here judges what the keys mean."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernelkit import catalogue
from kernelkit.errors import DefinitionError


def merged(path: Path) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """The table of a file laid over the tables it extends, and every file read, its own first."""
    table, sources, chain = _parse(path), [path], _parse(path).get("extends")
    while isinstance(chain, str):
        parent = _parent(path, chain, sources)
        below = _parse(parent)
        sources.append(parent)
        chain = below.get("extends")
        table = _lay_over(below, table)
    return table, tuple(sources)


def _parent(path: Path, name: str, sources: list[Path]) -> Path:
    """The file that ``extends = name`` means; a definition may extend the one of its own name that it hides."""
    try:
        parent = next((p for p in _every_file(name) if p not in sources), None) or catalogue.definition_file(name)
    except DefinitionError as error:
        raise DefinitionError([f"{path}: extends: {fault}" for fault in error.faults], error.advice) from error
    if parent in sources:
        circle = " -> ".join(source.name.removesuffix(catalogue.SUFFIX) for source in [*sources, parent])
        raise DefinitionError([f"{path}: extends goes in a circle: {circle}"])
    return parent


def _every_file(name: str) -> Iterator[Path]:
    for folder in catalogue.search_path():
        yield from sorted([*folder.glob(name + catalogue.SUFFIX), *folder.glob(f"*/{name}{catalogue.SUFFIX}")])


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError([f"{path}: not valid TOML: {error}"]) from error
    except OSError as error:
        raise DefinitionError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError([f"{path}: cannot be read: it is not UTF-8"]) from error


def _lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge key by key; anything else above replaces what is below."""
    result = dict(below)
    for key, value in above.items():
        both_tables = isinstance(value, dict) and isinstance(below.get(key), dict)
        result[key] = _lay_over(below[key], value) if both_tables else value
    return result
