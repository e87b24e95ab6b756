"""The first half of the way through the house: a definition and what was asked become a kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kernelkit import catalogue
from kernelkit.choice import Choice
from kernelkit.definition import Definition
from kernelkit.errors import RefusedError
from kernelkit.kernel import Kernel
from kernelkit.render import render
from kernelkit.resolve import Asked, resolve
from kernelkit.scopes import Scope, writable_by_others
from kernelkit.settle import Workshop, settle


def make(
    definition: Definition, asked: Asked, scope: Scope, *, build: bool, say: Callable[[str], None], fresh: bool = False
) -> Kernel:
    """Resolve, settle and render; what the kernel needs is built in the scope's store unless ``build`` is off.

    ``fresh`` takes newer releases of packages than those that were locked before.
    Raises UsageError, DefinitionError and SoftwareError.
    """
    return finish(resolve(definition, asked, say=say), scope, build=build, say=say, fresh=fresh)


def finish(choice: Choice, scope: Scope, *, build: bool, say: Callable[[str], None], fresh: bool = False) -> Kernel:
    """Settle and render. Raises DefinitionError and SoftwareError."""
    return render(settle(choice, Workshop(scope.store, build, say, shared=scope.shared, fresh=fresh)))


def refuse_what_others_may_write(definition: Definition, cvmfs: str | None) -> None:
    """What every user will run must not be open to others. Raises RefusedError naming the file or folder."""
    steps = [catalogue.step_file(step.use) for step in definition.steps]
    for path in [*definition.sources, *(step for step in steps if step), *([Path(cvmfs)] if cvmfs else [])]:
        open_to_others = writable_by_others(path)
        if open_to_others:
            raise RefusedError(
                f"{path} may be changed by other users ({open_to_others} is writable by them)",
                "A kernel for everyone must come from files that only its owner writes: chmod go-w, or --user.",
            )
