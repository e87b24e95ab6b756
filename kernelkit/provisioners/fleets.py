"""The batch systems whose nodes can be named one by one."""

from __future__ import annotations

from collections.abc import Callable

from kernelkit.errors import UsageError
from kernelkit.provisioners.htcondor_nodes import HTCondorNodes
from kernelkit.provisioners.nodes import Nodes
from kernelkit.provisioners.slurm_nodes import SlurmNodes
from kernelkit.provisioners.tools import Tools

NODES: dict[str, Callable[[Tools], Nodes]] = {"slurm": SlurmNodes, "htcondor": HTCondorNodes}


def nodes_of(place: str, programs: str = "") -> Nodes:
    """What knows the nodes of a place. Raises UsageError where they cannot be named."""
    if place not in NODES:
        raise UsageError(f"--nodes: kernelkit cannot name the nodes of {place}", f"it can for {', '.join(NODES)}")
    return NODES[place](Tools(programs))
