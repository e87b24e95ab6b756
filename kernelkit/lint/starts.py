"""Which commands of a script start the kernel, and through what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kernelkit.lint.script import Command, Script, Word

_KERNEL = re.compile(
    r"ipykernel|irkernel|ijulia|xeus|rootkernel|metakernel|jupyroot|\bx(cpp|python)\b|_kernel\b", re.IGNORECASE
)
_SHELL_FAILS = re.compile(r"\.(sh|bash|csh|env)$")
_RUNNERS = {"conda", "mamba", "micromamba", "hatch", "uv", "poetry", "pixi", "pipenv"}
CONTAINERS = {"singularity", "apptainer", "docker", "podman", "shifter", "podman-hpc"}
_PREFIXES = {"exec", "env", "nohup", "setsid", "nice", "time", "command", "builtin", "eval", "numactl", "stdbuf"}
# What takes arguments without being a kernel.
_OTHERS = {
    "source", ".", "set", "shift", "echo", "printf", "export", "local", "declare", "typeset", "readonly", "test", "[",
    "read", "cd", "mkdir", "cp", "mv", "ln", "rm", "cat", "basename", "dirname", "realpath", "readlink", "sed", "grep",
    "awk", "return", "exit", "trap", "unset", "case", "wait", "kill", "logger", "touch", "chmod", "jq", "getopts",
    "true", "tee", "lsetup", "asetup", "module", "ml", "b2setup", "date", ":", "let", "mapfile", "readarray", "tail",
    "head", "cut", "tr", "sleep", "ls", "which", "type", "hash", "pushd", "popd", "umask", "ulimit", "shopt", "alias",
    "stat",
}  # fmt: skip


@dataclass(frozen=True)
class Start:
    """One command that starts the kernel: the words in front of the program, the program, and its arguments."""

    command: Command
    prefixes: tuple[str, ...]
    program: Word
    arguments: tuple[Word, ...]

    @property
    def runner(self) -> bool:
        """Whether it is started by what finds an environment and stays."""
        return self.program.literal in _RUNNERS and any(word.literal == "run" for word in self.arguments)

    @property
    def container(self) -> bool:
        """Whether it is started in a container."""
        return (self.program.literal or "").rpartition("/")[2] in CONTAINERS


def starts(script: Script) -> list[Start]:
    """The commands that start the kernel; none where no command looks like it."""
    found = [start for command in script.main if (start := _start(script, command))]
    named = [start for start in found if _names_a_kernel(start)]
    # Without a kernel's name: what the arguments are handed to, last.
    alone = [start for start in found if not start.command.around.checked]
    return named or [start for start in found if "exec" in start.prefixes][-1:] or alone[-1:] or found[-1:]


def _start(script: Script, command: Command) -> Start | None:
    words = [command.name, *command.words]
    prefixes = list(_prefixes(words))
    rest = words[len(prefixes) :]
    if not rest or not rest[0].text or (rest[0].literal or "").rpartition("/")[2] in _OTHERS | script.functions:
        return None
    start = Start(command, tuple(word.literal or "" for word in prefixes), rest[0], tuple(rest[1:]))
    hands_on = command.around.function in script.receiving and any(map(script.passes_arguments, rest))
    return start if hands_on or _names_a_kernel(start) else None


def _prefixes(words: list[Word]) -> Iterator[Word]:
    """``exec``, ``env -i A=b`` and the like with their options."""
    inside = False
    for word in words:
        literal = word.literal if word.literal is not None else word.text
        if literal in _PREFIXES or (inside and (literal.startswith("-") or re.match(r'"?[A-Za-z_]\w*=', literal))):
            inside = True
            yield word
        else:
            return


def _names_a_kernel(start: Start) -> bool:
    words = [start.program, *start.arguments]
    return any(_KERNEL.search(word.text) and not _SHELL_FAILS.search(word.text) for word in words)
