"""Virtual environments that kernelkit makes from a list of packages: built once, locked, shared between kernels."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kernelkit import packages, storage
from kernelkit.errors import SoftwareError, UsageError
from kernelkit.interpreter import Interpreter, probe
from kernelkit.processes import ProcessError, run

Say = Callable[[str], None]

RECIPE = 1  # raised when what is made changes: environments made before then stay for the kernels that use them
MARKER = ".kernelkit-complete"
LOCK_FILE = "requirements.lock"
OLDEST = (3, 8)  # of the Pythons whose own venv and pip make a working environment without virtualenv
MAKING = 300.0  # seconds, for the empty environment

# What makes a Python import from elsewhere than the environment it belongs to.
MISLEADING = ("PYTHON", "VIRTUAL_ENV", "CONDA_", "LD_", "PIP_", "__PYVENV")


@dataclass(frozen=True)
class Environment:
    """A virtual environment, its interpreter, and ``name==version`` of everything in it."""

    path: Path
    python: Path
    lock: tuple[str, ...]


def prepare(requirements: Sequence[str], *, python: str, store: Path, say: Say) -> Environment:
    """The environment with these packages and ipykernel, made on ``python`` if there is no sound one in the store.

    Raises UsageError for what is no requirement, SoftwareError where it cannot be had, RefusedError where the
    store may not be written.
    """
    wanted, base, path = _planned(requirements, python, store)
    found = _sound(path)
    if found:
        return found
    with storage.lock(path.with_name(f".{path.name}.lock"), f"the environment {path.name}", say=say):
        return _sound(path) or _make(path, wanted, base, store, say)


def present(requirements: Sequence[str], *, python: str, store: Path) -> Environment | None:
    """The sound environment that ``prepare`` would return without making one. Raises UsageError, SoftwareError."""
    return _sound(_planned(requirements, python, store)[2])


def _planned(requirements: Sequence[str], python: str, store: Path) -> tuple[list[Requirement], Interpreter, Path]:
    """What is wanted, the Python it is for, and where it lies."""
    wanted = _checked(requirements)
    base = probe(python, _surroundings())
    if base.minor < OLDEST:
        raise SoftwareError(f"{base.path} is Python {base.minor[0]}.{base.minor[1]}: environments need 3.8 or newer")
    return wanted, base, store / "environments" / _name(wanted, base)


def _checked(requirements: Sequence[str]) -> list[Requirement]:
    """What is asked for, ipykernel with it. Raises UsageError for the first that is no requirement."""
    try:
        wanted = [Requirement(text) for text in requirements]
    except InvalidRequirement as error:
        raise UsageError(f"not a requirement: {error}", 'Write it as for pip: "uproot>=5".') from error
    if "ipykernel" not in map(_normalised, wanted):
        wanted.append(Requirement("ipykernel"))
    return wanted


def _normalised(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


def _name(wanted: Sequence[Requirement], base: Interpreter) -> str:
    """The first package's name and a digest of everything asked for and the Python it is for."""
    key = [RECIPE, sorted(map(str, wanted)), base.version, base.abi, base.machine, base.prefix]
    return f"{_normalised(wanted[0])}-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]}"


def _surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(MISLEADING)}


def _sound(path: Path) -> Environment | None:
    """A finished environment whose ipykernel imports, else None."""
    try:
        lock = (path / LOCK_FILE).read_text(encoding="utf-8").split()
        (path / MARKER).stat()
        found = probe(str(path / "bin/python"), _surroundings() | {"PYTHONNOUSERSITE": "1"})
    except (OSError, SoftwareError):
        return None
    # What somebody added later does no harm; what is gone or changed does.
    missing = set(lock) - set(_locked(found.distributions))
    return None if missing or not found.ipykernel else Environment(path, path / "bin/python", tuple(lock))


def _make(path: Path, wanted: Sequence[Requirement], base: Interpreter, store: Path, say: Say) -> Environment:
    """Made in place, since a virtual environment cannot be moved, and marked as finished last."""
    storage.remove(path)
    storage.make_folder(path.parent)
    say(f"making the environment {path.name} on Python {'.'.join(map(str, base.version))}")
    try:
        _create(path, base)
        empty = probe(str(path / "bin/python"), _surroundings())
        say(f"installing {', '.join(map(str, wanted))}")
        packages.install(packages.Order([*map(str, wanted)], empty, _surroundings()), store, say=say)
        return _finish(path)
    except BaseException:
        storage.remove(path)
        raise


def _create(path: Path, base: Interpreter) -> None:
    uv = packages.find_uv()
    argv = [uv, "venv", "--quiet", "--python", base.path, str(path)] if uv else _venv(path, base)
    environment = packages.uv_environment(_surroundings()) if uv else _surroundings()
    try:
        run(argv, environment=environment, folder=path.parent, timeout=MAKING)
    except ProcessError as error:
        raise SoftwareError(
            f"{base.path} makes no virtual environment: {packages.gist(error.output) or error}"
        ) from error


def _venv(path: Path, base: Interpreter) -> list[str]:
    return [base.path, "-m", "venv", "--without-pip", str(path)]


def _finish(path: Path) -> Environment:
    """Compile, lock, open to all readers, prove. Raises SoftwareError where its ipykernel does not import."""
    python = path / "bin/python"
    _compile(python, path)
    found = probe(str(python), _surroundings() | {"PYTHONNOUSERSITE": "1"})
    if not found.ipykernel:
        raise SoftwareError(f"{python} cannot import its ipykernel: {found.fault}", "Ask for other versions.")
    lock = _locked(found.distributions)
    (path / LOCK_FILE).write_text("".join(f"{line}\n" for line in lock), encoding="utf-8")
    storage.open_to_all(path)
    (path / MARKER).touch()
    (path / MARKER).chmod(storage.FILE_MODE)
    return Environment(path, python, lock)


def _compile(python: Path, path: Path) -> None:
    """Byte code, since those who share the environment may not write it. Files for other Pythons do not compile."""
    try:
        run([str(python), "-m", "compileall", "-q", str(path / "lib")], environment=_surroundings(), folder=path)
    except ProcessError as error:
        if error.code is None or error.code < 0:
            raise SoftwareError(f"{python} cannot compile: {error}") from error


def _locked(distributions: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(f"{name}=={version}" for name, version in distributions.items()))
