"""The strings of a definition are Jinja templates over its options; undefined names are refused.

``{{ root }}`` is the full value; a release also has ``.version``, ``.flavour``, ``.platform``, and every
option ``.asked``, the text the user or the default asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta, nodes

from kernelkit.catalogue import did_you_mean
from kernelkit.errors import DefinitionError

if TYPE_CHECKING:
    from kernelkit.choice import Pinned

COMMON_NAMES = frozenset({"cvmfs"})
RELEASE_ATTRIBUTES = ("version", "flavour", "platform", "asked")
ATTRIBUTES = ("asked",)

_environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, finalize=str)


def faults(text: str, options: set[str], releases: set[str]) -> Iterator[str]:
    """What is wrong with a string: its syntax, a name that is no option, an attribute that does not exist."""
    try:
        tree = _environment.parse(text)
    except TemplateSyntaxError as error:
        yield f"not a valid template: {error.message}"
        return
    known = options | COMMON_NAMES
    for name in sorted(meta.find_undeclared_variables(tree) - known):
        yield f"{{{{ {name} }}}} is no option{did_you_mean(name, known)}"
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name in options:
            allowed = RELEASE_ATTRIBUTES if node.node.name in releases else ATTRIBUTES
            if node.attr not in allowed:
                yield f"{{{{ {node.node.name}.{node.attr} }}}}: an option has only {', '.join(allowed)} here"


def fill(value: Any, names: Mapping[str, Pinned | str]) -> Any:
    """A string, or every string in a list or table, with its templates filled in."""
    if isinstance(value, str):
        return _fill(value, names)
    if isinstance(value, list | tuple):
        return [fill(item, names) for item in value]
    if isinstance(value, Mapping):
        return {key: fill(item, names) for key, item in value.items()}
    return value


def _fill(text: str, names: Mapping[str, Pinned | str]) -> str:
    if "{" not in text:
        return text
    try:
        return _template(text).render(names)
    except UndefinedError as error:
        raise DefinitionError([f"{text!r}: {error.message}"]) from error


@functools.lru_cache(1024)
def _template(text: str) -> Template:
    return _environment.from_string(text)
