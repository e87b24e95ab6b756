"""The classes that Jupyter finds by their entry points."""

from __future__ import annotations

from typing import ClassVar

from kernelkit.provisioners.explained import ExplainedProvisioner


class SlurmProvisioner(ExplainedProvisioner):
    """A kernel on a node of a Slurm cluster."""

    place_name: ClassVar[str] = "slurm"


class HTCondorProvisioner(ExplainedProvisioner):
    """A kernel in a slot of an HTCondor pool."""

    place_name: ClassVar[str] = "htcondor"
