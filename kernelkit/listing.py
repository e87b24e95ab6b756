"""What is installed here, judged: ok, edited, outdated, broken or shadowed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kernelkit import catalogue
from kernelkit.catalogue import did_you_mean
from kernelkit.errors import DefinitionError, KernelkitError, UsageError
from kernelkit.kernel import SPEC_FILE
from kernelkit.kernelspecs import Kernelspec, find_all, find_all_for, read
from kernelkit.seal import edited_files, record


class NoKernelsError(KernelkitError):
    """There is nothing to test."""

    exit_code = 1


def rows(server: Path | None = None) -> list[dict[str, Any]]:
    """Every kernelspec as a row of plain values, in Jupyter's order. Raises SoftwareError for a bad server."""
    return [_row(spec) for spec in (find_all_for(server) if server else find_all())]


def found(name: str) -> Kernelspec:
    """The kernelspec that Jupyter finds under a name. Raises UsageError with the nearest names."""
    specs = [spec for spec in find_all() if spec.shadowed_by is None]
    for spec in specs:
        if spec.name == name.lower():
            return spec
    near = did_you_mean(name, [spec.name for spec in specs])
    raise UsageError(f"no kernel is called {name!r}{near}", "`kernelkit list` shows them all.")


def chosen(patterns: Sequence[str], *, allow_none: bool) -> list[Kernelspec]:
    """The kernelspecs that names, patterns or folders select, each once; all where none is given.

    Raises UsageError for one that selects nothing, NoKernelsError where there is no kernel at all.
    """
    specs = [spec for spec in find_all() if spec.shadowed_by is None and not spec.native]
    if not patterns:
        if not specs and not allow_none:
            raise NoKernelsError("there is no kernel here", "`kernelkit definitions` lists what could be installed.")
        return specs
    selected = [_matching(specs, pattern) for pattern in patterns]
    return list({(spec.name, spec.folder): spec for group in selected for spec in group}.values())


def _matching(specs: list[Kernelspec], pattern: str) -> list[Kernelspec]:
    if "/" in pattern:
        return [_in_folder(Path(pattern))]
    matching = [spec for spec in specs if fnmatchcase(spec.name, pattern.lower())]
    return matching or [found(pattern)]


def _in_folder(folder: Path) -> Kernelspec:
    place = folder.resolve()
    if not (place / SPEC_FILE).is_file():
        raise UsageError(f"{folder}: is no kernelspec: there is no {SPEC_FILE} in it", "name a kernelspec's folder")
    return read(place.name.lower(), place)


def state(spec: Kernelspec) -> tuple[str, str]:
    """The state of a kernelspec and why it is in it."""
    return _state(spec, record(spec.document))


def _state(spec: Kernelspec, made: dict[str, Any] | None) -> tuple[str, str]:
    if spec.shadowed_by:
        return "shadowed", f"by {spec.shadowed_by}"
    if spec.fault:
        return "broken", spec.fault
    if not made or spec.document is None:
        return "ok", ""
    try:
        edited = edited_files(spec.path, spec.document)
    except OSError as error:
        return "broken", f"{error.filename}: {error.strerror}"
    if edited:
        return "edited", ", ".join(edited)
    return _age(made)


def _age(made: dict[str, Any]) -> tuple[str, str]:
    definition = made.get("definition", {})
    digest = _digest(definition.get("file"), str(definition.get("name")))
    if digest is None:
        return "ok", ""
    return ("ok", "") if digest == definition.get("digest") else ("outdated", "its definition has changed")


@functools.cache
def _digest(path: str | None, name: str) -> str | None:
    """Today's digest of a definition; None where it is not to be found, which is no fault of the kernel's."""
    from kernelkit import fingerprint

    file = Path(path) if path else catalogue.definition_files().get(name)
    try:
        return fingerprint.definition_digest(file) if file else None
    except (DefinitionError, OSError):
        return None


def _row(spec: Kernelspec) -> dict[str, Any]:
    document = spec.document or {}
    made = record(document)
    judged, why = _state(spec, made)
    choice = {name: pin.get("value") for name, pin in made["choice"].items() if isinstance(pin, dict)} if made else {}
    return {
        "name": spec.name, "display_name": str(document.get("display_name", "")), "path": spec.folder,
        "definition": made["definition"].get("name", "") if made else "", "choice": choice, "state": judged, "why": why,
    }  # fmt: skip
