"""The door to uv and pip, through which everything that is downloaded comes."""

from __future__ import annotations

import configparser
import functools
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kernelkit import standins, storage
from kernelkit.errors import SoftwareError
from kernelkit.interpreter import Interpreter
from kernelkit.processes import ProcessError, run

Say = Callable[[str], None]

CONSTRAINTS = "constraints.txt"
TIMEOUT = 1800.0  # seconds: a slow mirror and an old Python that builds from source
OLDEST_FOR_UV = (3, 8)

# The last pip that runs on each Python that the newest has left behind (Requires-Python on PyPI).
LAST_PIP = {(2, 7): "20.3.4", (3, 5): "20.3.4", (3, 6): "21.3.1", (3, 7): "24.0", (3, 8): "25.0.1"}

# How the caller reaches an index: these come from the caller alone. The software's own are dropped: ALRB sets
# SSL_CERT_DIR to the grid's certificates, and b2venv sets PIP_PREFIX.
CALLERS = re.compile(
    r"(?i:(https?|all|no)_proxy)|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|NETRC"
    r"|PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|CONFIG_FILE|CACHE_DIR"
    r"|NO_CACHE_DIR|DEFAULT_TIMEOUT|TIMEOUT|RETRIES|KEYRING_PROVIDER)"
    r"|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_.+_(USERNAME|PASSWORD)|FIND_LINKS|OFFLINE"
    r"|INDEX_STRATEGY|INSECURE_HOST|SYSTEM_CERTS|NATIVE_TLS|HTTP_TIMEOUT|HTTP_RETRIES|KEYRING_PROVIDER|CONFIG_FILE|CACHE_DIR)"
)
FOREIGN = re.compile(r"PIP_.*|UV_.*|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|NETRC")

# uv reads no pip.conf; what one says of indexes is put in uv's words (docs.astral.sh/uv, "Environment variables").
UV_WORDS = {
    "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY",
}  # fmt: skip

UV_INDEXES = {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE"}

OFFLINE = re.compile(
    r"(?i)connection ?(error|broken|refused|reset|timed)|failed to (resolve|fetch|lookup)|name resolution|dns error"
    r"|error sending request|network (is )?unreachable|ProxyError|cannot connect to proxy|network was disabled"
)
NOT_ASKED = re.compile(r"(?i)(inspect|query) python|querying python")
SHOWN = 400  # characters of a resolver's last words


class InstallError(SoftwareError):
    """Packages that could not be installed; ``offline`` where the index could not be reached."""

    def __init__(self, problem: str, advice: str, *, offline: bool) -> None:
        super().__init__(problem, advice)
        self.offline = offline


@dataclass(frozen=True)
class Order:
    """What to install, for which interpreter in which environment.

    ``into`` is a folder for the packages alone; without it they go where the interpreter keeps its own.
    ``present`` maps what the environment has and keeps to its version: that is agreed with and not installed again,
    and needs ``into``. ``from_source`` names what may be built from
    source; None lets everything.
    """

    requirements: Sequence[str]
    interpreter: Interpreter
    environment: Mapping[str, str]
    into: Path | None = None
    present: Mapping[str, str] = field(default_factory=dict)
    from_source: Sequence[str] | None = None


def install(order: Order, store: Path, *, say: Say) -> None:
    """Resolve and install, by uv where it serves that Python, else by a pip that the interpreter itself runs.

    The pip is fetched into ``store`` once. Raises InstallError.
    """
    with tempfile.TemporaryDirectory(prefix="kernelkit-") as folder:
        found = Path(folder)
        constraints = standins.write(order.present, found)
        (found / CONSTRAINTS).write_text("".join(f"{line}\n" for line in constraints))
        _resolve(order, found, store, say)
    if order.into:
        standins.remove(order.into)


def _resolve(order: Order, found: Path, store: Path, say: Say) -> None:
    """By the one of the two that serves; ``found`` holds the stand-ins and the constraints."""
    if find_uv() and order.interpreter.minor >= OLDEST_FOR_UV:
        environment = uv_environment(order.environment)
        links = [environment.get("UV_FIND_LINKS", ""), str(found)]
        try:
            return _run(
                _uv_command(order, found), {**environment, "UV_FIND_LINKS": ",".join(filter(None, links))}, order
            )
        except InstallError as error:
            if not NOT_ASKED.search(error.problem):
                raise
    pip = fetch_pip(order.interpreter.minor, store, say=say)
    return _run(_pip_command(pip, order, found), pip_environment(order.environment), order)


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
            _run(argv, environment, None)
            storage.open_to_all(building)
            building.rename(pip)
    return pip / "pip"


def _fetching(requirement: str, target: Path, words: str) -> list[str]:
    """The command that lays a pip in a folder, with what kernelkit itself is installed by."""
    fits = [] if "==" in requirement else ["--python-version", words]
    common = ["--target", str(target), "--no-deps", "--only-binary", ":all:", *fits, requirement]
    if find_uv():
        return [*_uv(os.environ), "--python", sys.executable, "--link-mode", "copy", *common]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", *common]
    raise InstallError(
        f"{sys.executable} has neither uv nor pip to install packages with", "Install kernelkit[uv].", offline=False
    )


def uv_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv: the caller's way to an index, in its own words or else in those of a pip.conf."""
    passed = _callers(environment)
    if any(
        name in passed for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_NO_INDEX", "UV_CONFIG_FILE")
    ):
        return passed
    settings = pip_settings(passed)
    told = {UV_WORDS[key]: value for key, value in settings.items() if key in UV_WORDS and value}
    if "UV_FIND_LINKS" in told:
        told["UV_FIND_LINKS"] = ",".join(told["UV_FIND_LINKS"].split())
    # pip takes the best version of all indexes, uv by default what the first of them has.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match"} | told | passed


def _uv(environment: Mapping[str, str]) -> list[str]:
    """The start of uv's command. Of pip's settings, the one that forbids indexes can be told to uv only there."""
    passed = _callers(environment)
    forbids = pip_settings(passed).get("no-index", "").lower() in ("1", "true", "yes", "on")
    return [
        find_uv() or "uv",
        "pip",
        "install",
        *(["--no-index"] if forbids and not passed.keys() & UV_INDEXES else []),
    ]


def pip_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip; a configuration that installs for the user or demands a venv is not meant for us."""
    return _callers(environment) | {
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _callers(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not FOREIGN.fullmatch(name)}
    return kept | {name: value for name, value in os.environ.items() if CALLERS.fullmatch(name)}


def pip_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What pip's configuration files and variables say, the last word winning (pip's "Configuration" page)."""
    home = Path(environment.get("HOME", "/"))
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip/pip.conf", config / "pip/pip.conf",
             Path(sys.prefix, "pip.conf")]  # fmt: skip
    named = environment.get("PIP_CONFIG_FILE")
    parser = configparser.RawConfigParser()
    parser.read([] if named == os.devnull else [*files, *([named] if named else [])], encoding="utf-8")
    sections = [dict(parser[name]) for name in ("global", "install") if parser.has_section(name)]
    variables = {key: environment.get("PIP_" + key.upper().replace("-", "_")) for key in (*UV_WORDS, "no-index")}
    found: dict[str, str] = {}
    for section in [*sections, {key: value for key, value in variables.items() if value}]:
        found |= section
    return {key: " ".join(value.split()) for key, value in found.items()}


