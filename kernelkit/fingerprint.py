"""One digest over everything a kernel is made from, to tell whether it is still what would be made today.

Kept free of Jinja: `kernelkit list` takes one for every kernel it shows.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from kernelkit import catalogue
from kernelkit.extending import merged


def definition_digest(path: Path) -> str:
    """The digest of a definition file, those it extends, the step templates they use and the wrapper's template.

    Raises DefinitionError.
    """
    table, sources = merged(path)
    templates = [catalogue.shipped("templates") / name for name in ("setup.sh.j2", "kernel.json.j2")]
    steps = [catalogue.step_file(use) for use in sorted(_steps(table))]
    return files_digest([*sources, *templates, *(step for step in steps if step)])


def files_digest(files: list[Path]) -> str:
    """The digest of some files' bytes, in order, whatever they are called."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _steps(table: dict[str, Any]) -> set[str]:
    steps = table.get("steps")
    entries = steps if isinstance(steps, list) else []
    return {entry["use"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("use"), str)}
