"""Key4hep: releases by their dates, in the layout of its repository."""

from __future__ import annotations

from pathlib import Path

from kernelkit.sandbox import interpreter, scripts
from kernelkit.sandbox.interpreter import Interpreter

RELEASES = ("2024-10-03", "2025-01-28")
SYSTEM = "almalinux9-gcc14.2.0-opt"
ROOT_VERSION = "6.34.02"


def lay_out(key4hep: Path, arch: str, python: Interpreter, copied: Path, packages: Path) -> None:
    """Make every release with a Python and a ROOT; ``packages`` holds the Jupyter kernel for all of them."""
    for release in RELEASES:
        home = key4hep / "releases" / release / f"{arch}-{SYSTEM}" / "key4hep-stack" / f"{release}-sandbox"
        scripts.copy("key4hep-stack", home)
        interpreter.link(copied, home / "python")
        interpreter.link(packages, home / "site-packages")
        scripts.copy_root(home / "root", ROOT_VERSION, python.release)
