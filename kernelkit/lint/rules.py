"""The rules: each looks at a script and yields what it finds, as an id, a line and the command that it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kernelkit.lint.script import Script
from kernelkit.lint.starts import Start, starts

Found = tuple[str, int, str]
Rule = Callable[["Subject"], Iterator[Found]]


@dataclass(frozen=True)
class Subject:
    """A script, the commands of it that start the kernel, and whether the file itself is what is started."""

    script: Script
    starts: tuple[Start, ...]
    directly: bool


def subject(script: Script, *, directly: bool) -> Subject:
    """What the rules look at."""
    return Subject(script, tuple(starts(script)), directly)


# ---- Arguments

_NUMBERS_AND_TALK = ("return", "exit", "shift", "echo", "printf", "[", "test")


def unquoted(about: Subject) -> Iterator[Found]:
    """Arguments that the shell splits."""
    script = about.script
    for command in script.commands:
        if command.around.function not in script.receiving or command.called in _NUMBERS_AND_TALK:
            continue
        for word in (command.name, *command.words):
            if any(not e.quoted and (e.positional or e.name in script.argument_variables) for e in word.expansions):
                yield "unquoted-arguments", word.line, word.text


def joined(about: Subject) -> Iterator[Found]:
    """All arguments in one word."""
    for command in about.script.commands:
        for name, word in command.assigned:
            if not word.array and not word.substitution and any(e.name in "@*" for e in word.expansions):
                yield "joined-arguments", word.line, f"{name}={word.text}"
    for start in about.starts:
        for word in start.arguments:
            if any(e.name == "*" and e.quoted for e in word.expansions):
                yield "joined-arguments", word.line, word.text


def lost(about: Subject) -> Iterator[Found]:
    """A kernel that is started with nothing of what the wrapper was given."""
    for start in about.starts:
        expanding = [word for word in (start.program, *start.arguments) if word.expansions or word.substitution]
        handed = any(word is not start.program or about.script.passes_arguments(word) for word in expanding)
        if not handed and not any("{connection_file}" in word.text for word in start.arguments):
            yield "lost-arguments", start.command.line, start.command.text


def evaluated(about: Subject) -> Iterator[Found]:
    """Arguments that eval reads as text."""
    for command in about.script.commands:
        if command.called == "eval" and any(map(about.script.passes_arguments, command.words)):
            yield "eval-arguments", command.line, command.text


# ---- How the kernel is started


def started(about: Subject) -> Iterator[Found]:
    """What stands between Jupyter and the kernel."""
    for start in about.starts:
        around = start.command.around
        place = start.command.line, start.command.text
        if around.piped:
            yield "piped-kernel", *place
        elif around.background:
            yield "background-kernel", *place
        elif start.runner:
            yield "runner", *place
        elif "exec" not in start.prefixes or around.subshell:
            yield "no-exec", *place
        if {"setsid", "nohup"} & set(start.prefixes):
            yield "own-session", *place


def cleared(about: Subject) -> Iterator[Found]:
    """``env -i`` that drops what the kernel polls its server by."""
    for start in about.starts:
        emptied = "env" in start.prefixes and {"-i", "-", "--ignore-environment"} & set(start.prefixes)
        if emptied and "JPY_PARENT_PID" not in start.command.text and "JPY_PARENT_PID" not in about.script.text:
            yield "cleared-environment", start.command.line, start.command.text


def contained(about: Subject) -> Iterator[Found]:
    """A container in which the connection file may be missing."""
    binding = ("-B", "--bind", "-v", "--volume", "--mount", "-b")
    for start in about.starts:
        if start.container and not any(word.text.startswith(binding) for word in start.arguments):
            yield "unbound-container", start.command.line, start.command.text


def bare(about: Subject) -> Iterator[Found]:
    """A Python that the path decides."""
    for start in about.starts:
        name = start.program.literal or ""
        if name.startswith("python") and name.removeprefix("python").replace(".", "").isdecimal() | (name == "python"):
            yield "bare-python", start.command.line, start.command.text
    for command in about.script.commands:
        if command.around.inner and command.called == "which" and command.literals[:1] in (["python"], ["python3"]):
            yield "bare-python", command.line, command.text
