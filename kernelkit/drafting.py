"""A definition to begin with: commented, and installable as it is."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from kernelkit import catalogue
from kernelkit.definition import NAME
from kernelkit.discovery import from_shell
from kernelkit.errors import RefusedError, UsageError
from kernelkit.storage import write_new
from kernelkit.tomltext import literal, pairs, value

HEAD = """\
# The kernel {name}. `kernelkit install {name}` installs it, `kernelkit test {name}` proves that it works.
# A string may hold {{{{ option }}}}, the value of an option below. All keys: docs/definitions.md of kernelkit.

display_name = {display_name}
summary = "What a launcher's reader should know"

# What a user may choose becomes a flag. Here --release, from the folders below /opt/{name}:
# [options.release]
# help = "which release"
# releases = {{ from = "directory", path = "/opt/{name}" }}
# default = "newest"
"""
OTHERS = """
# Further steps run in order. What must hold after each is worth more than a script's exit code:
# [[steps]]
# use = "script"
# path = "/opt/{name}/{{{{ release }}}}/setup.sh"
# expects = {{ variables = ["SOFTWARE_DIR"], commands = ["a-command"] }}
"""
CHECK = """
# What `kernelkit test` runs in the kernel, and what it must print.
[[checks]]
name = "the interpreter answers"
code = "print(6 * 7)"
prints = "42"
"""


def write(name: str, file: Path | None, environment: Mapping[str, str]) -> Path:
    """Write the draft of a definition where the user's own lie, or to ``file``, whole or not at all.

    A folder in its place holds the file. Raises UsageError, RefusedError.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a definition's name: lower case letters, digits, '.', '_' and '-' only")
    target = _given(name, file) if file else _users(name)
    content = text(name, environment).encode()
    _refuse_bytes(str(target), "Name another file.")
    try:
        write_new(target, content)
    except FileExistsError as error:
        raise RefusedError(f"{target} exists already", "Remove it, or name another file with -o.") from error
    return target


def _given(name: str, file: Path) -> Path:
    """The file that was named; a definition has no other name than its file's. Raises UsageError."""
    whole = name + catalogue.SUFFIX
    target = file / whole if file.is_dir() else file
    if target.name != whole:
        raise UsageError(
            f"{file}: a definition is called as its file is, and {name} is wanted: {whole}",
            f"Give -o {shlex.quote(str(target.with_name(whole)))}, or another NAME.",
        )
    return target


def _users(name: str) -> Path:
    """Where the user's own definitions lie. Raises RefusedError for a name that would hide another's."""
    there = catalogue.definition_files().get(name)
    if there:
        raise RefusedError(f"a definition is called {name} already: {there}", f"Build on it: extends = {value(name)}")
    return catalogue.users_folder() / (name + catalogue.SUFFIX)


def _refuse_bytes(text: str, advice: str) -> None:
    """Raises UsageError for what no definition can hold: bytes of a path that are no characters."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{text!r} is not UTF-8, and a definition is", advice) from error


def text(name: str, environment: Mapping[str, str]) -> str:
    """The draft: what this shell has active becomes its first step, or its Python the interpreter."""
    step = from_shell(environment)
    made = f"\n# What this shell has active.\n[[steps]]\n{pairs(_literal(step))}" if step else ""
    launch = "" if step else f"\n[launch]\n{pairs({'python': literal(_python(environment))})}"
    head = HEAD.format(name=name, display_name=value(literal(name)))
    return head + made + OTHERS.format(name=name) + launch + CHECK


def _literal(step: Mapping[str, object]) -> dict[str, object]:
    for item in step.values():
        for word in item if isinstance(item, list) else [item]:
            _refuse_bytes(str(word), "Give the folder another name, or activate another environment.")
    return {key: literal(item) if isinstance(item, str) else item for key, item in step.items()}


def _python(environment: Mapping[str, str]) -> str:
    """The Python that this shell finds. Raises UsageError where there is none."""
    found = shutil.which("python3", path=environment.get("PATH"))
    if not found:
        raise UsageError("there is no python3 on the path", "Activate the environment that the kernel is for.")
    _refuse_bytes(found, "Activate the environment that the kernel is for.")
    return str(Path(found).absolute())
