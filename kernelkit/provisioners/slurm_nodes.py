"""Slurm's nodes: one sinfo for all of them, as Slurm describes them itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from kernelkit.errors import UsageError
from kernelkit.processes import ProcessError
from kernelkit.provisioners.nodes import Node
from kernelkit.provisioners.place import PlaceError
from kernelkit.provisioners.slurm import PATIENCE, refusal
from kernelkit.provisioners.tools import Tools

# sinfo(1), NODE STATE CODES. One that is switched off to save power takes jobs, and is switched on for them.
REFUSING = {
    "blocked", "down", "drained", "draining", "error", "fail", "failing", "future", "inval", "maint", "perfctrs",
    "reboot_issued", "unknown",
}  # fmt: skip
BUSY = {"idle": 0, "mixed": 1}
BUSIEST = 2
NO_ANSWER = "*"  # ends the state of a node that does not answer the controller


class Row(NamedTuple):
    """A line of sinfo: a node in one of its partitions."""

    partition: str
    default: bool
    node: str
    state: str
    reason: str


class SlurmNodes:
    """Lists nodes and binds jobs to them."""

    default: ClassVar[str] = "the default partition"
    advice: ClassVar[str] = "--partition names another; `sinfo` shows them all."

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def listed(self, partition: str) -> list[Node]:
        """The nodes of one or more partitions (``a,b``); of the default partition where none is named."""
        rows = list(self._rows())
        if partition:
            wanted = set(partition.split(","))
            for name in sorted(wanted - {row.partition for row in rows}):
                self._explain(name)
            chosen = [row for row in rows if row.partition in wanted]
        else:
            chosen = [row for row in rows if row.default]
            if not chosen:
                raise UsageError("Slurm has no default partition here", "name one: --partition NAME")
        return list({row.node: _node(row) for row in chosen}.values())

    def names(self, text: str) -> list[str]:
        """Slurm's way of writing lists: ``kk[1-3],login1``."""
        if "[" not in text:
            return [name for name in text.split(",") if name]
        return self._run("scontrol", "show", "hostnames", text).split()

    def pinned(self, node: str) -> Sequence[str]:
        """An array cannot bind its tasks to different nodes: --nodelist is the same for all of them."""
        return [f"--nodelist={node}"]

    def _rows(self) -> Iterator[Row]:
        for line in self._run("sinfo", "--all", "--noheader", "--Node", "--format=%P|%N|%T|%E").splitlines():
            fields = [field.strip() for field in line.split("|", 3)]
            if len(fields) == 4:
                partition, node, state, reason = fields
                yield Row(partition.rstrip("*"), partition.endswith("*"), node, state, reason)

    def _explain(self, partition: str) -> None:
        """Raise UsageError with Slurm's own words, if it has no such partition; one without nodes is none either."""
        try:
            self._run("scontrol", "show", "partition", partition)
        except PlaceError as error:
            raise UsageError(f"--partition {partition}: {error.problem}", error.advice) from error
        raise UsageError(f"--partition {partition}: Slurm has no node in it")

    def _run(self, *command: str) -> str:
        try:
            return self._tools.run(*command, timeout=PATIENCE)
        except ProcessError as error:
            raise refusal(error, command[0]) from error


def _node(row: Row) -> Node:
    base = re.split(r"[^a-z_]", row.state.lower(), maxsplit=1)[0]
    silent = row.state.endswith(NO_ANSWER)
    if base in REFUSING:
        why = f": {row.reason}" if row.reason not in ("", "none") else ""
        return Node(row.node, f"Slurm says it is {base}" + (" and does not answer" if silent else "") + why)
    # One that has just come back does not answer yet; if it never does, its job will not start.
    return Node(row.node, busy=BUSIEST if silent else BUSY.get(base, BUSIEST))
