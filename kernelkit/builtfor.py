"""The Python that a kernel's software was built for: which it is, and where the software has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from kernelkit import catalogue, steptemplate, texts
from kernelkit.choice import Choice
from kernelkit.errors import SoftwareError
from kernelkit.interpreter import Interpreter, probe
from kernelkit.processes import ProcessError, run
from kernelkit.render import BASE_PATH


def software_python(choice: Choice, environment: Mapping[str, str]) -> str | None:
    """The interpreter of the version the software was built for, else its ``python3``; None where it has neither."""
    names = [*_names(_version(choice, environment)), "python3", "python"]
    folders = list(_folders(choice, environment))
    found = (shutil.which(name, path=folder) for name in names for folder in folders)
    return next((path for path in found if path), None)


def where(choice: Choice, environment: Mapping[str, str]) -> str:
    """Where a Python was looked for, for a message."""
    places = [f"a folder below {root}" for root in _roots(choice)]
    if _brings_its_own(choice):
        added = [folder for folder in environment.get("PATH", "").split(os.pathsep) if _added(folder)]
        places = added or ["the path, to which they add nothing"]
    return " or ".join(places)


def refuse_other(choice: Choice, interpreter: Interpreter, environment: Mapping[str, str]) -> None:
    """A Python that was named must be what the software was built for: its modules load in no other.

    Raises SoftwareError. Where the definition knows no way to ask, nothing is refused.
    """
    built_for = _version(choice, environment)
    if choice.python.value == "auto" or len(built_for) < 2:
        return
    found = [str(number) for number in interpreter.minor]
    if found != built_for[:2]:
        raise _another(interpreter, f"Python {'.'.join(found)}", f"Python {'.'.join(built_for[:2])}")
    own = software_python(choice, environment)
    if own and own != interpreter.path:
        theirs = probe(own, environment)
        if theirs.minor == interpreter.minor and theirs.abi != interpreter.abi:
            raise _another(interpreter, f"of the kind {interpreter.abi}", f"{theirs.abi}, as {own} is")


def _another(interpreter: Interpreter, found: str, wanted: str) -> SoftwareError:
    return SoftwareError(
        f"{interpreter.path} is {found}, and the software was built for {wanted}",
        "Its compiled modules, ROOT's among them, load in no other Python: name another with --python PATH, or none.",
    )


def _version(choice: Choice, environment: Mapping[str, str]) -> list[str]:
    """``2``, ``7``, ``18`` where the definition knows a command that says what the release was built for."""
    command = choice.definition.launch.version_command
    program = command and shutil.which(command[0], path=environment.get("PATH", ""))
    if not program:
        return []
    try:
        version = run([program, *command[1:]], environment=environment, timeout=60).stdout.decode().strip()
    except ProcessError:
        return []
    numbers = version.split(".")
    return numbers if all(number.isdigit() for number in numbers) else []


def _names(version: list[str]) -> list[str]:
    return ["python" + ".".join(version[:2]), "python" + version[0]] if version else []


def _folders(choice: Choice, environment: Mapping[str, str]) -> Iterator[str]:
    """The folders of the path that are the software's."""
    roots, added = _roots(choice), _brings_its_own(choice)
    for folder in environment.get("PATH", "").split(os.pathsep):
        below = any(Path(folder).is_relative_to(root) for root in roots)
        if below or (added and _added(folder)):
            yield folder


def _brings_its_own(choice: Choice) -> bool:
    """Whether the Python may lie in any folder that the steps put on the path."""
    files = (catalogue.step_file(step.use) for step in choice.definition.steps)
    return any(steptemplate.load(file).python == "path" for file in files if file)


def _added(folder: str) -> bool:
    """Whether a folder of the path is none that every kernel has."""
    return folder.startswith("/") and folder.rstrip("/") not in BASE_PATH.split(os.pathsep)


def _roots(choice: Choice) -> list[Path]:
    """The folders that are the software: those of environments that a step names, else the CVMFS root."""
    paths = [step.arguments.get("path", "") for step in choice.definition.steps if step.use == "venv"]
    return [Path(path) for path in filter(None, texts.fill(paths, choice.names))] or [Path(choice.cvmfs.value)]
