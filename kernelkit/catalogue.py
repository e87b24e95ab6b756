"""Where definitions and step templates are found: a search path on which the first match wins."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from kernelkit.errors import DefinitionError

SUFFIX = ".toml"
STEP_SUFFIX = ".sh.j2"


def shipped(folder: str) -> Path:
    """A folder that comes with kernelkit: inside the installed package, beside it in a checkout."""
    package = Path(__file__).parent
    for place in (package / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise RuntimeError(f"kernelkit was installed without its folder {folder!r}")


def users_folder() -> Path:
    """Where a user's own definitions lie."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kernelkit/kernels"


def search_path() -> list[Path]:
    """The folders that hold definitions: KERNELKIT_PATH, the user's, each prefix's, the machine's, the shipped."""
    listed = [Path(entry) for entry in os.environ.get("KERNELKIT_PATH", "").split(os.pathsep) if entry]
    prefixes = [Path(prefix, "share/kernelkit/kernels") for prefix in (sys.prefix, "/usr/local", "/usr")]
    return [
        *listed,
        users_folder(),
        *prefixes,
        Path("/etc/kernelkit/kernels"),
        shipped("kernels"),
    ]


def definition_files() -> dict[str, Path]:
    """The file of every definition that can be found, by name, sorted by name."""
    found: dict[str, Path] = {}
    for folder in search_path():
        for file in sorted([*folder.glob("*" + SUFFIX), *folder.glob("*/*" + SUFFIX)]):
            found.setdefault(file.name.removesuffix(SUFFIX), file)
    return dict(sorted(found.items()))


def definition_file(name: str) -> Path:
    """The file of one definition. Raises DefinitionError, with the nearest names, where there is none."""
    files = definition_files()
    if name not in files:
        raise DefinitionError([f"no definition is called {name!r}{did_you_mean(name, files)}"],
                              "`kernelkit definitions` lists them all.")  # fmt: skip
    return files[name]


def step_folders() -> list[Path]:
    """Where step templates lie: ``steps/`` in each folder of the search path, then the shipped ones."""
    return [*(folder / "steps" for folder in search_path()), shipped("templates") / "steps"]


def step_file(name: str) -> Path | None:
    """The template of a step, or None where no folder has one."""
    candidates = (folder / (name + STEP_SUFFIX) for folder in step_folders())
    return next((file for file in candidates if file.is_file()), None)


def step_names() -> list[str]:
    """Every step a definition may use here."""
    files = (file for folder in step_folders() for file in folder.glob("*" + STEP_SUFFIX))
    return sorted({file.name.removesuffix(STEP_SUFFIX) for file in files})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'root'?`` or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=3, cutoff=0.5)
    return "; did you mean " + " or ".join(repr(name) for name in near) + "?" if near else ""
