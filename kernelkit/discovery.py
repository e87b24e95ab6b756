"""What this machine has that could be a kernel and is none yet. Known places are listed once; nothing is walked."""

from __future__ import annotations

import functools
import itertools
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kernelkit import reading
from kernelkit.definition import Definition
from kernelkit.errors import DefinitionError, SoftwareError
from kernelkit.kernelspecs import NATIVE, search_path
from kernelkit.lookout import View, look
from kernelkit.lookout_script import Question
from kernelkit.platformtag import Host
from kernelkit.processes import side_by_side
from kernelkit.releases import Release
from kernelkit.resolve import Asked, name_of, offered
from kernelkit.seal import record
from kernelkit.selection import FITS, ordered

LIMIT = 8.0  # seconds for all places that are looked at: with what surrounds it, below ten
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
# Where the step `modules` finds a modules program, after what LMOD_PKG and MODULESHOME say.
MODULE_PROGRAMS = (
    "/usr/share/lmod/lmod", "/usr/share/modules", "/usr/share/Modules", "/opt/lmod/lmod", "/opt/apps/lmod/lmod",
    "/opt/modules", "/apps/lmod/lmod",
)  # fmt: skip
LONGEST = 100  # characters of a folder's name that a kernel's name takes


@dataclass(frozen=True)
class Found:
    """Something a kernel could be made of: its ``kind``, what it is called, and how it is installed.

    ``label`` is what the kernel is to be called after the definition, empty where the options make its name.
    """

    kind: str
    name: str
    definition: str
    options: Mapping[str, str]
    label: str = ""
    more: tuple[str, ...] = field(default=())

    @property
    def argv(self) -> tuple[str, ...]:
        """The words behind ``kernelkit install``."""
        flags = [("--" + option.replace("_", "-"), value) for option, value in self.options.items()]
        return (self.definition, *itertools.chain.from_iterable(flags), *self.more)

    @property
    def command(self) -> str:
        """The command, quoted for a shell."""
        return shlex.join(("kernelkit", "install", *self.argv))


def found(cvmfs: str | None, *, say: Callable[[str], None]) -> list[Found]:
    """What has no kernel yet and can be installed; ``say`` hears which place does not answer, and what is left out.

    All places are looked at side by side, none for longer than ten seconds.
    """
    view, releases = _looked(cvmfs, say)
    for place in view.silent:
        say(f"{place}: did not answer within {LIMIT:.0f} s")
    present = _Present(view)
    everything = [*_environments(view, say), *_modules(view), *releases]
    return list(_named([one for one in everything if not present.has(one)], present.names))


def _looked(cvmfs: str | None, say: Callable[[str], None]) -> tuple[View, list[Found]]:
    places = functools.partial(look, _questions(), LIMIT)
    areas = [functools.partial(_releases, name, option, cvmfs, say) for name, option in RELEASES.items()]
    looks: list[Callable[[], Any]] = [places, *areas]
    view, *releases = side_by_side(lambda look: look(), looks, at_once=len(looks))
    return view, list(itertools.chain(*releases))


def _questions() -> list[Question]:
    roots = _expanded(CONDA_ROOTS)
    return [
        *(("listed", file) for file in _expanded(["~/.conda/environments.txt"])),
        *(("conda", root) for root in roots), *(("condas", f"{root}/envs") for root in roots),
        *(("venv", path) for path in _expanded([os.environ.get("VIRTUAL_ENV", "")])),
        *(("venvs", path) for path in _expanded([os.environ.get("WORKON_HOME", ""), *VENV_FOLDERS])),
        *(("modules", path) for path in _module_folders()), *(("init", path) for path in _module_programs()),
        *(("kernels", str(path)) for path in search_path()),
    ]  # fmt: skip


def _expanded(folders: tuple[str, ...] | list[str]) -> list[str]:
    return list(dict.fromkeys(str(Path(folder).expanduser().absolute()) for folder in folders if folder))


def _module_folders() -> list[str]:
    named = [entry for entry in os.environ.get("MODULEPATH", "").split(os.pathsep) if entry.startswith("/")]
    return named or list(MODULE_FOLDERS)


def _module_programs() -> list[str]:
    named = [os.environ.get(name, "") for name in ("LMOD_PKG", "MODULESHOME")]
    return [f"{root}/init/bash" for root in (*named, *MODULE_PROGRAMS) if root.startswith("/")]


