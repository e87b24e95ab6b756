"""The whole way on a sandbox: what a newcomer tries, and what the tests stand on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kernelkit import making, reading, sandbox
from kernelkit.install import install
from kernelkit.resolve import Asked
from kernelkit.scopes import Scope
from kernelkit.verify import Target, Verdict, verify

DEFINITIONS = ("atlas", "belle2")


def run(folder: Path, *, say: Callable[[str], None]) -> list[Verdict]:
    """Make ``folder``/cvmfs, install the kernels in ``folder``/jupyter, and launch them. Raises KernelkitError."""
    say("1. A sandbox: a small tree that behaves as the experiments' CVMFS repositories do")
    cvmfs = sandbox.build(folder, python2=sandbox.find_python2(), say=lambda line: say(f"   {line}"))
    scope = Scope("data-dir", folder / "jupyter")
    say("2. Kernels from it")
    targets = [_installed(name, cvmfs, scope, say) for name in DEFINITIONS]
    say("3. Launched as Jupyter would, side by side")
    return verify(targets, jobs=len(targets), timeout=60, fail_fast=False, on_event=lambda _: None)


def _installed(name: str, cvmfs: Path, scope: Scope, say: Callable[[str], None]) -> Target:
    asked = Asked(cvmfs=str(cvmfs))
    kernel = making.make(reading.load(name), asked, scope, build=True, say=lambda line: say(f"   {line}"))
    target = install(kernel, scope, replace=False).target
    say(f"   {kernel.name}: {kernel.document['display_name']}")
    return Target(kernel.name, target)
