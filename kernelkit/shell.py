"""Templates of shell text: what is interpolated is quoted by the environment, never by the author.

``{{ value }}`` becomes one quoted word, a list one quoted word per item. The only ways around that are
visible: ``{{ text | raw }}`` for shell text made by another template, ``{{ text | comment }}`` inside a comment.
An interpolation that stands inside quotes of the template's own would be quoted twice, and one in a comment
could end it, so both are refused when the template is loaded. A comment of the template's own stands between
``{--`` and ``--}``, since ``{#`` is a common word of bash.
"""

from __future__ import annotations

import re
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateSyntaxError
from jinja2.lexer import TOKEN_DATA, TOKEN_VARIABLE_BEGIN, TOKEN_VARIABLE_END

# As shlex.quote has it, but for the equals sign: at a word's beginning it looks like a mistake to shellcheck.
PLAIN = re.compile(r"[\w@%+:,./-]+", re.ASCII)


class Raw(str):
    """Shell text that is interpolated as it is."""

    __slots__ = ()


def quote(value: Any) -> str:
    """One value as one shell word, a list as one word per item; shell text marked Raw is kept."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, list | tuple):
        return " ".join(quote(item) for item in value)
    if isinstance(value, bool):
        return "1" if value else ""
    text = str(value)
    return text if PLAIN.fullmatch(text) else "'" + text.replace("'", "'\"'\"'") + "'"


def comment(value: Any) -> Raw:
    """A value inside a comment: printable and on one line."""
    return Raw("".join(c if c.isprintable() else "?" for c in str(value)))


class ShellEnvironment(Environment):
    """A Jinja environment whose interpolations are shell words."""

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader, undefined=StrictUndefined, finalize=quote, keep_trailing_newline=True,
            trim_blocks=True, lstrip_blocks=True, comment_start_string="{--", comment_end_string="--}",
        )  # fmt: skip
        self.filters["raw"] = Raw
        self.filters["comment"] = comment

    def _parse(self, source: str, name: str | None, filename: str | None) -> Any:
        self._refuse_quoted_interpolation(source, name, filename)
        return super()._parse(source, name, filename)

    def _refuse_quoted_interpolation(self, source: str, name: str | None, filename: str | None) -> None:
        state, words = "", ""
        for line, token, text in self.lexer.tokeniter(source, name, filename):
            if token == TOKEN_DATA:
                state = _quoting_after(text, state)
            elif token == TOKEN_VARIABLE_BEGIN:
                words = ""
            elif token == TOKEN_VARIABLE_END:
                marked = words.endswith("comment") if state == "#" else False
                if state and not marked:
                    raise TemplateSyntaxError(f"an interpolation stands inside {state} ... ", line, name, filename)
            else:
                words += text.strip()


def _quoting_after(text: str, state: str) -> str:
    """The quoting that is open (``'``, ``"``, ``#`` or none) after ``text``, when ``state`` was before."""
    escaped, previous = False, " "
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and state not in ("'", "#"):
            escaped = True
        elif state == "#":
            state = "" if character == "\n" else state
        elif state:
            state = "" if character == state else state
        elif character in "'\"" or (character == "#" and previous.isspace()):
            state = character
        previous = character
    return state