class _Present:
    """The kernels that are there: their ``names``, and what they were made of.

    That is known by kernelkit's record, or by the program that others start.
    """

    def __init__(self, view: View) -> None:
        self.names = {NATIVE, *(name.lower() for _, names in view.all("kernels") for name in names or ())}
        documents = [document for _, document in view.all("kernel") if document]
        self._values = {value for document in documents for value in _values(document)}
        self._programs = [str(word) for one in documents if not record(one) for word in one["argv"]]

    def has(self, one: Found) -> bool:
        if (one.definition, one.name) in self._values:
            return True
        return one.name.startswith("/") and any(program.startswith(f"{one.name}/bin/") for program in self._programs)


def _values(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    made = record(document)
    if made:
        name = str(made["definition"].get("name"))
        yield from ((name, str(value)) for value in made.get("asked", {}).values())
        yield from ((name, str(pin.get("value"))) for pin in made["choice"].values() if isinstance(pin, dict))


def _environments(view: View, say: Callable[[str], None]) -> Iterator[Found]:
    """Conda's and virtual ones, each folder once, whichever way leads to it."""
    seen: set[str] = set()
    gone: list[str] = []
    for kind, definition, option in (("conda", "conda", "conda_prefix"), ("venv", "python", "venv")):
        for path, answer in view.all(kind):
            if not answer or answer["is"] in seen or path == sys.prefix or not _can_be_named(path):
                continue
            seen.add(answer["is"])
            if answer["runs"]:
                place = Path(path).parent if Path(path).name == ".venv" else Path(path)
                yield Found(kind, path, definition, {option: path}, _label(place))
            else:
                gone.append(path)
    if gone:
        say(f"left out, since they have no Python that can be run: {', '.join(gone)}")


def _can_be_named(path: str) -> bool:
    """Whether a command line and the variable PATH can hold it: it has no colon, and no byte that is no character."""
    return path.isprintable() and os.pathsep not in path


def _label(place: Path) -> str:
    """What a folder adds to the name of a kernel."""
    return re.sub(r"[^a-z0-9._-]+", "-", place.name.lower())[:LONGEST].strip("-._") or "environment"


def _modules(view: View) -> Iterator[Found]:
    """The modules that the modules program of this machine can read; none where there is no such program."""
    languages: list[str] = next((known for path in _module_programs() if (known := view.of("init", path))), [])
    listed = [module for folder in _module_folders() for module in view.of("modules", folder) or ()]
    for name in dict.fromkeys(name for name, language in listed if language in languages and name.isprintable()):
        yield Found("module", name, "modules", {"load": name})


def _releases(name: str, option: str, cvmfs: str | None, say: Callable[[str], None]) -> list[Found]:
    definition = _definition(name, option)
    if definition is None:
        return []
    try:
        listed, where = offered(definition, option, cvmfs)
    except SoftwareError as error:
        say(error.problem)
        return []
    place = ("--cvmfs", cvmfs) if cvmfs else ()
    fitting = [release for release in ordered(listed.releases, where.host) if _fits(release, where.host)]
    return [Found("release", one.name, name, {option: one.name}, more=place) for one in fitting]


def _fits(release: Release, host: Host) -> bool:
    return not release.hidden and host.fit(release.machine, release.system) in FITS


@functools.cache
def _definition(name: str, *options: str) -> Definition | None:
    """A definition that has these options; None where this machine's has not, or there is none that can be read."""
    try:
        definition = reading.load(name)
    except DefinitionError:
        return None
    return definition if set(options) <= definition.options.keys() else None


def _named(rows: list[Found], taken: set[str]) -> Iterator[Found]:
    """Each with a name of its own: none of these rows' and none that a kernel has already."""
    names = set(taken)
    for one in rows:
        definition = _definition(one.definition, *one.options)
        if definition is None:
            continue
        usual = name_of(definition, Asked(one.options))
        wanted = f"{one.definition}-{one.label}" if one.label else usual
        numbered = (f"{wanted}-{number}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([wanted], numbered) if name not in names)
        names.add(name)
        yield one if name == usual else replace(one, more=(*one.more, "--name", name))


def from_shell(environment: Mapping[str, str]) -> dict[str, object]:
    """The step that makes what this shell has active: a virtual environment, conda's, or modules; empty for none."""
    if environment.get("VIRTUAL_ENV"):
        return {"use": "venv", "path": environment["VIRTUAL_ENV"]}
    if environment.get("CONDA_PREFIX"):
        return {"use": "conda", "prefix": environment["CONDA_PREFIX"]}
    loaded = [name for name in environment.get("LOADEDMODULES", "").split(":") if name]
    return {"use": "modules", "load": loaded} if loaded else {}
