"""The shell and Python files that make a sandbox behave like the experiments' software, as shipped."""

from __future__ import annotations

import shutil
from pathlib import Path

TREE = Path(__file__).with_name("tree")


def copy(part: str, target: Path) -> None:
    """Copy one part of the shipped tree into a folder that may exist already."""
    shutil.copytree(TREE / part, target, copy_function=_copy_script, dirs_exist_ok=True)


def _copy_script(source: str, target: str) -> None:
    """Programs are told by their first line: not every way to install a package keeps its permissions."""
    content = Path(source).read_bytes()
    Path(target).write_bytes(content)
    Path(target).chmod(0o755 if content.startswith(b"#!") else 0o644)
