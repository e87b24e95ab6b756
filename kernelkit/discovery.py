"""What this machine has that could be a kernel and is none yet. Known places are listed once; nothing is walked."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernelkit import catalogue, reading
from kernelkit.errors import DefinitionError, SoftwareError
from kernelkit.kernelspecs import Kernelspec, find_all
from kernelkit.platformtag import Host
from kernelkit.releases import Release
from kernelkit.resolve import offered
from kernelkit.seal import record
from kernelkit.selection import FITS, ordered

# The definitions whose releases are offered, each with the option that names one.
RELEASES = {"atlas": "root", "belle2": "release", "lcg": "view"}
# Where conda's relatives are installed by default, and where virtualenvwrapper and people keep environments.
CONDA_ROOTS = (
    "~/.conda", "~/miniforge3", "~/mambaforge", "~/miniconda3", "~/anaconda3", "~/micromamba", "~/.local/share/mamba",
    "/opt/conda", "/opt/miniforge3", "/opt/miniconda3", "/opt/anaconda3",
)  # fmt: skip
VENV_FOLDERS = ("~", "~/.virtualenvs", "~/.venvs", "~/venvs", "~/envs")
MODULE_FOLDERS = (
    "/usr/share/modules/modulefiles",
    "/etc/environment-modules/modules",
    "/usr/share/lmod/lmod/modulefiles",
)
WITH_PYTHON = re.compile(r"(?i)(python|anaconda|miniconda|miniforge|mambaforge|conda|mamba|pypy)\d*")


@dataclass(frozen=True)
class Found:
    """Something a kernel could be made of: its ``kind``, what it is called, and the command that installs it."""

    kind: str
    name: str
    argv: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command, quoted for a shell."""
        return shlex.join(("kernelkit", "install", *self.argv))


def found(cvmfs: str | None, *, say: Callable[[str], None]) -> list[Found]:
    """What has no kernel yet; ``say`` hears which software area does not answer."""
    present = _Present(find_all())
    everything = [*_conda(), *_venvs(), *_modules(), *_releases(cvmfs, say)]
    return [one for one in everything if not present.has(one)]


class _Present:
    """What the kernels that are there were made of: by kernelkit's record, or by the program that others start."""

    def __init__(self, specs: list[Kernelspec]) -> None:
        self._values = {value for spec in specs for value in _values(spec)}
        commands = [spec.document.get("argv") for spec in specs if spec.document and not record(spec.document)]
        self._programs = [str(argv[0]) for argv in commands if isinstance(argv, list) and argv]

    def has(self, one: Found) -> bool:
        if (one.argv[0], one.name) in self._values:
            return True
        return one.name.startswith("/") and any(program.startswith(f"{one.name}/bin/") for program in self._programs)


def _values(spec: Kernelspec) -> Iterator[tuple[str, str]]:
    made = record(spec.document)
    if made:
        name = str(made["definition"].get("name"))
        yield from ((name, str(value)) for value in made.get("asked", {}).values())
        yield from ((name, str(pin.get("value"))) for pin in made["choice"].values() if isinstance(pin, dict))


def _conda() -> Iterator[Found]:
    listed = _lines(Path("~/.conda/environments.txt").expanduser())
    roots = [Path(root).expanduser() for root in CONDA_ROOTS]
    inside = [Path(root, name) for root in (root / "envs" for root in roots) for name in _names(root)]
    for prefix in dict.fromkeys([*map(Path, listed), *roots, *inside]):
        if (prefix / "conda-meta").is_dir() and (prefix / "bin/python").exists():
            yield Found(
                "conda", str(prefix), ("conda", "--conda-prefix", str(prefix), "--name", _name("conda", prefix))
            )


def _venvs() -> Iterator[Found]:
    named = [os.environ[name] for name in ("VIRTUAL_ENV",) if os.environ.get(name)]
    folders = [os.environ.get("WORKON_HOME") or "", *VENV_FOLDERS]
    inside = [Path(folder, name) for folder in _expanded(folders) for name in _names(folder)]
    candidates = [*map(Path, named), *inside, *(place / ".venv" for place in inside)]
    for place in dict.fromkeys(candidates):
        if (place / "pyvenv.cfg").is_file() and str(place) != sys.prefix:
            label = place.parent if place.name == ".venv" else place
            yield Found("venv", str(place), ("python", "--venv", str(place), "--name", _name("python", label)))


def _expanded(folders: list[str]) -> list[Path]:
    return [Path(folder).expanduser() for folder in folders if folder]


def _modules() -> Iterator[Found]:
    folders = [entry for entry in os.environ.get("MODULEPATH", "").split(os.pathsep) if entry] or list(MODULE_FOLDERS)
    names: dict[str, None] = {}
    for folder in map(Path, folders):
        for name in filter(WITH_PYTHON.fullmatch, _names(folder)):
            versions = [f"{name}/{version.removesuffix('.lua')}" for version in _names(folder / name)]
            names |= dict.fromkeys(versions or [name])
    yield from (Found("module", name, ("modules", "--load", name)) for name in names)


def _releases(cvmfs: str | None, say: Callable[[str], None]) -> Iterator[Found]:
    for name, option in RELEASES.items():
        if name not in catalogue.definition_files():
            continue
        try:
            definition = reading.load(name)
            listed, where = offered(definition, option, cvmfs)
        except DefinitionError:
            continue
        except SoftwareError as error:
            say(error.problem)
            continue
        place = ("--cvmfs", cvmfs) if cvmfs else ()
        for release in filter(lambda one: _fits(one, where.host), ordered(listed.releases, where.host)):
            yield Found("release", release.name, (name, definition.options[option].flag, release.name, *place))


def _fits(release: Release, host: Host) -> bool:
    return not release.hidden and host.fit(release.machine, release.system) in FITS


def _name(definition: str, place: Path) -> str:
    """The name of a kernel for a folder."""
    return f"{definition}-" + (re.sub(r"[^a-z0-9._-]+", "-", place.name.lower()).strip("-._") or "environment")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(
            entry.name for entry in os.scandir(folder) if not entry.name.startswith(".") or entry.name == ".venv"
        )
    except OSError:
        return []


def _lines(file: Path) -> list[str]:
    try:
        return [
            line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]
    except OSError:
        return []


def from_shell(environment: Mapping[str, str]) -> dict[str, object]:
    """The step that makes what this shell has active: a virtual environment, conda's, or modules; empty for none."""
    if environment.get("VIRTUAL_ENV"):
        return {"use": "venv", "path": environment["VIRTUAL_ENV"]}
    if environment.get("CONDA_PREFIX"):
        return {"use": "conda", "prefix": environment["CONDA_PREFIX"]}
    loaded = [name for name in environment.get("LOADEDMODULES", "").split(":") if name]
    return {"use": "modules", "load": loaded} if loaded else {}
