"""A hand-written kernelspec: its kernel.json, and the wrapper or the command that this starts."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kernelkit.errors import DefinitionError
from kernelkit.kernel import SPEC_FILE, WRAPPER_FILE
from kernelkit.kernelspecs import read
from kernelkit.lint import LARGEST, is_shell

SHELLS = ("bash", "sh", "zsh", "dash", "ksh")


@dataclass(frozen=True)
class Handwritten:
    """What was read: ``text`` is shell text from ``file``, which is kernel.json itself where there is no wrapper.

    ``remarks`` say what is odd about where it was found.
    """

    folder: Path
    display_name: str
    language: str
    env: Mapping[str, str]
    argv: tuple[str, ...]
    file: Path
    text: str
    remarks: tuple[str, ...] = field(default=())

    @property
    def wrapper(self) -> Path | None:
        """The wrapper's file, where there is one."""
        return None if self.file.name == SPEC_FILE else self.file


def find(folder: Path) -> Handwritten:
    """Read a kernelspec's folder; nothing in it is run. Raises DefinitionError where nothing can be made of it."""
    spec = read(folder.name, folder.absolute())
    document = spec.document
    argv = document.get("argv") if document else None
    if document is None or not isinstance(argv, list) or not argv or not all(isinstance(word, str) for word in argv):
        raise DefinitionError([f"{folder / SPEC_FILE}: {spec.fault or 'argv is no list of strings'}"])
    words = tuple(word.replace("{resource_dir}", str(folder.absolute())) for word in argv)
    file, text, remarks = _script(folder.absolute(), words)
    env = document.get("env")
    return Handwritten(
        folder.absolute(), str(document.get("display_name", folder.name)), str(document.get("language", "python")),
        {str(name): str(value) for name, value in env.items()} if isinstance(env, dict) else {}, words, file, text,
        tuple(remarks),
    )  # fmt: skip


def _script(folder: Path, argv: tuple[str, ...]) -> tuple[Path, str, list[str]]:
    """The shell text that is started: a wrapper's, that after ``bash -c``, or the command itself."""
    spec, program = folder / SPEC_FILE, Path(argv[0])
    if program.name in SHELLS:
        options = [word for word in argv[1:] if word.startswith("-")]
        rest = [word for word in argv[1:] if not word.startswith("-")]
        command = next((word for word in options if word[1:2] != "-" and "c" in word), None)
        if command and rest:
            login = [f"{spec}: a login shell ({command}) reads everybody's profile first"] * ("l" in command)
            return spec, rest[0], login
        if rest:
            return _wrapper(folder, Path(rest[0]))
    if program.suffix in (".sh", ".bash") or _is_script(program):
        return _wrapper(folder, program)
    return spec, shlex.join(argv), []


def _wrapper(folder: Path, named: Path) -> tuple[Path, str, list[str]]:
    beside = folder / WRAPPER_FILE
    if named.parent == folder or not beside.is_file():
        return named, _text(named), []
    state = "which is another file" if named.is_file() else "which does not exist"
    return beside, _text(beside), [f"{folder / SPEC_FILE}: argv names {named}, {state}; {beside} was read instead"]


def _is_script(program: Path) -> bool:
    """Whether a file begins as a shell script does."""
    try:
        with program.open("rb") as stream:
            first = stream.read(200).partition(b"\n")[0]
    except OSError:
        return False
    return first.startswith(b"#!") and is_shell(first.decode("utf-8", "replace"))


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()[: LARGEST + 1]
        if len(content) > LARGEST or b"\0" in content:
            raise DefinitionError([f"{file}: is no wrapper: {'too large' if len(content) > LARGEST else 'binary'}"])
        return content.decode()
    except OSError as error:
        raise DefinitionError([f"{file}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError([f"{file}: cannot be read: it is not UTF-8"]) from error
