"""ipykernel for an interpreter that has none: a folder of packages laid beside it, built once and shared.

The folder comes last on sys.path, so the environment's own packages win; hence those are what it is resolved
against. Where they cannot be satisfied, the overlay is isolated: first on sys.path while the kernel starts.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import secrets
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from kernelkit import bootstrap, copying, packages, storage
from kernelkit.errors import SoftwareError
from kernelkit.interpreter import Interpreter, IPykernelFacts, ask
from kernelkit.packages import InstallError
from kernelkit.processes import ProcessError, run

Say = Callable[[str], None]

RECIPE = 1  # raised when what is built changes: older overlays then stay for the kernels that use them
MARKER = "kernelkit.json"
COMPILING = 600.0  # seconds

# What ipykernel has ever needed, by itself and through others. A package missing here costs an attempt: where the
# environment's version of it clashes, the overlay that was built does not import and an isolated one is made.
# fmt: off
NEEDED = frozenset({
    "appnope", "asttokens", "backcall", "backports", "backports-abc", "backports-shutil-get-terminal-size",
    "cffi", "colorama", "comm", "configparser", "contextlib2", "debugpy",
    "decorator", "entrypoints", "enum34", "exceptiongroup", "executing", "futures",
    "importlib-metadata", "importlib-resources", "ipykernel", "ipython", "ipython-genutils", "ipython-pygments-lexers",
    "jedi", "jupyter-client", "jupyter-core", "matplotlib-inline", "nest-asyncio", "nest-asyncio2",
    "packaging", "parso", "pathlib2", "pexpect", "pickleshare", "platformdirs",
    "prompt-toolkit", "psutil", "ptyprocess", "pure-eval", "pycparser", "pygments",
    "pyparsing", "python-dateutil", "pyzmq", "scandir", "setuptools", "simplegeneric",
    "singledispatch", "six", "stack-data", "tornado", "traitlets", "typing",
    "typing-extensions", "wcwidth", "zipp",
})
# fmt: on

# The oldest ipykernel worth having on each Python: older ones say nothing of the Pythons they run on, and a
# resolver that must satisfy an old package would fall back to them.
FLOORS = {(2, 7): "ipykernel>=4.10,<5", (3, 5): "ipykernel>=5.2,<6"}
LAST_OF_OLD = (3, 9)  # up to here 5.5 serves, which goes with the IPython 7 and traitlets 4 of older LCG views


def floor(minor: tuple[int, int]) -> str:
    """What to ask a resolver for."""
    return FLOORS.get(minor, "ipykernel>=5.5" if minor <= LAST_OF_OLD else "ipykernel>=6")


# No wheels of these exist for Python 2.7 on Linux; all build without a compiler too.
FROM_SOURCE = {(2, 7): ("tornado", "simplegeneric", "scandir")}


@dataclass(frozen=True)
class Overlay:
    """A folder with an ipykernel that was imported from it, what that declares, and what is in it.

    ``isolated`` overlays come first on sys.path while the kernel starts.
    """

    path: Path
    isolated: bool
    facts: IPykernelFacts
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """One overlay that could serve: for whom, where it lies, and what of the environment it must agree with."""

    interpreter: Interpreter
    environment: Mapping[str, str]
    store: Path
    constraints: Mapping[str, str]
    isolated: bool

    @property
    def path(self) -> Path:
        """Named by everything its content depends on, but for the releases of the day."""
        python = self.interpreter
        key = [
            RECIPE,
            python.implementation,
            python.minor,
            python.abi,
            python.machine,
            sorted(self.constraints.items()),
        ]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]
        return self.store / "overlays" / f"{python.implementation.lower()}{self.words}-{digest}"

    @property
    def words(self) -> str:
        """The Python's version, as people say it."""
        return "{}.{}".format(*self.interpreter.minor)


def prepare(interpreter: Interpreter, environment: Mapping[str, str], store: Path, *, say: Say) -> Overlay:
    """The overlay for this interpreter in this environment, built if there is no sound one in the store.

    Raises SoftwareError where none can be had, RefusedError where the store may not be written.
    """
    agreeing, isolated = _plans(interpreter, environment, store)
    try:
        return _have(agreeing, say)
    except SoftwareError as error:
        reason = error
    try:
        made = _have(isolated, say, resolve=not (isinstance(reason, InstallError) and reason.offline))
    except SoftwareError as error:
        raise reason from error
    why = textwrap.shorten(reason.problem, 200, placeholder=" ...")
    say(f"the environment's own packages do not go with any ipykernel, so it starts on its own: {why}")
    return made


def present(interpreter: Interpreter, environment: Mapping[str, str], store: Path) -> Overlay | None:
    """The sound overlay that ``prepare`` would return without building one."""
    found = (_sound(plan, plan.path) for plan in _plans(interpreter, environment, store))
    return next((overlay for overlay in found if overlay), None)


def _plans(interpreter: Interpreter, environment: Mapping[str, str], store: Path) -> tuple[Plan, Plan]:
    """The overlay that agrees with the environment, and the one for where none can."""
    agreeing = Plan(interpreter, environment, store, constraints(interpreter), isolated=False)
    return agreeing, dataclasses.replace(agreeing, constraints={}, isolated=True)


