"""Kernels verified on the nodes of a batch system, each of them where it would run."""

from kernelkit.fleet.plan import Fleet, plan
from kernelkit.fleet.runner import verify_on_nodes

__all__ = ["Fleet", "plan", "verify_on_nodes"]
