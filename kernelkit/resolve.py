"""From a definition and what was asked to a choice: each option pinned to one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kernelkit.catalogue import did_you_mean
from kernelkit.choice import Choice, Pinned, kernelspec_name
from kernelkit.definition import NAME, VARIABLE_NAME, Definition, Option
from kernelkit.errors import UsageError
from kernelkit.platformtag import this_host
from kernelkit.releases import Area, Offer, offer
from kernelkit.selection import select, select_default

DEFAULT_CVMFS = "/cvmfs"
LARGEST_VALUE = 128 * 1024 - 1  # bytes in one NAME=value string: MAX_ARG_STRLEN of Linux, less its NUL


@dataclass(frozen=True)
class Asked:
    """What the user gave on the command line; an option left out is not in ``options``."""

    options: Mapping[str, str] = field(default_factory=dict)
    cvmfs: str | None = None
    python: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    force_platform: bool = False


def resolve(definition: Definition, asked: Asked, *, say: Callable[[str], None]) -> Choice:
    """Pin every option, asking the software area once for each that has releases.

    ``say`` hears what a user should know, such as a build for an older system.
    Raises UsageError, DefinitionError and SoftwareError.
    """
    _refuse_bad_values(asked)
    cvmfs = _pin_cvmfs(asked.cvmfs)
    where = Area(Path(cvmfs.value), this_host())
    pinned: dict[str, Pinned] = {}
    for option in definition.options.values():
        given = Area(where.cvmfs, where.host, {name: p.value for name, p in pinned.items()})
        pinned[option.name] = _pin(definition, option, asked, given, say)
    name = kernelspec_name(definition, pinned) if asked.name is None else asked.name
    _refuse_bad_name(name)
    python = Pinned("python", asked.python or definition.launch.python, asked.python or "", _source(asked.python))
    return Choice(definition, name, pinned, cvmfs, python, env=asked.env)


def offered(definition: Definition, option: str, cvmfs: str | None) -> tuple[Offer, Area]:
    """What this machine offers for one option, with the area it was read from. Raises UsageError, SoftwareError."""
    chosen = definition.options.get(option)
    if chosen is None or chosen.releases is None:
        with_releases = [name for name, one in definition.options.items() if one.releases]
        lists = f"; its options with releases: {', '.join(with_releases)}" if with_releases else ""
        raise UsageError(
            f"{definition.name} has no releases for {option!r}{did_you_mean(option, with_releases)}{lists}"
        )
    others = {name: one.default or "" for name, one in definition.options.items()}
    where = Area(Path(_pin_cvmfs(cvmfs).value), this_host(), others)
    return offer(chosen.releases, where), where


def variable_of(definition: Definition, option: str) -> str:
    """The environment variable that sets an option: KERNELKIT_ATLAS_ROOT."""
    return f"KERNELKIT_{definition.name}_{option}".upper().replace("-", "_").replace(".", "_")


def _pin(definition: Definition, option: Option, asked: Asked, where: Area, say: Callable[[str], None]) -> Pinned:
    word, source = _word(definition, option, asked)
    if option.releases is None or not word:
        return Pinned(option.name, word, word, source)
    listing = f"kernelkit releases {definition.name} {option.name}"
    choose = select_default if source == "default" else select
    selected = choose(offer(option.releases, where), word, where.host, force=asked.force_platform, listing=listing)
    if selected.warning:
        say(selected.warning)
    return Pinned(option.name, selected.release.name, word, source, selected.note)


def _word(definition: Definition, option: Option, asked: Asked) -> tuple[str, str]:
    if option.name in asked.options:
        return asked.options[option.name], "flag"
    set_here = os.environ.get(variable_of(definition, option.name))
    if set_here:
        return set_here, "environment"
    if option.default is None:
        raise UsageError(
            f"{definition.name} needs {option.flag}",
            f"`kernelkit install {definition.name} --help` says what it takes.",
        )
    return option.default, "default"


def _pin_cvmfs(given: str | None) -> Pinned:
    word = given or os.environ.get("KERNELKIT_CVMFS") or DEFAULT_CVMFS
    source = "flag" if given else "environment" if os.environ.get("KERNELKIT_CVMFS") else "default"
    return Pinned("cvmfs", str(Path(word).absolute()), word, source)


def _source(given: str | None) -> str:
    return "flag" if given else "default"


def _refuse_bad_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a kernel's name: lower case letters, digits, '.', '_' and '-' only")


def _refuse_bad_values(asked: Asked) -> None:
    for name, value in asked.env.items():
        if not VARIABLE_NAME.fullmatch(name):
            raise UsageError(f"--env {name}={value[:40]}: {name!r} is no variable's name")
        if len(os.fsencode(f"{name}={value}")) > LARGEST_VALUE:
            raise UsageError(f"--env {name}=...: longer than the {LARGEST_VALUE} bytes Linux allows for one variable")
    if asked.python is not None and not Path(asked.python).is_absolute():
        raise UsageError(f"--python {asked.python}: must be an absolute path")