def constraints(interpreter: Interpreter) -> dict[str, str]:
    """The versions of what ipykernel needs that the environment has already, and that will win."""
    present = {name: version for name, version in sorted(interpreter.distributions.items()) if name in NEEDED}
    return {name: version for name, version in present.items() if _is_version(version)}


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _have(plan: Plan, say: Say, *, resolve: bool = True) -> Overlay:
    """The overlay of a plan, found sound or built under a lock. Raises SoftwareError."""
    found = _sound(plan, plan.path)
    if found:
        return found
    with storage.lock(plan.path.with_name(f".{plan.path.name}.lock"), f"ipykernel for Python {plan.words}", say=say):
        return _sound(plan, plan.path) or _build(plan, say, resolve=resolve)


def _sound(plan: Plan, path: Path) -> Overlay | None:
    """The overlay in a folder if nothing of it is missing and its ipykernel imports, else None."""
    try:
        record = json.loads((path / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if _sizes(path) != record["files"]:
        return None
    try:
        return Overlay(path, plan.isolated, _facts(plan, path), tuple(record["requirements"]))
    except SoftwareError:
        return None


def _facts(plan: Plan, path: Path) -> IPykernelFacts:
    """What the ipykernel in a folder declares once started as a kernel starts it. Raises SoftwareError with why not."""
    prelude = bootstrap.preparation(plan.interpreter.minor, overlay=True, isolated=plan.isolated)
    answer = ask(plan.interpreter.path, plan.environment, prelude=prelude, arguments=[str(path)])
    if answer.ipykernel is None:
        raise SoftwareError(f"{answer.path} cannot use the ipykernel made for it: {answer.fault}")
    return answer.ipykernel


def _build(plan: Plan, say: Say, *, resolve: bool) -> Overlay:
    """Build beside, check, and give it its name; copying is tried before the network. Raises SoftwareError."""
    for left in plan.path.parent.glob(f".{plan.path.name}.new-*"):
        storage.remove(left)
    building = plan.path.with_name(f".{plan.path.name}.new-{secrets.token_hex(4)}")
    try:
        overlay = _fill(plan, building, say, resolve=resolve)
        storage.replace(building, plan.path)
        return dataclasses.replace(overlay, path=plan.path)
    finally:
        storage.remove(building)


def _fill(plan: Plan, building: Path, say: Say, *, resolve: bool) -> Overlay:
    failure = SoftwareError(f"no ipykernel for {plan.interpreter.path} can be copied")
    for way in [_copy, _install] if resolve else [_copy]:
        storage.remove(building)
        storage.make_folder(building)
        try:
            way(plan, building, say)
            return _finish(plan, building)
        except SoftwareError as error:
            failure = error
    raise failure


def _copy(plan: Plan, building: Path, say: Say) -> None:
    """From kernelkit's own environment, where that is of the same build and agrees with the constraints."""
    if not copying.same_build(plan.interpreter):
        raise SoftwareError(f"kernelkit's own Python is of another build than {plan.interpreter.path}")
    own = copying.closure("ipykernel")
    clash = copying.clash(own, plan.constraints)
    if clash:
        raise SoftwareError(clash)
    say(f"copying ipykernel {own['ipykernel'].version} for Python {plan.words}")
    copying.copy(own, building)


def _install(plan: Plan, building: Path, say: Say) -> None:
    """From the package index."""
    minor = plan.interpreter.minor
    say(f"installing ipykernel for Python {plan.words}")
    present = dict(plan.constraints)
    # One that is there and does not import lacks what it needs, which only its real metadata says.
    own = [f"ipykernel=={present.pop('ipykernel')}"] if "ipykernel" in present else []
    order = packages.Order(
        [floor(minor), *own], plan.interpreter, plan.environment, building, present, FROM_SOURCE.get(minor, ())
    )
    packages.install(order, plan.store, say=say)


def _finish(plan: Plan, building: Path) -> Overlay:
    """Compile, open to all readers, write down what is in it, and import it as a kernel would."""
    for scripts in ("bin", "share", "etc"):
        storage.remove(building / scripts)
    _compile(plan, building)
    found = metadata.distributions(path=[str(building)])
    requirements = sorted({f"{canonicalize_name(one.name)}=={one.version}" for one in found})
    record = {"format": 1, "requirements": requirements, "files": _sizes(building)}
    (building / MARKER).write_text(json.dumps(record), encoding="utf-8")
    storage.open_to_all(building)
    return Overlay(building, plan.isolated, _facts(plan, building), tuple(requirements))


def _compile(plan: Plan, building: Path) -> None:
    """Byte code by the interpreter that will read it: a kernel without starts four times slower."""
    argv = [plan.interpreter.path, "-m", "compileall", "-q", "-d", str(plan.path), str(building)]
    try:
        run(argv, environment=plan.environment, folder=building.parent, timeout=COMPILING)
    except ProcessError as error:
        # Packages for all Pythons hold files for some of them; the import that follows is what counts.
        if error.code is None or error.code < 0:
            raise SoftwareError(f"{plan.interpreter.path} cannot compile: {error}") from error


def _sizes(folder: Path) -> dict[str, int]:
    """The size in bytes of every file but byte code, by its path within the folder."""
    sizes = {}
    for parent, folders, files in os.walk(folder):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        for name in files:
            if not name.endswith(".pyc") and name != MARKER:
                path = Path(parent, name)
                sizes[str(path.relative_to(folder))] = path.stat().st_size
    return sizes
