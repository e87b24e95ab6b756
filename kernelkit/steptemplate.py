"""A step template: shell text that begins with a comment which declares, in TOML, what it takes.

{--
summary = "ATLAS software through ALRB"
python = "area"
[parameters.setup]
type = "list"
help = "what lsetup sets up, one entry per tool"
--}
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit.errors import DefinitionError

HEADER = re.compile(r"\A\{--(.*?)--\}\n?", re.DOTALL)
TYPES: dict[str, tuple[type, Any]] = {
    "string": (str, ""),
    "list": (list, []),
    "table": (dict, {}),
    "boolean": (bool, False),
}
PLACES = ("area", "path")


@dataclass(frozen=True)
class Parameter:
    """One argument a step takes: ``kind`` is a key of TYPES; a required one has no default."""

    kind: str
    help: str = ""
    required: bool = False

    def accepts(self, value: Any) -> bool:
        """Whether a TOML value is of this parameter's type; lists and tables hold strings."""
        items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        return isinstance(value, TYPES[self.kind][0]) and all(isinstance(item, str) for item in items)


@dataclass(frozen=True)
class StepTemplate:
    """The file of a step and what its header declares.

    ``python`` says where the Python of its software lies: in the software ``area``, or in any folder that the steps
    put on the ``path``, for software that has no area.
    """

    file: Path
    summary: str
    parameters: Mapping[str, Parameter]
    python: str = "area"

    def defaults(self) -> dict[str, Any]:
        """The value of each parameter that a definition leaves out."""
        return {name: TYPES[parameter.kind][1] for name, parameter in self.parameters.items()}


def load(file: Path) -> StepTemplate:
    """Read a step template's header. Raises DefinitionError."""
    match = HEADER.match(file.read_text(encoding="utf-8"))
    try:
        header = tomllib.loads(match[1]) if match else {}
        parameters = {_free(name): _parameter(entry) for name, entry in header.get("parameters", {}).items()}
        python = _python(header.get("python", "area"))
    except (tomllib.TOMLDecodeError, TypeError, KeyError, AttributeError) as error:
        raise DefinitionError([f"{file}: the header of this step template is not valid: {error}"]) from error
    return StepTemplate(file, header.get("summary", ""), parameters, python)


def _free(name: str) -> str:
    if name in ("use", "expects"):
        raise TypeError(f"{name!r} is a key of every step, and no parameter's name")
    return name


def _python(where: Any) -> str:
    if where not in PLACES:
        raise TypeError(f"python {where!r} is none of {', '.join(PLACES)}")
    return str(where)


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    if entry["type"] not in TYPES:
        raise TypeError(f"type {entry['type']!r} is none of {', '.join(TYPES)}")
    return Parameter(entry["type"], entry.get("help", ""), entry.get("required", False))