def _uv_command(order: Order, found: Path) -> list[str]:
    into = ["--target", str(order.into)] if order.into else []
    return [
        *_uv(order.environment), "--python", order.interpreter.path, *into, *_sources(order),
        "--constraint", str(found / CONSTRAINTS), "--link-mode", "copy", "--quiet", *order.requirements,
    ]  # fmt: skip


def _pip_command(pip: Path, order: Order, found: Path) -> list[str]:
    into = ["--target", str(order.into)] if order.into else []
    # Without a setuptools of its own, an old Python can build from source only in a build environment.
    isolated = ["--use-pep517"] if order.from_source else []
    quietly = ["--no-compile", "--no-warn-script-location", "--progress-bar", "off"]
    options = [*into, *_sources(order), *isolated, *quietly, "--find-links", str(found)]
    options += ["--constraint", str(found / CONSTRAINTS)]
    return [order.interpreter.path, str(pip), "install", *options, *order.requirements]


def _sources(order: Order) -> list[str]:
    if order.from_source is None:
        return []
    return ["--only-binary", ":all:", *(word for name in order.from_source for word in ("--no-binary", name))]


def _run(argv: Sequence[str], environment: Mapping[str, str], order: Order | None) -> None:
    what = ", ".join(order.requirements) if order else argv[-1]
    where = f" for {order.interpreter.path}" if order else ""
    with tempfile.TemporaryDirectory(prefix="kernelkit-") as folder:
        try:
            run(argv, environment=environment, folder=Path(folder), timeout=TIMEOUT)
        except ProcessError as error:
            offline = bool(OFFLINE.search(error.output))
            reason = gist(error.output) or str(error)
            raise InstallError(
                f"{what} could not be had{where}: {reason}", _advice(offline), offline=offline
            ) from error


def _advice(offline: bool) -> str:
    if offline:
        return (
            "Do it where the package index can be reached (PIP_INDEX_URL, https_proxy), or choose a Python that has it."
        )
    return "Choose another Python with --python PATH, or install the packages there."


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
