"""In words, what an installed kernel was made from that is otherwise today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kernelkit import __version__

SETTINGS = ("interpreter", "ipykernel")
SHOWN = 5  # packages of which it is said what became of them


def of_origins(made: Mapping[str, Any], origin: Mapping[str, Any], fallback: str) -> list[str]:
    """What differs between a kernel's record and what it would be made from now, the nearest cause first.

    ``fallback`` is the Python that kernelkit runs in.
    """
    of_it = (_of_asked, _of_choice, _of_definition, _of_lists)
    return [*(text for look in of_it for text in look(made, origin)), *_of_us(made, fallback)]


def of_records(made: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The same between two records, the software that the steps lead to included."""
    found = of_origins(made, new, str(new.get("fallback", "")))
    for key in SETTINGS:
        before, after = _text(made.get(key)), _text(new.get(key))
        if before != after:
            found.append(f"{key}: {before or 'none'} -> {after or 'none'}")
    return [*found, *_of_packages(made, new)]


def _of_packages(made: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What became of the packages in the environments that kernelkit made."""
    before, after = _packages(made), _packages(new)
    moved = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    for name in moved[:SHOWN]:
        yield f"{name}: {before.get(name, 'none')} -> {after.get(name, 'none')}"
    if len(moved) > SHOWN:
        yield f"and {len(moved) - SHOWN} more packages"


def _packages(made: Mapping[str, Any]) -> dict[str, str]:
    environments = [entry for entry in made.get("environments") or [] if isinstance(entry, Mapping)]
    lines = [line.partition("==") for entry in environments for line in entry.get("lock", [])]
    return {name: version for name, _, version in lines}


def _of_asked(made: Mapping[str, Any], origin: Mapping[str, Any]) -> Iterator[str]:
    before, after = made.get("asked", {}), origin["asked"]
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"{name}: {before.get(name, 'not given')} -> {after.get(name, 'not given')}"


def _of_choice(made: Mapping[str, Any], origin: Mapping[str, Any]) -> Iterator[str]:
    """Releases that moved under the word that was asked for."""
    for name, pin in origin["choice"].items():
        before = made["choice"].get(name, {})
        if before.get("value") != pin["value"] and before.get("asked") == pin.get("asked"):
            word = f" ({pin['asked']})" if pin.get("asked") else ""
            yield f"{name}{word}: {before.get('value', 'none')} -> {pin['value']}"


def _of_definition(made: Mapping[str, Any], origin: Mapping[str, Any]) -> Iterator[str]:
    before, after = made["definition"], origin["definition"]
    if before.get("name") != after["name"]:
        yield f"definition: {before.get('name')} -> {after['name']}"
    elif before.get("file") != after.get("file"):
        yield "its definition lies elsewhere"
    elif before.get("digest") != after["digest"] and made.get("version") == __version__:
        yield "its definition or a template has changed"
    elif before.get("digest") != after["digest"]:
        yield "its definition or kernelkit's templates have changed"


def _of_lists(made: Mapping[str, Any], origin: Mapping[str, Any]) -> Iterator[str]:
    """Files that list packages and have changed."""
    before = made.get("lists", {})
    for file, digest in origin.get("lists", {}).items():
        if file in before and before[file] != digest:
            yield f"{file} has changed"


def _of_us(made: Mapping[str, Any], fallback: str) -> Iterator[str]:
    if made.get("version") != __version__:
        yield f"kernelkit: {made.get('version')} -> {__version__}"
    if made.get("fallback", "") not in ("", fallback):
        yield f"kernelkit's Python: {made['fallback']} -> {fallback}"


def _text(value: Any) -> str:
    """An entry of a record on one line."""
    if isinstance(value, Mapping):
        if "path" in value:
            return f"{value['path']} ({'.'.join(map(str, value.get('version', ())))})"
        return " in ".join(str(value[key]) for key in ("version", "overlay") if value.get(key))
    return ", ".join(map(str, value)) if isinstance(value, list) else ""
