"""Every option pinned to one value, each with where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernelkit.definition import Definition
from kernelkit.platformtag import PlatformTag


@dataclass(frozen=True)
class Pinned:
    """One option's value. ``source`` is ``default``, ``environment`` or ``flag``; ``note`` explains a resolution."""

    name: str
    value: str
    asked: str
    source: str
    note: str = ""

    def __str__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return bool(self.value)

    @property
    def platform(self) -> str:
        """The platform tag inside a release's name: ``x86_64-slc6-gcc49-opt``; empty where it has none."""
        tag = PlatformTag.within(self.value)
        return str(tag) if tag else ""

    @property
    def version(self) -> str:
        """The part of a release's name before flavour and platform: ``6.08.06``."""
        head = self._head()
        return head.split("-", 1)[0] if head[:1].isdigit() else head

    @property
    def flavour(self) -> str:
        """The part between version and platform: ``HiggsComb``; empty for most releases."""
        head = self._head()
        return head.partition("-")[2] if head[:1].isdigit() else ""

    def _head(self) -> str:
        return self.value.removesuffix(self.platform).removesuffix("-")


@dataclass(frozen=True)
class Runtime:
    """What starts the kernel: an interpreter and the ipykernel in it or beside it.

    ``overlay`` is a folder that the interpreter's own packages win over, or, where it is ``isolated``,
    one that wins while the kernel starts. ``spec`` is what that ipykernel declares about itself, in the
    words of kernel.json. ``module`` is the kernel where it is another than IPython's.
    """

    python: str
    version: tuple[int, int, int]
    ipykernel: str
    overlay: str | None = None
    isolated: bool = False
    spec: Mapping[str, Any] = field(default_factory=dict)
    module: str = ""


@dataclass(frozen=True)
class Made:
    """An environment that kernelkit made for a step: its folder, its interpreter and its lock.

    Without an interpreter it is a folder of packages for the one that the steps before it lead to.
    """

    path: str
    python: str
    lock: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """A definition with every option pinned; ``name`` is the kernelspec's.

    ``packages`` are the user's own, which a step of their own lays over the environment. ``environments`` are those
    that kernelkit made, by the number of their step; ``lists`` are the files that list packages, each with its digest.

    ``fallback`` is the Python that shows in the notebook why a start failed: the one kernelkit is installed in.
    ``user_hook`` says whether a script of the user's own runs after the steps, and ``container`` is
    the image that was asked for with ``--container``. ``place`` is where the kernel runs, empty for here, with the
    ``resources`` to ask for there.
    """

    definition: Definition
    name: str
    options: Mapping[str, Pinned]
    cvmfs: Pinned
    python: Pinned
    env: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    lists: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[int, Made] = field(default_factory=dict)
    runtime: Runtime | None = None
    fallback: str = ""
    user_hook: bool = True
    container: str = ""
    place: str = ""
    resources: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, Pinned | str]:
        """What the strings of the definition may mention."""
        return {**self.options, "cvmfs": self.cvmfs.value}

    @property
    def asked(self) -> dict[str, str]:
        """What the user gave explicitly, by option: with the definition, it tells one choice from another."""
        given = [*self.options.values(), self.cvmfs, self.python]
        packages = {"with": "\n".join(self.packages)} if self.packages else {}
        container = {"container": self.container} if self.container else {}
        placed = {"on": self.place, **{f"on.{k}": v for k, v in self.resources.items()}} if self.place else {}
        variables = {f"env.{k}": v for k, v in self.env.items()}
        return {p.name: p.asked for p in given if p.source != "default"} | variables | packages | container | placed


def kernelspec_name(definition: Definition, options: Mapping[str, Pinned], place: str) -> str:
    """The definition's name, options given explicitly in the definition's order, the place; paths add nothing."""
    given = [options[name].asked for name in definition.options if options[name].source != "default"]
    parts = [part for part in given if not part.startswith(("/", "~", "."))]
    return re.sub(r"[^a-z0-9._-]+", "-", "-".join([definition.name, *parts, *([place] if place else [])]).lower())
