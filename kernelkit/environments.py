"""Virtual environments that kernelkit makes from a list of packages: locked, built once, shared between kernels.

What is asked for is resolved first. The environment is named by what that gave and by the Python it is for, so kernels
with the same lock share one, and another lock makes another. The lock stays until what is asked for changes.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from kernelkit import packages, storage, venvs
from kernelkit.errors import SoftwareError
from kernelkit.interpreter import Interpreter, probe
from kernelkit.packages import InstallError
from kernelkit.processes import ProcessError, run
from kernelkit.requirements import Requirements
from kernelkit.venvs import Base

Say = Callable[[str], None]

RECIPE = 2  # raised when what is made changes: environments made before then stay for the kernels that use them
LOCK_FILE = "requirements.lock"


@dataclass(frozen=True)
class Environment:
    """A virtual environment, its interpreter, and ``name==version`` of everything that was installed into it."""

    path: Path
    python: Path
    lock: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """What is asked for, what it is made on, and where."""

    wanted: Requirements
    base: Base
    store: Path

    @property
    def whole(self) -> tuple[str, ...]:
        """The requirements, ipykernel among them unless the software below or a list of hashes decides about it."""
        lines = self.wanted.lines
        return lines if "ipykernel" in self.wanted.names or not self.needs_ipykernel else (*lines, "ipykernel")

    @property
    def needs_ipykernel(self) -> bool:
        """Whether the environment must have an ipykernel itself; else it may be laid beside it."""
        return not self.base.over and not self.wanted.hashed

    @property
    def remembered(self) -> Path:
        """The file that keeps what was resolved for this."""
        return self.store / storage.ENVIRONMENTS / ".locks" / _digest([self.wanted.digest, *_identity(self.base)])

    def path(self, lock: Sequence[str]) -> Path:
        """Where the environment with this lock lies."""
        words = "{}.{}".format(*self.base.interpreter.minor)
        return self.store / storage.ENVIRONMENTS / f"python{words}-{_digest([*lock, *_identity(self.base)])}"


def _digest(key: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps([RECIPE, *key]).encode()).hexdigest()[:12]


def _identity(base: Base) -> list[object]:
    python = base.interpreter
    identity: list[object] = [python.version, python.abi, python.machine, python.prefix]
    return [*identity, python.path, sorted(python.distributions.items())] if base.over else identity


def prepare(wanted: Requirements, base: Base, store: Path, *, say: Say, fresh: bool = False) -> Environment:
    """The environment with these packages, made if there is no sound one in the store.

    ``fresh`` asks the index again for newer releases. Raises SoftwareError where it cannot be had, RefusedError
    where the store may not be written.
    """
    request = Request(wanted, base, store)
    lock = _lock(request, say, fresh=fresh)
    path = request.path(lock)
    found = _sound(request, path)
    if found:
        return found
    with storage.lock(path.with_name(f".{path.name}.lock"), f"the environment {path.name}", say=say):
        return _sound(request, path) or _make(request, path, lock, say)


def present(wanted: Requirements, base: Base, store: Path) -> Environment | None:
    """The sound environment that ``prepare`` would return without making one. Raises SoftwareError."""
    request = Request(wanted, base, store)
    lock = _remembered(request)
    return _sound(request, request.path(lock)) if lock else None


def _lock(request: Request, say: Say, *, fresh: bool) -> Sequence[str]:
    """What was resolved before, else what the resolver says now. Raises InstallError."""
    known = _remembered(request)
    if known and not fresh:
        return known
    python, environment = request.base.interpreter, request.base.surroundings
    has = visible(python) if request.base.over else {}
    order = packages.Order(request.whole, python, environment, present=has, files=request.wanted.files)
    try:
        lock = packages.lock(order, request.store, say=say)
    except InstallError as error:
        if not known or not error.offline:
            raise
        say("the package index cannot be reached: the releases of before stay")
        return known
    _remember(request, lock)
    return lock


def visible(python: Interpreter) -> dict[str, str]:
    """What an interpreter has, less what names itself by no valid version."""
    return {name: version for name, version in python.distributions.items() if _is_version(version)}


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _remembered(request: Request) -> Sequence[str] | None:
    try:
        return request.remembered.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None


def _remember(request: Request, lock: Sequence[str]) -> None:
    storage.make_folder(request.remembered.parent)
    draft = request.remembered.with_name(f"{request.remembered.name}.{secrets.token_hex(4)}")
    draft.write_text("".join(f"{line}\n" for line in lock), encoding="utf-8")
    draft.chmod(storage.FILE_MODE)
    draft.replace(request.remembered)


def _sound(request: Request, path: Path) -> Environment | None:
    """A finished environment that holds its lock, whose ipykernel imports where it needs one; else None."""
    try:
        lock = (path / LOCK_FILE).read_text(encoding="utf-8").splitlines()
        (path / storage.COMPLETE).stat()
        found = probe(str(path / "bin/python"), request.base.inside)
    except (OSError, SoftwareError):
        return None
    # What somebody added later does no harm; what is gone or changed does.
    if _missing(lock, found) or (request.needs_ipykernel and not found.ipykernel):
        return None
    return Environment(path, path / "bin/python", tuple(lock))


def _missing(lock: Sequence[str], found: Interpreter) -> set[str]:
    return {line for line in lock if " @ " not in line} - set(_locked(found.distributions))


def _locked(distributions: Mapping[str, str]) -> list[str]:
    return [f"{name}=={version}" for name, version in distributions.items()]


def _make(request: Request, path: Path, lock: Sequence[str], say: Say) -> Environment:
    """Made in place, since a virtual environment cannot be moved, and marked as finished last."""
    storage.remove(path)
    storage.make_folder(path.parent)
    say(f"making the environment {path.name} on Python {request.base.words}")
    try:
        python = venvs.create(path, request.base)
        say(f"installing {len(lock)} packages")
        _install(request, python, lock, say)
        return _finish(request, path, lock)
    except BaseException:
        storage.remove(path)
        raise


def _install(request: Request, python: Path, lock: Sequence[str], say: Say) -> None:
    """Exactly the lock; the files name indexes and hashes, and those that demand hashes allow nothing beside them."""
    if not lock:
        return
    empty = probe(str(python), request.base.inside)
    what = () if request.wanted.hashed else lock
    order = packages.Order(what, empty, request.base.inside, files=request.wanted.files, exact=True)
    packages.install(order, request.store, say=say)


def _finish(request: Request, path: Path, lock: Sequence[str]) -> Environment:
    """Compile, lock, open to all readers, prove. Raises SoftwareError where its ipykernel does not import."""
    python = path / "bin/python"
    _compile(python, path, request.base)
    found = probe(str(python), request.base.inside)
    if request.needs_ipykernel and not found.ipykernel:
        raise SoftwareError(f"{python} cannot import its ipykernel: {found.fault}", "Ask for other versions.")
    lost = _missing(lock, found)
    if lost:
        raise SoftwareError(f"{python} does not find what was installed for it: {', '.join(sorted(lost))}")
    (path / LOCK_FILE).write_text("".join(f"{line}\n" for line in lock), encoding="utf-8")
    storage.open_to_all(path)
    (path / storage.COMPLETE).touch()
    (path / storage.COMPLETE).chmod(storage.FILE_MODE)
    return Environment(path, python, tuple(lock))


def _compile(python: Path, path: Path, base: Base) -> None:
    """Byte code, since those who share the environment may not write it. Files for other Pythons do not compile."""
    try:
        run([str(python), "-m", "compileall", "-q", str(path / "lib")], environment=base.inside, folder=path)
    except ProcessError as error:
        if error.code is None or error.code < 0:
            raise SoftwareError(f"{python} cannot compile: {error}") from error
