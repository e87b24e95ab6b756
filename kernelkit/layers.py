"""Packages over a Python that has no virtual environments of use, 2.7 above all: a folder of them, on PYTHONPATH.

It is named by what was asked for, since the pips of those Pythons cannot resolve without installing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelkit import packages, storage
from kernelkit.environments import Environment, visible
from kernelkit.errors import SoftwareError
from kernelkit.processes import ProcessError, run
from kernelkit.requirements import Requirements
from kernelkit.venvs import Base

Say = Callable[[str], None]

RECIPE = 1  # raised when what is made changes
NO_PYTHON = Path()


def prepare(wanted: Requirements, base: Base, store: Path, *, say: Say, fresh: bool = False) -> Environment:
    """The folder with these packages and what they need beyond what is there, made if it is not in the store.

    Its Python is the one below. Raises SoftwareError, RefusedError.
    """
    path = _place(wanted, base, store)
    with storage.lock(path.with_name(f".{path.name}.lock"), f"the packages {path.name}", say=say):
        return (None if fresh else _whole(path)) or _make(path, wanted, base, store, say)


def present(wanted: Requirements, base: Base, store: Path) -> Environment | None:
    """The folder that ``prepare`` would return without making one."""
    return _whole(_place(wanted, base, store))


def _place(wanted: Requirements, base: Base, store: Path) -> Path:
    python = base.interpreter
    key = [RECIPE, wanted.digest, python.version, python.abi, python.machine, python.path]
    digest = hashlib.sha256(json.dumps([*key, sorted(python.distributions.items())]).encode()).hexdigest()[:12]
    return store / storage.ENVIRONMENTS / "python{}.{}-{}".format(*python.minor, digest)


def _whole(path: Path) -> Environment | None:
    """A finished folder that still has all that was laid into it."""
    if not (path / storage.COMPLETE).exists():
        return None
    lock = tuple((path / storage.COMPLETE).read_text(encoding="utf-8").splitlines())
    return Environment(path, NO_PYTHON, lock) if lock == _inside(path) else None


def _inside(path: Path) -> tuple[str, ...]:
    found = metadata.distributions(path=[str(path)])
    return tuple(sorted({f"{canonicalize_name(one.name)}=={one.version}" for one in found}))


def _make(path: Path, wanted: Requirements, base: Base, store: Path, say: Say) -> Environment:
    """Built beside, and given its name when it is whole."""
    building = path.with_name(f".{path.name}.new-{secrets.token_hex(4)}")
    storage.make_folder(building)
    say(f"installing {', '.join(wanted.lines)} for Python {base.words}")
    order = packages.Order(
        wanted.lines, base.interpreter, base.surroundings, building, visible(base.interpreter), files=wanted.files
    )
    try:
        packages.install(order, store, say=say)
        _compile(building, base)
        (building / storage.COMPLETE).write_text("".join(f"{line}\n" for line in _inside(building)), encoding="utf-8")
        storage.open_to_all(building)
        storage.replace(building, path)
    finally:
        storage.remove(building)
    return Environment(path, NO_PYTHON, _inside(path))


def _compile(building: Path, base: Base) -> None:
    """Byte code, since those who share the folder may not write it. Files for other Pythons do not compile."""
    argv = [base.interpreter.path, "-m", "compileall", "-q", str(building)]
    try:
        run(argv, environment=base.surroundings, folder=building)
    except ProcessError as error:
        if error.code is None or error.code < 0:
            raise SoftwareError(f"{base.interpreter.path} cannot compile: {error}") from error
