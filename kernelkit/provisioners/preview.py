"""What a batch system would be given for an installed kernel, without handing anything in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernelkit.provisioners import settings
from kernelkit.provisioners.places import declared, place_of
from kernelkit.provisioners.script import request, script


def preview(document: Mapping[str, Any], folder: Path) -> str | None:
    """The job's script for a kernel.json in its folder; None where it names no place. Raises DefinitionError."""
    placed = declared(document.get("metadata", {}))
    if placed is None:
        return None
    name, resources = placed
    here = settings.read(name)
    asked = request(here, {**here.defaults, **resources}, document, str(folder), here.mailboxes / "KERNEL-ID")
    return script(place_of(name, here.programs), asked)
