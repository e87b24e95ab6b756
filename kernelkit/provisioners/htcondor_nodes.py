"""HTCondor's machines: by the ads of their slots that the collector has, and a job that is matched with one alone.

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

ATTRIBUTES = ["Machine", "Name", "State", "Start", "Absent", "Offline", "Draining", "DrainReason", "Cpus"]
Slot = Mapping[str, Any]


class HTCondorNodes:
    """Lists machines and binds jobs to them. One that the collector has forgotten is no machine of the pool."""

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
        return [described(name, machines[name]) for name in sorted(machines)]

    def names(self, text: str) -> list[str]:
        """Names of machines, with commas between them."""
        return [name.strip() for name in text.split(",") if name.strip()]

    def pinned(self, node: str) -> Sequence[str]:
        """Beside what else is required: HTCondor.directives joins them."""
        name = node.replace("\\", "\\\\").replace('"', '\\"')
        return [f'requirements = (Machine == "{name}")']


def described(name: str, slots: Sequence[Slot]) -> Node:
    """It takes no job where none of its slots does; what is remembered beside slots that are there does not count."""
    present = [slot for slot in slots if slot.get("Absent") is not True] or slots
    refusals = [_refusal(slot) for slot in present]
    if all(refusals):
        return Node(name, f"HTCondor says {refusals[0]}")
    return Node(name, busy=0 if any(map(_is_free, present)) else 1)


def _refusal(slot: Slot) -> str:
    for attribute in ("Absent", "Offline"):
        if slot.get(attribute) is True:
            return f"it is {attribute.lower()}"
    if slot.get("Draining") is True or slot["State"] == "Drained":
        why = slot.get("DrainReason")
        return f"it is {'drained' if slot['State'] == 'Drained' else 'draining'}" + (f": {why}" if why else "")
    if slot.get(schedd.REFUSES):
        start = slot.get("Start")
        return "its START is false" + (f": {start}" if isinstance(start, str) else "")
    return "it is in state Owner" if slot["State"] == "Owner" else ""


def _is_free(slot: Slot) -> bool:
    """The partitionable slot stays unclaimed until its last core is given away, and beyond."""
    return not _refusal(slot) and slot["State"] == "Unclaimed" and int(slot.get("Cpus") or 0) > 0
