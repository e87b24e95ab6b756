"""The nodes of a batch system: what must be known of them, and how a job is bound to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol


@dataclass(frozen=True)
class Node:
    """A node as its batch system describes it.

    ``refuses`` says in its words why it takes no job now, and is empty where it does; ``busy`` ranks how long a job may
    have to wait there, the smallest first.
    """

    name: str
    refuses: str = ""
    busy: int = 0


class Nodes(Protocol):
    """What knows the nodes of a batch system. Its methods block; none keeps a state.

    ``default`` says of what nodes are listed where no partition is named, ``advice`` how a user sees all of them.
    """

    default: ClassVar[str]
    advice: ClassVar[str]

    def listed(self, partition: str) -> list[Node]:
        """The nodes of a partition, or of the default one for an empty name. Raises UsageError, PlaceError."""
        ...

    def names(self, text: str) -> list[str]:
        """The nodes that a text names, in the batch system's own way of writing lists. Raises PlaceError."""
        ...

    def pinned(self, node: str) -> Sequence[str]:
        """The options with which a job runs on this node and on no other; pure."""
        ...
