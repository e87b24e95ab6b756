"""All that a verification on nodes is made from; everything that can be refused is refused here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernelkit.fleet.choosing import choose
from kernelkit.fleet.resources import of_kernels
from kernelkit.provisioners import settings
from kernelkit.provisioners.amounts import seconds
from kernelkit.provisioners.fleets import nodes_of
from kernelkit.provisioners.nodes import Node, Nodes
from kernelkit.provisioners.place import Place
from kernelkit.provisioners.places import known, place_of
from kernelkit.provisioners.settings import Settings
from kernelkit.verify import Target

SPARE = 5  # minutes beyond what the kernels can take


@dataclass(frozen=True)
class Conditions:
    """How each kernel is verified: ``timeout`` in seconds as for ``verify``; ``strict`` and ``fail_fast`` as there."""

    timeout: float
    strict: bool = False
    fail_fast: bool = False


@dataclass(frozen=True)
class Fleet:
    """Which kernels are verified on which nodes of a place, and how.

    At most ``width`` nodes have a job at a time. One of which nothing is heard for ``patience`` seconds is given up.
    """

    place: str
    settings: Settings
    nodes: tuple[Node, ...]
    targets: tuple[Target, ...]
    resources: Mapping[str, str]
    conditions: Conditions
    width: int
    patience: float

    @property
    def system(self) -> Place:
        """The batch system."""
        return place_of(self.place, self.settings.programs)

    @property
    def lister(self) -> Nodes:
        """What knows its nodes."""
        return nodes_of(self.place, self.settings.programs)

    @property
    def kernels_at_once(self) -> int:
        """How many kernels run side by side on a node: one for each core that is asked for."""
        return int(self.resources.get("cpus", "1"))


def plan(
    targets: Sequence[Target],
    *,
    place: str,
    nodes: str,
    asked: Mapping[str, str],
    conditions: Conditions,
    width: int,
    patience: float,
) -> Fleet:
    """Ask the batch system for its nodes. ``asked`` are resources; what is missing there is what the kernels ask for
    themselves, and the site's defaults.

    Raises UsageError for a place, node, partition or resource that cannot be, PlaceError where the batch system is
    silent.
    """
    here = settings.read(known(place))
    own = of_kernels(targets, place)
    resources = {**here.defaults, **own, "time": _time(targets, conditions, here), **asked}
    settings.check(here, resources, place_of(place, here.programs).resources)
    lister = nodes_of(place, here.programs)
    found = choose(lister, nodes, resources.get("partition", ""))
    launched = tuple(Target(target.name, target.path, here=True) for target in targets)
    return Fleet(place, here, tuple(found), launched, resources, conditions, width, patience)


def _time(targets: Sequence[Target], conditions: Conditions, here: Settings) -> str:
    """The longest that a job may run, in minutes: short, so that it is soon given a place; no more than the site's."""
    for_each = math.ceil(2 * conditions.timeout / 60) + 1
    minutes = SPARE + for_each * len(targets)
    limit = here.limits.get("time")
    return limit if limit and seconds(limit) < minutes * 60 else str(minutes)
