"""What kernels that are made for a place ask for themselves, for the jobs that verify them there."""

from __future__ import annotations

from collections.abc import Sequence

from kernelkit.kernelspecs import read
from kernelkit.provisioners.amounts import amount
from kernelkit.provisioners.places import declared
from kernelkit.verify import Target

LARGEST = ("cpus", "memory")
COMMON = ("partition", "account", "gpus")


def of_kernels(targets: Sequence[Target], place: str) -> dict[str, str]:
    """The largest memory and number of cores, and what else all of them agree on, since one job is for all."""
    asked = [_of_kernel(target, place) for target in targets]
    found: dict[str, str] = {}
    for name in (*LARGEST, *COMMON):
        values = {one[name] for one in asked if name in one}
        if values and name in LARGEST:
            found[name] = max(values, key=lambda value: amount(name, value))
        elif len(values) == 1:
            found[name] = values.pop()
    return found


def _of_kernel(target: Target, place: str) -> dict[str, str]:
    """Nothing for a kernel of another place, or one that cannot be read, which its own verification tells."""
    document = read(target.name, target.path).document or {}
    metadata = document.get("metadata")
    placed = declared(metadata) if isinstance(metadata, dict) else None
    return dict(placed[1]) if placed and placed[0] == place else {}
