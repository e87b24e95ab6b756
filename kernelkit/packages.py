"""The door to uv and pip, through which everything that is downloaded comes."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelkit import standins, storage
from kernelkit.errors import SoftwareError
from kernelkit.indexes import pip_environment, uv_environment, uv_options
from kernelkit.interpreter import Interpreter
from kernelkit.processes import ProcessError, run

Say = Callable[[str], None]

CONSTRAINTS = "constraints.txt"
TIMEOUT = 1800.0  # seconds: a slow mirror and an old Python that builds from source
OLDEST_FOR_UV = (3, 8)

# The last pip that runs on each Python that the newest has left behind (Requires-Python on PyPI).
LAST_PIP = {(2, 7): "20.3.4", (3, 5): "20.3.4", (3, 6): "21.3.1", (3, 7): "24.0", (3, 8): "25.0.1"}

OFFLINE = re.compile(
    r"(?i)connection ?(error|broken|refused|reset|timed)|failed to (resolve|fetch|lookup)|name resolution|dns error"
    r"|error sending request|network (is )?unreachable|ProxyError|cannot connect to proxy|network was disabled"
)
NOT_ASKED = re.compile(r"(?i)(inspect|query) python|querying python")
# What is worth hearing while it lasts, in uv's words and in pip's.
PROGRESS = re.compile(r" *(Resolved \d|Downloading .*\(\d+(\.\d+)? ?[MG]i?B\)|Building wheels|Installed \d)")
SHOWN = 600  # characters of a resolver's last words


class InstallError(SoftwareError):
    """Packages that could not be installed; ``offline`` where the index could not be reached."""

    def __init__(self, what: str, reason: str, *, offline: bool) -> None:
        super().__init__(f"{what} could not be had: {reason}", _advice(offline))
        self.what, self.reason, self.offline = what, reason, offline


@dataclass(frozen=True)
class Order:
    """What to install, for which interpreter in which environment.

    ``files`` are requirements files, taken beside ``requirements``. ``into`` is a folder for the packages alone;
    without it they go where the interpreter keeps its own. ``present`` maps what the environment has and keeps to its
    version: that is agreed with and not installed again. ``from_source`` names what may be built from source; None
    lets everything. ``exact`` installs what is listed and nothing that it needs.
    """

    requirements: Sequence[str]
    interpreter: Interpreter
    environment: Mapping[str, str]
    into: Path | None = None
    present: Mapping[str, str] = field(default_factory=dict)
    from_source: Sequence[str] | None = None
    files: Sequence[Path] = ()
    exact: bool = False

    @property
    def words(self) -> str:
        """What is asked for and for whom, as people say it."""
        return f"{', '.join([*self.requirements, *map(str, self.files)])} for {self.interpreter.path}"


def install(order: Order, store: Path, *, say: Say) -> None:
    """Resolve and install, by uv where it serves that Python, else by a pip that the interpreter itself runs.

    The pip is fetched into ``store`` once. Raises InstallError.
    """
    with _stand_ins(order) as found:
        asked = [*order.requirements, *(word for file in order.files for word in ("--requirement", str(file)))]
        uv = [*_uv_install(order), *_agreed(found), *asked]
        pip = [*_pip_install(order), *_agreed(found), *_found_in(found), *asked]
        _by_either(order, found, store, uv=uv, pip=pip, say=say)
    if order.into:
        standins.remove(order.into)


def lock(order: Order, store: Path, *, say: Say) -> tuple[str, ...]:
    """``name==version`` of all that would be installed, sorted: nothing is. Raises SoftwareError."""
    with _stand_ins(order) as found:
        asked, report = found / "asked.txt", found / "report.json"
        asked.write_text("".join(f"{line}\n" for line in order.requirements), encoding="utf-8")
        files = [str(asked), *map(str, order.files)]
        uv = ["pip", "compile", "--no-header", "--no-annotate", *uv_options(order.environment)]
        uv += ["--python", order.interpreter.path, "--output-file", str(found / "lock.txt"), *_agreed(found), *files]
        pip = ["install", "--dry-run", "--ignore-installed", "--report", str(report), *_agreed(found)]
        pip += [*_found_in(found), *(word for file in files for word in ("--requirement", file))]
        _by_either(order, found, store, uv=uv, pip=pip, say=say)
        lines = _of_report(report) if report.exists() else _of_lock(found / "lock.txt")
    return tuple(sorted(line for line in lines if not standins.is_one(line)))


def _of_lock(file: Path) -> list[str]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    found = [line for line in lines if line and not line.startswith(("#", "--"))]
    editable = [line for line in found if line.startswith("-")]
    if editable:
        raise SoftwareError(f"{editable[0]}: what is editable cannot be locked", "Name a release or an archive.")
    return found


def _of_report(file: Path) -> list[str]:
    """From pip's report (pip's "Installation Report" page)."""
    found = []
    for entry in json.loads(file.read_text(encoding="utf-8"))["install"]:
        named = entry["metadata"]
        at = f" @ {entry['download_info']['url']}" if entry["is_direct"] else f"=={named['version']}"
        found.append(canonicalize_name(named["name"]) + at)
    return found


@contextmanager
def _stand_ins(order: Order) -> Iterator[Path]:
    """A folder with stand-ins for what is present, and the constraints that make them the only ones."""
    with tempfile.TemporaryDirectory(prefix="kernelkit-") as folder:
        constraints = standins.write(order.present, Path(folder))
        Path(folder, CONSTRAINTS).write_text("".join(f"{line}\n" for line in constraints))
        yield Path(folder)


def _by_either(order: Order, found: Path, store: Path, *, uv: Sequence[str], pip: Sequence[str], say: Say) -> None:
    """By the one of the two that serves; ``found`` holds the stand-ins."""
    own = find_uv()
    if own and order.interpreter.minor >= OLDEST_FOR_UV:
        environment = uv_environment(order.environment)
        links = ",".join(filter(None, [environment.get("UV_FIND_LINKS", ""), str(found)]))
        try:
            return _by_uv([own, *uv], {**environment, "UV_FIND_LINKS": links}, order, say)
        except InstallError as error:
            if not NOT_ASKED.search(error.problem):
                raise
    program = fetch_pip(order.interpreter.minor, store, say=say)
    return _run([order.interpreter.path, str(program), *pip], pip_environment(order.environment), order.words, say)


def _by_uv(argv: Sequence[str], environment: Mapping[str, str], order: Order, say: Say) -> None:
    """Where no index can be reached, what is cached may be enough."""
    try:
        _run(argv, environment, order.words, say)
    except InstallError as error:
        if not error.offline or environment.get("UV_OFFLINE"):
            raise
        say("the package index cannot be reached: trying with what is cached")
        try:
            _run(argv, {**environment, "UV_OFFLINE": "1"}, order.words, say)
        except InstallError as missing:
            reason = f"{error.reason}; what is cached is not enough: {missing.reason}"
            raise InstallError(order.words, reason, offline=True) from error


@functools.cache
def find_uv() -> str | None:
    """The uv installed beside kernelkit, else the one on the path."""
    if importlib.util.find_spec("uv"):
        from uv import find_uv_bin

        try:
            return str(find_uv_bin())
        except FileNotFoundError:
            pass
    return shutil.which("uv")


def fetch_pip(minor: tuple[int, int], store: Path, *, say: Say) -> Path:
    """The newest pip that runs on that Python, kept in the store. Raises InstallError."""
    version = LAST_PIP.get(minor)
    words = f"{minor[0]}.{minor[1]}"
    pip = store / "cache" / (f"pip-{version}" if version else f"pip-for-python{words}")
    with storage.lock(pip.with_name(f".{pip.name}.lock"), pip.name, say=say):
        if not pip.exists():
            say(f"fetching pip {version or ''} for Python {words}".replace("  ", " "))
            building = pip.with_name(f".{pip.name}.new")
            storage.remove(building)
            argv = _fetching(f"pip=={version}" if version else "pip", building, version or words)
            environment = uv_environment(os.environ) if find_uv() else pip_environment(os.environ)
            _run(argv, environment, argv[-1], say)
            storage.open_to_all(building)
            building.rename(pip)
    return pip / "pip"


def _fetching(requirement: str, target: Path, words: str) -> list[str]:
    """The command that lays a pip in a folder, with what kernelkit itself is installed by."""
    fits = [] if "==" in requirement else ["--python-version", words]
    common = ["--target", str(target), "--no-deps", "--only-binary", ":all:", *fits, requirement]
    if find_uv():
        return [
            str(find_uv()),
            "pip",
            "install",
            *uv_options(os.environ),
            "--python",
            sys.executable,
            "--link-mode",
            "copy",
            *common,
        ]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", *common]
    raise SoftwareError(f"{sys.executable} has neither uv nor pip to install packages with", "Install kernelkit[uv].")


def _uv_install(order: Order) -> list[str]:
    into = ["--target", str(order.into)] if order.into else []
    exact = ["--no-deps"] if order.exact else []
    options = [*uv_options(order.environment), "--python", order.interpreter.path, *into, *exact, *_sources(order)]
    return ["pip", "install", *options, "--link-mode", "copy"]


def _pip_install(order: Order) -> list[str]:
    into = ["--target", str(order.into)] if order.into else []
    # Without a setuptools of its own, an old Python can build from source only in a build environment.
    old = order.interpreter.minor < OLDEST_FOR_UV and order.from_source is None
    isolated = ["--use-pep517"] if order.from_source or old else []
    exact = ["--no-deps"] if order.exact else []
    quietly = ["--no-compile", "--no-warn-script-location", "--progress-bar", "off"]
    return ["install", *into, *exact, *_sources(order), *isolated, *quietly]


def _agreed(found: Path) -> list[str]:
    return ["--constraint", str(found / CONSTRAINTS)]


def _found_in(found: Path) -> list[str]:
    return ["--find-links", str(found)]


def _sources(order: Order) -> list[str]:
    if order.from_source is None:
        return []
    return ["--only-binary", ":all:", *(word for name in order.from_source for word in ("--no-binary", name))]


def _run(argv: Sequence[str], environment: Mapping[str, str], what: str, say: Say) -> None:
    def hear(line: str) -> None:
        if PROGRESS.match(line):
            say(line.strip())

    with tempfile.TemporaryDirectory(prefix="kernelkit-") as folder:
        try:
            run(argv, environment=environment, folder=Path(folder), timeout=TIMEOUT, hear=hear)
        except ProcessError as error:
            offline = bool(OFFLINE.search(error.output))
            raise InstallError(what, gist(error.output) or str(error), offline=offline) from error


def _advice(offline: bool) -> str:
    if offline:
        return (
            "Do it where the package index can be reached (PIP_INDEX_URL, https_proxy), or choose a Python that has it."
        )
    return "Ask for other releases, or choose another Python with --python PATH."


def gist(output: str) -> str:
    """The last words of uv or pip in one line, with no password that an index's address may hold."""
    lines = output.strip().splitlines()
    errors = [line for line in lines if line.startswith("ERROR:")]
    conflict = re.search(r"The conflict is caused by:\n(( .*\n)+)", output)
    if errors:  # pip's, with many other lines between
        told = [errors[0], *(conflict[1].splitlines() if conflict else errors[1:])]
    else:  # uv's, which explains over several lines
        marked = (n for n, line in enumerate(lines) if re.match(" *(\N{MULTIPLICATION SIGN}|error:)", line))
        told = lines[next(marked, -1) :]
    words = " ".join(line.strip(" \N{MULTIPLICATION SIGN}╰─▶│├") for line in told)
    return re.sub(r"//[^/@\s]+@", "//", words)[:SHOWN]
