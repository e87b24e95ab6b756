"""HTCondor's machines: one query of the collector's ads of their slots, and a job that is matched with one alone.

States and attributes are those of the HTCondor manual ("Machine ClassAd Attributes", condor_drain(1)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from kernelkit.errors import UsageError
from kernelkit.provisioners import schedd
from kernelkit.provisioners.htcondor import talking
from kernelkit.provisioners.nodes import Node
from kernelkit.provisioners.place import PlaceError
from kernelkit.provisioners.tools import Tools

# A slot in state Owner is one whose START does not hold, whatever the job: the startd has looked at it already.
ATTRIBUTES = ["Machine", "Name", "State", "Activity", "Start", "Offline", "Draining", "DrainReason",
              "PartitionableSlot", "Cpus"]  # fmt: skip
Slot = Mapping[str, Any]


class HTCondorNodes:
    """Lists machines and binds jobs to them. A machine that the collector has forgotten is none."""

    default: ClassVar[str] = "the pool"
    advice: ClassVar[str] = "`condor_status -compact` shows them all."

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def listed(self, partition: str) -> list[Node]:
        """All machines of the pool. Raises PlaceError, also where there is none; UsageError for a partition."""
        if partition:
            raise UsageError("--partition: HTCondor has no partitions", self.advice)
        with talking():
            slots = schedd.ask("machines", ATTRIBUTES)
        machines: dict[str, list[Slot]] = {}
        for slot in slots:
            machines.setdefault(str(slot["Machine"]), []).append(slot)
        if not machines:
            raise PlaceError("HTCondor: the pool has no machine now", "`condor_status` shows its slots.")
        return [_node(name, machines[name]) for name in sorted(machines)]

    def names(self, text: str) -> list[str]:
        """Names of machines, with commas between them."""
        return [name.strip() for name in text.split(",") if name.strip()]

    def pinned(self, node: str) -> Sequence[str]:
        """Beside what else is required: HTCondor.directives joins them."""
        name = node.replace("\\", "\\\\").replace('"', '\\"')
        return [f'requirements = (Machine == "{name}")']


def _node(name: str, slots: Sequence[Slot]) -> Node:
    """It takes no job where none of its slots does."""
    refusals = [_refusal(slot) for slot in slots]
    if all(refusals):
        return Node(name, f"HTCondor says {refusals[0]}")
    return Node(name, busy=0 if any(map(_is_free, slots)) else 1)


def _refusal(slot: Slot) -> str:
    if slot.get("Offline") is True:
        return "it is offline"
    if slot.get("Draining") is True or slot["State"] == "Drained":
        why = slot.get("DrainReason")
        return f"it is {'drained' if slot['State'] == 'Drained' else 'draining'}" + (f": {why}" if why else "")
    start = slot.get("Start")
    if slot["State"] == "Owner" or start is False:
        return f"it is in state {slot['State']}: START is {'false' if start is False else start}"
    return ""


def _is_free(slot: Slot) -> bool:
    """An unclaimed slot has a core left; the partitionable one stays unclaimed until its last is given away."""
    return not _refusal(slot) and slot["State"] == "Unclaimed" and int(slot.get("Cpus") or 0) > 0
