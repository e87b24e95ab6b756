"""From a TOML file to a Definition: every fault is found before anything is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kernelkit import catalogue, fingerprint, steptemplate, texts
from kernelkit.catalogue import did_you_mean
from kernelkit.definition import (
    MODULE,
    NAME,
    OPTION_NAME,
    VARIABLE_NAME,
    Check,
    Definition,
    Expects,
    Launch,
    Option,
    ReleaseSource,
    Step,
)
from kernelkit.errors import DefinitionError
from kernelkit.extending import merged
from kernelkit.reserved import RESERVED_OPTIONS
from kernelkit.schema import CHECK, EXPECTS, LAUNCH, OPTION, RELEASES, TOP, faults_of_table

STEP_KEYS = ("use", "expects", "when")
SOURCE_KEYS = {"alrb": ("tool",), "basf2": (), "lcg": (), "directory": ("path",)}


def load(name: str) -> Definition:
    """The definition of that name on the search path. Raises DefinitionError."""
    return read(catalogue.definition_file(name))


def read(path: Path) -> Definition:
    """Read a definition file and the ones it extends. Raises DefinitionError with every fault."""
    table, sources = merged(path)
    faults = [f"{path}: {fault}" for fault in _faults(path, table)]
    if faults:
        raise DefinitionError(faults)
    definition = _definition(path, table, sources)
    faults = [f"{path}: {fault}" for fault in _faults_of_strings(definition)]
    if faults:
        raise DefinitionError(faults)
    return definition


def _faults(path: Path, table: dict[str, Any]) -> Iterator[str]:
    name = path.name.removesuffix(catalogue.SUFFIX)
    if not NAME.fullmatch(name):
        yield f"the name {name!r} must be lower case: letters, digits, '.', '_' and '-'"
    yield from faults_of_table("", table, TOP, required=("display_name",))
    for option, entry in _tables(table.get("options"), object):
        yield from _faults_of_option(option, entry)
    for number, entry in enumerate(_list(table.get("steps")), 1):
        yield from _faults_of_step(f"steps[{number}]", entry)
    if isinstance(table.get("launch"), dict):
        yield from faults_of_table("launch", table["launch"], LAUNCH)
        module = table["launch"].get("module", "")
        if isinstance(module, str) and module and not MODULE.fullmatch(module):
            yield f"launch.module: {module!r} is no module's name"
    for number, entry in enumerate(_list(table.get("checks")), 1):
        yield from faults_of_table(f"checks[{number}]", entry, CHECK, required=("name", "code"))
    yield from (f"{name!r} is no variable's name" for name in _variables(table) if not VARIABLE_NAME.fullmatch(name))


def _variables(table: dict[str, Any]) -> Iterator[str]:
    """Every name that will be used as a variable's."""
    yield from (name for name, _ in _tables(table.get("env"), str))
    yield from _list(table.get("base"), str)
    for step in _list(table.get("steps")):
        expects = step.get("expects") if isinstance(step.get("expects"), dict) else {}
        yield from _list(expects.get("variables"), str)
        yield from (name for name, _ in _tables(expects.get("values"), str))


def _tables(value: Any, kind: type = dict) -> list[tuple[str, Any]]:
    return [(k, v) for k, v in value.items() if isinstance(v, kind)] if isinstance(value, dict) else []


def _list(value: Any, kind: type = dict) -> list[Any]:
    return [item for item in value if isinstance(item, kind)] if isinstance(value, list) else []


def _faults_of_option(name: str, entry: Any) -> Iterator[str]:
    key = f"options.{name}"
    if not OPTION_NAME.fullmatch(name):
        yield f"{key}: an option's name is lower case: letters, digits and '_'"
    if name in RESERVED_OPTIONS:
        yield f"{key}: `kernelkit install` has an option of that name already; call it otherwise"
    yield from faults_of_table(key, entry, OPTION)
    source = entry.get("releases") if isinstance(entry, dict) else None
    if not isinstance(source, dict):
        return
    yield from faults_of_table(f"{key}.releases", source, RELEASES, required=("from",))
    kind = source.get("from")
    if isinstance(kind, str) and kind not in SOURCE_KEYS:
        yield f"{key}.releases.from: {kind!r} is none of {', '.join(SOURCE_KEYS)}{did_you_mean(kind, SOURCE_KEYS)}"
    for needed in SOURCE_KEYS.get(str(kind), ()):
        if needed not in source:
            yield f"{key}.releases: {kind!r} needs {needed!r} too"


def _faults_of_step(key: str, entry: dict[str, Any]) -> Iterator[str]:
    use = entry.get("use")
    if not isinstance(use, str):
        yield f"{key}: 'use' must name a step template"
        return
    file = catalogue.step_file(use)
    if file is None:
        yield f"{key}.use: there is no step {use!r}{did_you_mean(use, catalogue.step_names())}"
        return
    yield from faults_of_table(f"{key}.expects", entry.get("expects", {}), EXPECTS)
    parameters = steptemplate.load(file).parameters
    if not isinstance(entry.get("when", ""), str):
        yield f"{key}.when: must be a string"
    for name in (name for name in entry if name not in STEP_KEYS):
        if name not in parameters:
            yield f"{key}.{name}: the step {use!r} takes no such argument{did_you_mean(name, parameters)}"
        elif not parameters[name].accepts(entry[name]):
            yield f"{key}.{name}: must be a {parameters[name].kind}" + " of strings" * (parameters[name].kind == "list")
    yield from (f"{key}: {use!r} needs {n!r}" for n, p in parameters.items() if p.required and n not in entry)


def _faults_of_strings(definition: Definition) -> Iterator[str]:
    releases = {name for name, option in definition.options.items() if option.releases}
    for key, text in definition.strings():
        yield from (f"{key}: {fault}" for fault in texts.faults(text, set(definition.options), releases))


def _definition(path: Path, table: dict[str, Any], sources: tuple[Path, ...]) -> Definition:
    plain = {
        key: table[key]
        for key in ("summary", "tried", "language", "user_site", "in_notebook_folder", "snapshot", "user_hook")
        if key in table
    }
    return Definition(
        name=path.name.removesuffix(catalogue.SUFFIX), path=path, sources=sources, display_name=table["display_name"],
        options={name: _option(name, entry) for name, entry in table.get("options", {}).items()},
        steps=tuple(_step(entry) for entry in table.get("steps", ())),
        launch=_launch(table.get("launch", {})),
        checks=tuple(Check(**entry) for entry in table.get("checks", ())),
        env=table.get("env", {}), base=tuple(table.get("base", ())), **plain,
        digest=fingerprint.definition_digest(path),
    )  # fmt: skip


def _option(name: str, entry: dict[str, Any]) -> Option:
    source = entry.get("releases")
    releases = source and ReleaseSource(source["from"], source.get("tool", ""), source.get("path", ""))
    return Option(name, entry.get("help", ""), entry.get("default"), releases, entry.get("path", False))


def _step(entry: dict[str, Any]) -> Step:
    expects = entry.get("expects", {})
    held = Expects(tuple(expects.get("variables", ())), tuple(expects.get("commands", ())), expects.get("values", {}))
    arguments = {name: value for name, value in entry.items() if name not in STEP_KEYS}
    return Step(entry["use"], arguments, held, entry.get("when"))


def _launch(entry: dict[str, Any]) -> Launch:
    command = tuple(entry.get("version_command", ()))
    return Launch(entry.get("python", "auto"), command, entry.get("ipykernel", "auto"), entry.get("module", ""))
