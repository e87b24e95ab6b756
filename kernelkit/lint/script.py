"""A shell script as the commands in it, each with what surrounds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_POSITIONAL = re.compile(r"[@*]|[1-9]\d*")


@dataclass(frozen=True)
class Expansion:
    """``$name`` or ``${name...}`` within a word; ``quoted`` where it stands in double quotes."""

    name: str
    quoted: bool

    @property
    def positional(self) -> bool:
        """Whether it is an argument of the script, or all of them."""
        return _POSITIONAL.fullmatch(self.name) is not None


@dataclass(frozen=True)
class Word:
    """One word as it is written; ``literal`` is its value where nothing in it expands."""

    text: str
    line: int
    literal: str | None
    expansions: tuple[Expansion, ...] = ()
    array: bool = False
    substitution: bool = False


@dataclass(frozen=True)
class Surroundings:
    """Where a command stands: in which function, and what becomes of its result, its output and its process."""

    function: str = ""
    inner: bool = False  # in a substitution: its output is a value
    subshell: bool = False
    conditional: bool = False  # in a branch, a loop or a function: it may not be run
    piped: bool = False
    background: bool = False
    checked: bool = False
    redirected: bool = False


@dataclass(frozen=True)
class Command:
    """One simple command, or a declaration such as ``export A=b``; ``assigned`` are its assignments, by name."""

    name: Word
    words: tuple[Word, ...]
    assigned: tuple[tuple[str, Word], ...]
    around: Surroundings
    text: str

    @property
    def line(self) -> int:
        """Where its name stands."""
        return self.name.line

    @property
    def called(self) -> str:
        """Its name where nothing in that expands; empty for an assignment."""
        return self.name.literal or ""

    @property
    def literals(self) -> list[str]:
        """Its arguments, empty where something in one expands."""
        return [word.literal or "" for word in self.words]


@dataclass(frozen=True)
class Script:
    """The commands in the order in which they are written, the names of its functions, and what is bash's alone.

    ``bash_only`` are lines of ``[[`` and arrays; ``not_understood`` is the first line that could not be parsed.
    """

    text: str
    commands: tuple[Command, ...]
    functions: frozenset[str]
    bash_only: tuple[int, ...]
    not_understood: int | None

    @cached_property
    def interpreter(self) -> list[str]:
        """The words of its first line after ``#!``, env(1) left out; none where there is no such line."""
        first = self.text.partition("\n")[0]
        words = first[2:].split() if first.startswith("#!") else []
        return words[1:] if words and words[0].endswith("/env") else words

    @cached_property
    def main(self) -> tuple[Command, ...]:
        """The commands of which the output is not a value."""
        return tuple(command for command in self.commands if not command.around.inner)

    @cached_property
    def receiving(self) -> frozenset[str]:
        """The functions that the script hands its arguments to; the empty name stands for the script itself."""
        calls = [
            command for command in self.commands if command.called in self.functions and not command.around.function
        ]
        return frozenset({"", *(call.called for call in calls if any(map(_positional, call.words)))})

    @cached_property
    def argument_variables(self) -> frozenset[str]:
        """The variables that were made from the script's arguments, one from another."""
        found: set[str] = set()
        for command in self.commands:
            if command.around.function in self.receiving:
                found.update(name for name, word in command.assigned if carries(word, found))
        return frozenset(found)

    def passes_arguments(self, word: Word) -> bool:
        """Whether a word holds arguments of the script."""
        return carries(word, self.argument_variables)

    def values(self) -> Iterator[tuple[Command, dict[str, str]]]:
        """Each command with the variables whose values are known from assignments before it."""
        known: dict[str, str] = {}
        for command in self.commands:
            yield command, known
            for name, word in command.assigned:
                value = filled(word, known)
                if value is None or word.array or command.around.conditional:
                    known.pop(name, None)
                else:
                    known[name] = value


def _positional(word: Word) -> bool:
    return any(expansion.positional for expansion in word.expansions)


def carries(word: Word, variables: frozenset[str] | set[str]) -> bool:
    """Whether a word expands an argument of the script, or one of these variables."""
    return any(expansion.positional or expansion.name in variables for expansion in word.expansions)


def filled(word: Word, known: dict[str, str]) -> str | None:
    """The value of a word in which plain variables expand to what is known of them; None where that is not enough."""
    if word.literal is not None or word.substitution:
        return word.literal
    missing = [expansion for expansion in word.expansions if expansion.name not in known]
    text = re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda match: known.get(match[1] or match[2], "$"), word.text)
    return None if missing or "$" in text or "`" in text else text.replace('"', "").replace("'", "")
