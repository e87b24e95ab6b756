"""The environment that a hand-written wrapper makes, beside the one that the definition made of it makes.

The wrapper is run, up to the command that would become the kernel, in the base that kernelkit's own steps see.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kernelkit.adopt.handwritten import Handwritten
from kernelkit.adopt.recognise import Recognised
from kernelkit.choice import Choice
from kernelkit.errors import SoftwareError
from kernelkit.processes import ProcessError, run
from kernelkit.render import BASE, BASE_PATH
from kernelkit.settle import STEPS_TIMEOUT, environment_after_steps, find_python

ASIDE = {"_", "SHLVL", "PWD", "OLDPWD", "TERM", "KERNELKIT_SNAPSHOT"}  # the shell's own, and a word to our wrapper
# Instead of becoming the kernel, the environment is written down. A function wins over a command, exec included.
PRELUDE = """\
kernelkit_write() { /usr/bin/env -0 >%(out)s; builtin exit 0; }
function exec { if [[ $# -gt 0 ]]; then kernelkit_write; fi; }
function %(program)s { kernelkit_write; }
source %(file)s "$@"
"""


class NotComparedError(Exception):
    """The two cannot be compared here; the text says why."""


@dataclass(frozen=True)
class Comparison:
    """How many variables are the same, and each that is not, in words."""

    same: int
    differences: tuple[str, ...]


def compare(hand: Handwritten, recognised: Recognised, choice: Choice) -> Comparison:
    """Run both. Raises NotComparedError where one of them cannot be run on this machine."""
    seen = [*BASE, *choice.definition.base]
    base = {name: os.environ[name] for name in seen if name in os.environ} | {"PATH": BASE_PATH}
    before = _environment_of(hand, recognised, base)
    try:
        after = environment_after_steps(choice, say=lambda _: None, incoming=base)
        python = find_python(choice, after)
    except SoftwareError as error:
        raise NotComparedError(error.problem) from error
    names = {name for name in before.keys() | after.keys() if _plain(name, before) != _plain(name, after)} - ASIDE
    if names:
        again = _environment_of(hand, recognised, base)
        names -= {name for name in names if before.get(name) != again.get(name)}  # different each time
    told = [_told(name, before.get(name), after.get(name)) for name in sorted(names)]
    started = shutil.which(recognised.start.program.literal or "", path=before.get("PATH"))
    if started and os.path.realpath(started) != os.path.realpath(python):
        told.append(f"the interpreter is {python} and was {started}")
    return Comparison(len((before.keys() & after.keys()) - names - ASIDE), tuple(told))


def _environment_of(hand: Handwritten, recognised: Recognised, base: Mapping[str, str]) -> dict[str, str]:
    program = recognised.start.program.text
    if not program or "$" in program or "`" in program:
        program = "kernelkit_nothing"
    with tempfile.TemporaryDirectory(prefix="kernelkit-adopt-") as folder:
        file, out = hand.wrapper or Path(folder, "command.sh"), Path(folder, "environment")
        if not hand.wrapper:
            file.write_text(hand.text + "\n", encoding="utf-8")
        script = PRELUDE % {"out": shlex.quote(str(out)), "program": program, "file": shlex.quote(str(file))}
        argv = ["/bin/bash", "-c", script, str(file), "-f", f"{folder}/connection.json"]
        try:
            run(argv, environment={**base, **_own(hand.env, base)}, folder=Path(folder), timeout=STEPS_TIMEOUT)
        except ProcessError as error:
            raise NotComparedError(f"{hand.file} fails here: {error.last_words or error}") from error
        if not out.is_file():
            raise NotComparedError(f"{hand.file} ends without starting a kernel here")
        entries = os.fsdecode(out.read_bytes()).split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def _own(env: Mapping[str, str], base: Mapping[str, str]) -> dict[str, str]:
    """kernel.json's env as jupyter_client fills it in."""
    from string import Template

    return {name: Template(value).safe_substitute(base) for name, value in env.items()}


def _plain(name: str, environment: Mapping[str, str]) -> str | None:
    """A value; of a path, without the empty entries that mean the current folder."""
    value = environment.get(name)
    return ":".join(part for part in value.split(":") if part) if value and name.endswith("PATH") else value


def _told(name: str, before: str | None, after: str | None) -> str:
    if before is None:
        return f"{name} is set, to {_short(after)}, and was not before"
    if after is None:
        return f"{name} is not set, and was {_short(before)}"
    return f"{name} is {_short(after)} and was {_short(before)}"


def _short(value: str | None) -> str:
    text = "".join(c if c.isprintable() else "?" for c in value or "")
    return repr(text if len(text) <= 300 else text[:299] + "…")
