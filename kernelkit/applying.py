"""Make a scope hold the kernels that a site file lists: all is planned before anything is done."""

from __future__ import annotations

import collections
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kernelkit import making
from kernelkit.errors import DefinitionError, KernelkitError
from kernelkit.install import install, remove
from kernelkit.kernel import SPEC_FILE, Kernel
from kernelkit.kernelspecs import Kernelspec, read
from kernelkit.plan import plan
from kernelkit.scopes import Scope
from kernelkit.seal import record
from kernelkit.site import Wanted

Say = Callable[[str], None]


@dataclass(frozen=True)
class Step:
    """One kernel: ``action`` is create, update, unchanged, remove or failed, with the error that it failed with."""

    action: str
    name: str
    kernel: Kernel | None = None
    spec: Kernelspec | None = None
    error: KernelkitError | None = None


def steps(wanted: Sequence[Wanted], scope: Scope, *, build: bool, prune: bool, say: Say) -> list[Step]:
    """What must be done. Raises DefinitionError where two entries make kernels of one name."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = list(pool.map(lambda one: _planned(one, scope, build, say), wanted))
    counts = collections.Counter(step.name for step in made if step.kernel)
    twice = [f"two kernels would be called {name!r}: give one a 'name'" for name, count in counts.items() if count > 1]
    if twice:
        raise DefinitionError(twice)
    return [*made, *(_surplus(scope, set(counts)) if prune else [])]


def do(step: Step, scope: Scope) -> Step:
    """Do one step; one that fails comes back as failed, so that the others go on."""
    try:
        if step.kernel and step.action != "unchanged":
            install(step.kernel, scope, replace=False)
        if step.spec:
            remove(step.spec, force=False)
    except KernelkitError as error:
        return Step("failed", step.name, error=error)
    return step


def _planned(one: Wanted, scope: Scope, build: bool, say: Say) -> Step:
    name = one.asked.name or one.definition.name
    try:
        kernel = making.make(one.definition, one.asked, scope, build=build, say=say)
        return Step(plan(kernel, scope, replace=False).action, kernel.name, kernel)
    except KernelkitError as error:
        return Step("failed", name, error=error)


def _surplus(scope: Scope, kept: set[str]) -> list[Step]:
    """The kernels there that kernelkit made and the site file does not list."""
    folders = sorted(scope.kernels.iterdir()) if scope.kernels.is_dir() else []
    specs = [read(folder.name.lower(), folder) for folder in folders if _is_spec(folder) and folder.name not in kept]
    return [Step("remove", spec.name, spec=spec) for spec in specs if record(spec.document)]


def _is_spec(folder: Path) -> bool:
    return (folder / SPEC_FILE).is_file()
