"""Make an installed kernel again, from what was asked for then and the definition and releases of today."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit import differences, making, reading
from kernelkit.errors import RefusedError
from kernelkit.install import install
from kernelkit.kernel import Kernel
from kernelkit.kernelspecs import Kernelspec
from kernelkit.plan import Plan, plan
from kernelkit.resolve import Asked
from kernelkit.scopes import Scope, scope_of
from kernelkit.seal import record

ENV, ON = "env.", "on."  # how variables and resources stand in what was asked


@dataclass(frozen=True)
class Upgrade:
    """A kernel made anew, where it goes, what that would change, and ``why``: what is not as it was."""

    kernel: Kernel
    scope: Scope
    plan: Plan
    why: str

    def apply(self, prove: Callable[[Kernel], None]) -> None:
        """Put it in the old one's place, once ``prove`` let it pass. Raises RefusedError."""
        install(self.kernel, self.scope, replace=False, prove=prove)


def upgrade(spec: Kernelspec, *, build: bool, say: Callable[[str], None]) -> Upgrade:
    """What a kernel would be if it were installed today with what was asked for then.

    What it needs is built unless ``build`` is off.
    Raises RefusedError for one that kernelkit did not make or that was edited, DefinitionError, SoftwareError.
    """
    made = record(spec.document)
    if made is None:
        raise RefusedError(f"{spec.name}: {spec.path} was not made by kernelkit")
    file = made["definition"].get("file")
    definition = reading.read(Path(file)) if file else reading.load(str(made["definition"].get("name")))
    scope = scope_of(spec.path.parent.parent)
    if scope.shared:
        making.refuse_what_others_may_write(definition, made.get("asked", {}).get("cvmfs"))
    asked = _asked(spec.name, made.get("asked", {}))
    kernel = making.make(definition, asked, scope, build=build, say=say, fresh=build)
    why = differences.of_records(made, record(kernel.document) or {})
    return Upgrade(kernel, scope, plan(kernel, scope, replace=False), "; ".join(why))


def _asked(name: str, asked: dict[str, Any]) -> Asked:
    """What was asked for, as the command line had it. Only the name is pinned to what it became then."""
    given = {key: str(value) for key, value in asked.items()}
    env = {key.removeprefix(ENV): value for key, value in given.items() if key.startswith(ENV)}
    resources = {key.removeprefix(ON): value for key, value in given.items() if key.startswith(ON)}
    common = ("cvmfs", "python", "with", "container", "on")
    options = {key: value for key, value in given.items() if "." not in key and key not in common}
    asked_then = Asked(options, given.get("cvmfs"), given.get("python"), env, name, on=given.get("on"))
    return dataclasses.replace(
        asked_then, force_platform=True, packages=given.get("with", "").splitlines(), container=given.get("container"),
        resources=resources,
    )  # fmt: skip
