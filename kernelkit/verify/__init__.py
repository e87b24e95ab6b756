"""Kernels launched exactly as a Jupyter server would, and a verdict on each."""

from kernelkit.verify.runner import verify
from kernelkit.verify.verdict import Check, Event, Phase, Status, Target, Verdict

__all__ = ["Check", "Event", "Phase", "Status", "Target", "Verdict", "verify"]
