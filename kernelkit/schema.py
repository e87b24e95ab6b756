"""The keys a definition file may hold, and of which type each is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernelkit.catalogue import did_you_mean

STRING, BOOLEAN, TABLE, STRINGS, TABLES, STRING_TABLE = (
    "a string", "true or false", "a table", "a list of strings", "a list of tables", "a table of strings",
)  # fmt: skip

TOP = {
    "display_name": STRING, "summary": STRING, "tried": STRING, "language": STRING, "extends": STRING, "options": TABLE,
    "steps": TABLES, "launch": TABLE, "checks": TABLES, "env": STRING_TABLE, "base": STRINGS,
    "user_site": BOOLEAN, "in_notebook_folder": BOOLEAN, "snapshot": BOOLEAN,
    "user_hook": BOOLEAN,
}  # fmt: skip
OPTION = {"help": STRING, "default": STRING, "releases": TABLE, "path": BOOLEAN}
RELEASES = {"from": STRING, "tool": STRING, "path": STRING}
EXPECTS = {"variables": STRINGS, "commands": STRINGS, "values": STRING_TABLE}
LAUNCH = {"python": STRING, "version_command": STRINGS, "ipykernel": STRING, "module": STRING}
CHECK = {"name": STRING, "code": STRING, "prints": STRING}


def is_of(value: Any, kind: str) -> bool:
    """Whether a TOML value is of the kind that a schema names."""
    if kind in (STRINGS, TABLES):
        inner: type = str if kind == STRINGS else dict
        return isinstance(value, list) and all(isinstance(item, inner) for item in value)
    if kind == STRING_TABLE:
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return isinstance(value, {STRING: str, BOOLEAN: bool, TABLE: dict}[kind])


def faults_of_table(key: str, value: Any, schema: Mapping[str, str], required: Sequence[str] = ()) -> Iterator[str]:
    """What is wrong with a table: unknown keys with the nearest known one, wrong types, NULs, missing keys."""
    if not isinstance(value, dict):
        yield f"{key}: must be a table"
        return
    prefix = f"{key}." if key else ""
    for name, item in value.items():
        if name not in schema:
            yield f"{prefix}{name}: unknown key{did_you_mean(name, schema)}"
        elif not is_of(item, schema[name]):
            yield f"{prefix}{name}: must be {schema[name]}"
        elif isinstance(item, str) and "\0" in item:
            yield f"{prefix}{name}: holds a NUL character, which no environment can carry"
    yield from (f"{key or 'the file'}: {name!r} is missing" for name in required if name not in value)
