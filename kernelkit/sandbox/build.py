"""Laying out the whole tree, and putting it in its place in one go."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from kernelkit.errors import RefusedError
from kernelkit.sandbox import atlas, belle, interpreter, key4hep, lcg, scripts

MARKER = "SANDBOX.txt"
STAGE = ".cvmfs-stage-"


def build(target: Path, *, python2: Path | None = None, say: Callable[[str], None]) -> Path:
    """Build, or build again, the sandbox ``target/cvmfs`` and return that folder.

    ``python2`` is a CPython 2.7 for the releases of its time; without one they get this Python, and their
    names say so. Raises RefusedError where ``cvmfs`` holds anything that is not a sandbox, SoftwareError where
    an interpreter or a package to copy cannot be had.
    """
    final = target / "cvmfs"
    _refuse_foreign(final)
    target.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=target))
    try:
        _lay_out(stage / "cvmfs", python2, say)
        _swap(stage, final)
    finally:
        shutil.rmtree(stage)
    say(f"the sandbox is at {final}")
    return final


def _refuse_foreign(final: Path) -> None:
    if final.is_dir() and not final.is_symlink() and ((final / MARKER).is_file() or not any(final.iterdir())):
        return
    if final.exists() or final.is_symlink():
        raise RefusedError(
            f"{final} exists and is not a sandbox (no {MARKER} in it)", "choose another folder, or move it away"
        )


def _lay_out(cvmfs: Path, python2: Path | None, say: Callable[[str], None]) -> None:
    arch = platform.machine()
    say("copying the scripts")
    scripts.copy("cvmfs", cvmfs)
    current = interpreter.ask(Path(getattr(sys, "_base_executable", sys.executable)))
    old = interpreter.ask(python2) if python2 else current
    say(f"ATLAS: ROOT releases with Python {old.release} and {current.release}")
    copied = atlas.lay_out(cvmfs / "atlas.cern.ch" / "repo" / "ATLASLocalRootBase", arch, current, old)
    atlas.lay_out_projects(cvmfs / "atlas.cern.ch" / "repo" / "sw" / "software", arch, current, copied)
    say("Belle II: releases of basf2, and the Python they bring, with ipykernel")
    packages = belle.lay_out(cvmfs / "belle.cern.ch", arch, current, copied)
    say("LCG: views, with ipykernel")
    lcg.lay_out(cvmfs / "sft.cern.ch" / "lcg", arch, current, copied, packages)
    say("Key4hep: releases, with ipykernel")
    key4hep.lay_out(cvmfs / "sw.hsf.org" / "key4hep", arch, current, copied, packages)


def _swap(stage: Path, final: Path) -> None:
    """Put the new tree in the old one's place; the old one comes back where that fails or is interrupted."""
    if not final.exists():
        (stage / "cvmfs").rename(final)
        return
    final.rename(stage / "old")
    try:
        (stage / "cvmfs").rename(final)
    finally:
        if not final.exists():
            (stage / "old").rename(final)
