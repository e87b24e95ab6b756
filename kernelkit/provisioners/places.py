"""The places that there are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from kernelkit.catalogue import did_you_mean
from kernelkit.errors import UsageError
from kernelkit.provisioners.htcondor import HTCondor
from kernelkit.provisioners.place import Place
from kernelkit.provisioners.slurm import Slurm
from kernelkit.provisioners.tools import Tools

PLACES: dict[str, Callable[[Tools], Place]] = {"slurm": Slurm, "htcondor": HTCondor}
PREFIX = "kernelkit-"  # of a provisioner's name in kernel.json


def known(name: str) -> str:
    """The name, if there is such a place. Raises UsageError with the nearest one."""
    if name not in PLACES:
        raise UsageError(f"--on {name}: no such place{did_you_mean(name, PLACES)}", f"There are: {', '.join(PLACES)}.")
    return name


@functools.cache
def place_of(name: str, programs: str = "") -> Place:
    """A place whose commands are looked for in the folder ``programs`` first."""
    return PLACES[name](Tools(programs))


def declared(metadata: Mapping[str, object]) -> tuple[str, Mapping[str, str]] | None:
    """The place that a kernel.json's metadata names, with the resources asked for; None for a local kernel."""
    entry = metadata.get("kernel_provisioner")
    name = entry.get("provisioner_name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or name.removeprefix(PREFIX) not in PLACES or not name.startswith(PREFIX):
        return None
    config = entry.get("config") if isinstance(entry, dict) else None
    return name.removeprefix(PREFIX), {key: str(value) for key, value in (config or {}).items()}
