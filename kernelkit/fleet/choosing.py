"""The nodes that a user means."""

from __future__ import annotations

from kernelkit.catalogue import did_you_mean
from kernelkit.errors import UsageError
from kernelkit.provisioners.nodes import Node, Nodes

ALL = "all"


def choose(lister: Nodes, text: str, partition: str) -> list[Node]:
    """All nodes of a partition or a pool, or those that are named, each once. Raises UsageError, with near names."""
    names = [] if text == ALL else list(dict.fromkeys(lister.names(text)))
    if text != ALL and not names:
        raise UsageError("--nodes: no node is named", "name some, with commas between them, or say: all")
    listed = {node.name: node for node in lister.listed(partition)}
    for name in names:
        if name not in listed:
            where = f"partition {partition}" if partition else lister.default
            raise UsageError(
                f"--nodes: no node of {where} is called {name!r}{did_you_mean(name, listed)}", lister.advice
            )
    return [listed[name] for name in names or listed]
