"""Assignments as what the ``env`` step can do: a value, something in front or behind, a place below the home."""

from __future__ import annotations

import re

from kernelkit.adopt.findings import Findings, text_of, whole
from kernelkit.lint.script import Command, Word

HOME = re.compile(r"(?:\$HOME|\$\{HOME\}|~)/([^$`]+)")
IMPLIED = {  # what a step sets itself
    "ATLAS_LOCAL_ROOT_BASE": "/atlas.cern.ch/repo/ATLASLocalRootBase", "BELLE2_NO_TOOLS_CHECK": "",
}  # fmt: skip
EXPORTED = re.compile(r"PATH|\w+PATH|LANG|LC_\w+|PYTHON\w+")  # exported in any shell that has them


def exported(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``export A=b``, ``export A`` and ``declare -x A=b``."""
    for name, word in command.assigned:
        assign(found, command, name, word, known)
    for word in command.words:
        name = word.literal or ""
        if re.fullmatch(r"[A-Za-z_]\w*", name) and not any(name == other for other, _ in command.assigned):
            if name in known:
                found.set(name, known[name])
            elif name not in IMPLIED and not EXPORTED.fullmatch(name):
                found.lose(command, f"the value of {name} cannot be known from the script")


def assigned(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``A=b`` alone: it reaches the kernel where the variable was exported by whoever started the shell."""
    for name, word in command.assigned:
        if EXPORTED.fullmatch(name):
            assign(found, command, name, word, known)


def unset(found: Findings, command: Command, _: dict[str, str]) -> None:
    """``unset A B``: what a server leaks is dropped anyway."""
    for word in command.words:
        if word.literal and not word.literal.startswith("-"):
            found.unset(word.literal)


def assign(found: Findings, command: Command, name: str, word: Word, known: dict[str, str]) -> None:
    """One variable becomes what the word says."""
    value = whole(word, known)
    if name in IMPLIED:
        end = IMPLIED[name]
        if end and value and value.endswith(end):
            found.cvmfs = value.removesuffix(end)
        return
    if value is not None:
        found.set(name, value)
        return
    text = text_of(word, {other: item for other, item in known.items() if other != name})
    place = HOME.fullmatch(text)
    if place:
        found.below_home(name, place[1])
        return
    parts = joined(name, text)
    if parts and not word.substitution:
        found.join(name, *parts)
    else:
        found.lose(command, f"the value of {name} cannot be known from the script")


def joined(name: str, text: str) -> tuple[str, str] | None:
    """What stands in front of the variable's own value and behind it: ``/a:$PATH`` or ``/a${PATH:+:$PATH}``."""
    own = rf"(?:\$\{{{name}(?::?[-+][^}}]*)?\}}|\${name}(?!\w))"
    match = re.fullmatch(rf"([^$`]*?):?{own}(?::([^$`]*))?", text)
    return (match[1].rstrip(":"), (match[2] or "").strip(":")) if match else None
