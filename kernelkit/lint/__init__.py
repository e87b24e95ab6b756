"""What is wrong with a hand-written wrapper, by reading it: no part of it is ever run, and it may hold anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kernelkit.lint import rules, setup_rules
from kernelkit.lint.parsing import parse
from kernelkit.lint.script import Script, filled
from kernelkit.lint.starts import starts
from kernelkit.lint.table import TABLE

LARGEST = 1 << 18  # bytes: far above any real wrapper
RULES: tuple[rules.Rule, ...] = (
    rules.unquoted, rules.joined, rules.lost, rules.evaluated, rules.started, rules.cleared, rules.contained,
    rules.bare, setup_rules.sourced, setup_rules.ignored, setup_rules.strict, setup_rules.aliases, setup_rules.newest,
    setup_rules.variables, setup_rules.homes, setup_rules.processes, setup_rules.output, setup_rules.the_file,
    setup_rules.shells,
)  # fmt: skip
_SHELLS = {"sh", "bash", "dash", "ksh", "zsh", "ash"}


@dataclass(frozen=True, order=True)
class Remark:
    """One thing that is wrong: the line, the id (a key of TABLE), and the words it is about."""

    line: int
    id: str
    about: str = ""


@dataclass(frozen=True)
class Judgement:
    """What is wrong with a script, in the order of its lines, and the files that it needs by their whole paths."""

    remarks: tuple[Remark, ...]
    needs: tuple[tuple[int, str], ...] = ()


NOTHING = Judgement(())


def lint(content: bytes, *, directly: bool = False) -> Judgement:
    """Judge the content of a wrapper; ``directly`` where the file itself is what is started."""
    if len(content) > LARGEST:
        return Judgement((Remark(1, "unreadable", f"larger than {LARGEST >> 10} KiB"),))
    if b"\0" in content:
        return Judgement((Remark(1, "unreadable", "holds NUL characters: no script"),))
    first = re.match(rb"#![^\n]*", content)
    if first and not is_shell(first[0].decode("utf-8", "replace")):
        return Judgement((Remark(1, "other-language", setup_rules.shown_line(first[0].decode("utf-8", "replace"))),))
    script = parse(content)
    about = rules.subject(script, directly=directly)
    found = {Remark(line, id_, text) for rule in RULES for id_, line, text in rule(about)}
    # Behind what was not understood a quote may be taken for another, and everything for what it is not.
    end = script.not_understood or len(content)
    sure = (remark for remark in found if remark.line < end or remark.id == "not-understood")
    return Judgement(tuple(sorted(sure)), tuple(need for need in _needs(script) if need[0] < end))


def is_shell(first_line: str) -> bool:
    """Whether the first line of a file names a shell of the kind that is judged here."""
    words = first_line.removeprefix("#!").split()
    names = [word.rpartition("/")[2] for word in words[:3] if not word.startswith("-")]
    return bool(names) and (names[0] in _SHELLS or (names[0] == "env" and names[-1] in _SHELLS))


def _needs(script: Script) -> list[tuple[int, str]]:
    """The files that are sourced or started by a path that is written there or in variables before."""
    starting = {id(start.command): start.program for start in starts(script)}
    needed: list[tuple[int, str]] = []
    for command, known in script.values():
        if command.around.conditional or command.around.inner:
            continue
        word = starting.get(id(command))
        if command.called in ("source", ".") and command.words and not command.around.checked:
            word = command.words[0]
        path = filled(word, known) if word else None
        if path and path.startswith("/") and not re.search(r"[*?\[{]", path):
            needed.append((command.line, path))
    return needed


__all__ = ["LARGEST", "NOTHING", "TABLE", "Judgement", "Remark", "is_shell", "lint"]
