"""From a definition and what was asked to a choice: each option pinned to one value."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kernelkit import requirements, texts
from kernelkit.catalogue import did_you_mean
from kernelkit.choice import Choice, Pinned, kernelspec_name
from kernelkit.definition import NAME, VARIABLE_NAME, Definition, Option, Step
from kernelkit.errors import UsageError
from kernelkit.platformtag import this_host
from kernelkit.releases import Area, Listings, Offer, offer
from kernelkit.requirements import Requirements
from kernelkit.schema import BOOLEAN, STRING, STRING_TABLE, STRINGS
from kernelkit.selection import select, select_default

ENVIRONMENT = "venv"  # the step whose environments kernelkit makes
DEFAULT_CVMFS = "/cvmfs"
LARGEST_VALUE = 128 * 1024 - 1  # bytes in one NAME=value string: MAX_ARG_STRLEN of Linux, less its NUL


# What may be asked of every definition, by its name in a site file and with its kind there. Each is a field of Asked.
COMMON = {
    "name": STRING, "cvmfs": STRING, "python": STRING, "env": STRING_TABLE, "force_platform": BOOLEAN,
    "with": STRINGS, "container": STRING, "on": STRING, "resources": STRING_TABLE,
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the user gave on the command line; an option left out is not in ``options``."""

    options: Mapping[str, str] = field(default_factory=dict)
    cvmfs: str | None = None
    python: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    force_platform: bool = False
    packages: Sequence[str] = ()
    container: str | None = None
    on: str | None = None
    resources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Question:
    """What is resolved, who hears of it, and the listings that were read already."""

    definition: Definition
    asked: Asked
    say: Callable[[str], None]
    listings: Listings


def resolve(
    definition: Definition, asked: Asked, *, say: Callable[[str], None], listings: Listings | None = None
) -> Choice:
    """Pin every option, asking the software area once for each that has releases, or once for all in ``listings``.

    ``say`` hears what a user should know, such as a build for an older system.
    Raises UsageError, DefinitionError and SoftwareError.
    """
    _refuse_bad_values(asked)
    _refuse_bad_place(asked.on, asked.resources)
    cvmfs = _pin_cvmfs(asked.cvmfs)
    where = Area(Path(cvmfs.value), this_host())
    question = _Question(definition, asked, say, listings or Listings())
    pinned: dict[str, Pinned] = {}
    for option in definition.options.values():
        given = Area(where.cvmfs, where.host, {name: p.value for name, p in pinned.items()})
        pinned[option.name] = _pin(option, given, question)
    name = name_of(definition, asked)
    _refuse_bad_name(name)
    python = Pinned("python", asked.python or definition.launch.python, asked.python or "", _source(asked.python))
    packages = requirements.read(asked.packages).lines
    choice = Choice(
        definition, name, pinned, cvmfs, python, env=asked.env, packages=packages, container=asked.container or "",
        place=asked.on or "", resources=asked.resources,
    )  # fmt: skip
    steps = (*_taken(choice), *([Step(ENVIRONMENT, {"packages": list(packages), "over": True})] if packages else []))
    choice = dataclasses.replace(choice, definition=dataclasses.replace(definition, steps=steps))
    return dataclasses.replace(choice, lists=_lists(choice))


def _lists(choice: Choice) -> dict[str, str]:
    """The digests of the files that list packages; one that cannot be read is told when it is needed."""
    steps = [step for step in choice.definition.steps if step.use == ENVIRONMENT]
    named = {str(texts.fill(step.arguments.get("requirements", ""), choice.names)) for step in steps}
    return {file: Requirements((), (Path(file),)).digest for file in named if file}


def listed_by_steps(choice: Choice) -> dict[int, Requirements]:
    """The packages that kernelkit must install for a step, by the step's number. Raises UsageError."""
    found: dict[int, Requirements] = {}
    for number, step in enumerate(choice.definition.steps, 1):
        if step.use == ENVIRONMENT:
            arguments = texts.fill(step.arguments, choice.names)
            found[number] = requirements.read(arguments.get("packages", []), arguments.get("requirements", ""))
    return {number: listed for number, listed in found.items() if listed}


def _taken(choice: Choice) -> list[Step]:
    """The definition's steps, less those whose condition comes out empty."""
    steps = choice.definition.steps
    return [step for step in steps if step.when is None or str(texts.fill(step.when, choice.names)).strip()]


def name_of(definition: Definition, asked: Asked) -> str:
    """The kernelspec's name, for which no software area need be there. Raises UsageError for an option left out."""
    if asked.name is not None:
        return asked.name
    words = {name: _word(definition, option, asked) for name, option in definition.options.items()}
    return kernelspec_name(
        definition, {name: Pinned(name, word, word, source) for name, (word, source) in words.items()}, asked.on or ""
    )


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


def _pin(option: Option, where: Area, question: _Question) -> Pinned:
    definition, asked = question.definition, question.asked
    word, source = _word(definition, option, asked)
    if option.releases is None or not word:
        return Pinned(option.name, word, word, source)
    listing = f"kernelkit releases {definition.name} {option.name}"
    choose = select_default if source == "default" else select
    selected = choose(
        question.listings.offer(option.releases, where), word, where.host, force=asked.force_platform, listing=listing
    )
    if selected.warning:
        question.say(selected.warning)
    return Pinned(option.name, selected.release.name, word, source, selected.note)


def _word(definition: Definition, option: Option, asked: Asked) -> tuple[str, str]:
    word, source = _given(definition, option, asked)
    return (str(Path(word).expanduser().absolute()) if option.path and word else word), source


def _given(definition: Definition, option: Option, asked: Asked) -> tuple[str, str]:
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


def _refuse_bad_place(on: str | None, resources: Mapping[str, str]) -> None:
    """Refuse a place that is none, and what the site would refuse there. Raises UsageError, DefinitionError."""
    if on is None:
        if resources:
            raise UsageError(f"--{next(iter(resources))} is for a place", "Say which one: --on slurm")
        return
    from kernelkit.provisioners import settings
    from kernelkit.provisioners.places import known, place_of

    here = settings.read(known(on))
    settings.check(here, {**here.defaults, **resources}, place_of(on).resources)
