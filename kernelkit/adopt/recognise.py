"""From shell text to steps: each command is recognised, is of no consequence, or is told as lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kernelkit.adopt import software, variables
from kernelkit.adopt.findings import Findings, Lost, whole
from kernelkit.errors import DefinitionError
from kernelkit.lint.parsing import parse
from kernelkit.lint.script import Command, Script
from kernelkit.lint.starts import Start, starts

COMMANDS: dict[str, Callable[[Findings, Command, dict[str, str]], None]] = {
    "source": software.sourced, ".": software.sourced, "": variables.assigned, "export": variables.exported,
    "declare": variables.exported, "typeset": variables.exported, "unset": variables.unset,
    "setupATLAS": software.setup_atlas, "lsetup": software.lsetup, "localSetupROOT": software.local_setup_root,
    "asetup": software.asetup, "b2setup": software.b2setup, "conda": software.conda, "mamba": software.conda,
    "micromamba": software.conda, "module": software.module, "ml": software.module,
}  # fmt: skip
# What leaves no trace in the kernel's environment, or is done for every kernel anyway.
WITHOUT_TRACE = {
    "echo", "printf", "set", "shopt", "shift", "true", ":", "exit", "return", "test", "[", "trap", "logger", "alias",
    "type", "hash", "command", "which", "local", "read", "date", "getopts", "readonly", "mapfile", "cat", "break",
}  # fmt: skip
ALIKE = re.compile(r"-f|--f=.*|-m|ipykernel(_launcher)?|\{connection_file\}|-u|--ip=\S+|--matplotlib=inline")
PYTHON = re.compile(r"(.*/)?python[0-9.]*")


@dataclass(frozen=True)
class Recognised:
    """The steps that do what the script did, its interpreter, where CVMFS is, and what is lost.

    ``start`` is the command that started the kernel.
    """

    steps: tuple[dict[str, Any], ...]
    python: str
    cvmfs: str | None
    lost: tuple[Lost, ...]
    start: Start


def recognise(text: str, where: str) -> Recognised:
    """Read a script. Raises DefinitionError, naming ``where`` it stands, for one that starts no ipykernel."""
    script = parse(text.encode())
    found_starts = starts(script)
    if not found_starts:
        raise DefinitionError([f"{where}: no command of it starts a kernel"])
    start = found_starts[-1]
    found = Findings()
    if script.not_understood:
        found.lost.append(Lost(script.not_understood, "", "could not be read from here on; `bash -n` may say why"))
    for command, known in script.values():
        if command is start.command:
            _started(found, start, known, where)
            break
        _one(found, script, command, known)
    return Recognised(tuple(found.steps), found.python, found.cvmfs, tuple(found.lost), start)


def _one(found: Findings, script: Script, command: Command, known: dict[str, str]) -> None:
    if command.around.inner or command.called in WITHOUT_TRACE or command.called in script.functions:
        return
    if command.called == "eval" and "hook" in command.text:
        return  # conda's function
    if command.called not in COMMANDS:
        if command.called or command.words:
            found.lose(command, "is no set-up that is known")
        return
    if command.around.conditional or command.around.subshell or command.around.background:
        if command.called or any(variables.EXPORTED.fullmatch(name) for name, _ in command.assigned):
            found.lose(command, "is done only under a condition, or in a process of its own")
        return
    COMMANDS[command.called](found, command, known)


def _started(found: Findings, start: Start, known: dict[str, str], where: str) -> None:
    words = [start.program, *start.arguments]
    texts = [whole(word, known) or word.text for word in words]
    if not any("ipykernel" in text for text in texts):
        raise DefinitionError([f"{where}:{start.command.line}: {start.command.text}: starts no ipykernel"])
    if start.container or start.runner:
        found.lose(start.command, "runs the kernel in a container, or by a program that looks for an environment")
        return
    for prefix in start.prefixes:
        name, equals, value = prefix.partition("=")
        if equals and re.fullmatch(r"[A-Za-z_]\w*", name):
            found.set(name, value)
    program = whole(start.program, known)
    if program is None:
        found.lose(start.command, "which interpreter this is cannot be known from the script")
    elif not PYTHON.fullmatch(program):
        found.lose(start.command, "is no Python interpreter; the environment's own is taken")
    elif program.startswith("/"):
        found.python = program
    extra = [text for text in texts[1:] if not ALIKE.fullmatch(text) and "$" not in text and not text.startswith("{")]
    if extra:
        found.lose(start.command, f"its arguments {' '.join(extra)}")
