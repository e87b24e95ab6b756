"""Make a scope hold the kernels that a site file lists: all is planned before anything is done.

Planning reads the software area's listings once and runs nothing: a kernel is kept where it was made from the very
choice, definition and kernelkit that would make it today, and its interpreter is still there.
"""

from __future__ import annotations

import collections
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kernelkit import area, differences, making, plan, unused
from kernelkit.choice import Choice
from kernelkit.errors import DefinitionError, KernelkitError, SoftwareError
from kernelkit.install import install, remove
from kernelkit.kernel import SPEC_FILE, Kernel
from kernelkit.kernelspecs import Kernelspec, read
from kernelkit.processes import side_by_side
from kernelkit.releases import Listings
from kernelkit.render import origin
from kernelkit.resolve import name_of, resolve
from kernelkit.scopes import Scope
from kernelkit.seal import record
from kernelkit.site import Wanted

Say = Callable[[str], None]
CREATE, CHANGE, KEEP, REMOVE, FAILED = "create", "change", "keep", "remove", "failed"


@dataclass(frozen=True)
class Step:
    """One kernel: what is done about it, and ``why``: what differs. One that failed has the error it failed with."""

    action: str
    name: str
    why: str = ""
    choice: Choice | None = None
    spec: Kernelspec | None = None
    error: KernelkitError | None = None
    by_force: bool = False


def steps(wanted: Sequence[Wanted], scope: Scope, *, replace: bool, prune: bool, say: Say) -> list[Step]:
    """What must be done. Raises DefinitionError where two entries make kernels of one name."""
    names = [_name(one) for one in wanted]
    _refuse_twice(wanted, names)
    round_ = _Round(scope, Listings(), _once(say), replace)
    planned = [_planned(one, name, round_) for one, name in zip(wanted, names, strict=True)]
    planned = _without_software(planned, say)
    return [*planned, *(_surplus(scope, set(names)) if prune else [])]


def do(planned: Sequence[Step], scope: Scope, *, prove: Callable[[Kernel], None], say: Say) -> Iterator[Step]:
    """Do the steps side by side, and hand each back when it and all before it are done.

    One that fails comes back as failed, and the others go on. An interrupt ends what runs and begins nothing more.
    """
    return side_by_side(lambda step: _done(step, scope, prove, say), planned)


def _name(one: Wanted) -> str:
    """The name that an entry's kernel has whatever its software area offers; for one at fault, the likeliest."""
    try:
        return name_of(one.definition, one.asked)
    except KernelkitError:
        return one.definition.name


def _refuse_twice(wanted: Sequence[Wanted], names: Sequence[str]) -> None:
    entries = collections.defaultdict(list)
    for one, name in zip(wanted, names, strict=True):
        entries[name].append(one.key)
    faults = [
        f"{' and '.join(keys)} would both be called {name!r}: give one a 'name'"
        for name, keys in entries.items()
        if len(keys) > 1
    ]
    if faults:
        raise DefinitionError(faults)


def _once(say: Say) -> Say:
    """The same remark about ten kernels is made once."""
    heard: set[str] = set()

    def tell(text: str) -> None:
        if text not in heard:
            heard.add(text)
            say(text)

    return tell


@dataclass(frozen=True)
class _Round:
    """What the entries of one file share; with ``replace`` what is not kernelkit's own may go."""

    scope: Scope
    listings: Listings
    say: Say
    replace: bool


def _planned(one: Wanted, name: str, round_: _Round) -> Step:
    try:
        choice = resolve(one.definition, one.asked, say=round_.say, listings=round_.listings)
        target = plan.place_for(choice.name, round_.scope)
        if not os.path.lexists(target):
            return Step(CREATE, name, choice=choice)
        present = read(name, target)
        reason = plan.reason_to_keep(present)
        if reason and not round_.replace:
            raise plan.refusal(name, target, reason)
    except KernelkitError as error:
        return Step(FAILED, name, error=error)
    made = record(present.document)
    found = differences.of_origins(made, origin(choice), sys.executable) if made else []
    why = "; ".join([f"it {reason}"] * bool(reason) + found)
    return Step(CHANGE if why else KEEP, name, why, choice, present, by_force=bool(reason))


def _without_software(planned: list[Step], say: Say) -> list[Step]:
    """The kernels that would be kept, but that have lost what starts them, are made again."""
    needs = {number: _needs(step.spec) for number, step in enumerate(planned) if step.action == KEEP and step.spec}
    try:
        gone = area.missing(sorted({path for paths in needs.values() for path in paths}))
    except SoftwareError as error:
        say(f"kernelkit: {error}")
        return planned
    for number, paths in needs.items():
        lost = next((path for path in paths if path in gone), None)
        if lost:
            planned[number] = replace(planned[number], action=CHANGE, why=f"{lost} is gone")
    return planned


def _needs(spec: Kernelspec) -> list[str]:
    """The paths without which a kernel of ours does not start."""
    made = record(spec.document) or {}
    named = [(made.get("interpreter") or {}).get("path"), (made.get("ipykernel") or {}).get("overlay")]
    return [str(path) for path in [*named, *unused.named(spec.document)] if path]


def _done(step: Step, scope: Scope, prove: Callable[[Kernel], None], say: Say) -> Step:
    try:
        if step.action in (CREATE, CHANGE) and step.choice:
            kernel = making.finish(step.choice, scope, build=True, say=say)
            install(kernel, scope, replace=step.by_force, declared=True, prove=prove)
        elif step.action == REMOVE and step.spec:
            remove(step.spec, force=False)
    except KernelkitError as error:
        return Step(FAILED, step.name, error=error)
    return step


def _surplus(scope: Scope, kept: set[str]) -> list[Step]:
    """The kernels there that kernelkit made and the site file does not list."""
    folders = sorted(scope.kernels.iterdir()) if scope.kernels.is_dir() else []
    specs = [read(folder.name.lower(), folder) for folder in folders if _is_spec(folder) and folder.name not in kept]
    return [Step(REMOVE, spec.name, spec=spec) for spec in specs if record(spec.document)]


def _is_spec(folder: Path) -> bool:
    return (folder / SPEC_FILE).is_file()
