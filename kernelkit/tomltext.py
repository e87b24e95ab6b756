"""Definitions as text: what is written for a user to read and go on with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_JINJA = re.compile(r"\{(?=[{%#])")


def literal(text: str) -> str:
    """A text as a definition's string that is filled in to exactly that."""
    return _JINJA.sub("{{ '{' }}", text)


def comment(text: str) -> str:
    """Lines of a comment, whatever is in the text."""
    lines = ["".join(c if c.isprintable() else "?" for c in line) for line in text.splitlines()]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def pairs(values: Mapping[str, Any]) -> str:
    """``key = value`` lines."""
    return "".join(f"{_key(name)} = {value(item)}\n" for name, item in values.items())


def table(name: str, values: Mapping[str, Any]) -> str:
    """A table with its head; nothing where it is empty."""
    return f"\n[{name}]\n{pairs(values)}" if values else ""


def tables(name: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """An array of tables."""
    return "".join(f"\n[[{name}]]\n{pairs(entry)}" for entry in entries)


def value(item: Any) -> str:
    """A string, truth value, list or table on one line."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
        return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(item, Mapping):
        return "{ " + ", ".join(_entries(item)) + " }" if item else "{}"
    return "[" + ", ".join(value(one) for one in item) + "]"


def _entries(item: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_key(name)} = {value(one)}" for name, one in item.items())


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
