"""The container that a kernel runs in, where there is one: asked for with ``--container`` or by a definition's step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit import texts
from kernelkit.choice import Choice
from kernelkit.definition import Step

USE = "container"  # the step's name
ALRB = "alrb"  # a step, and the runtime that ALRB's own container mode is
SYSTEM = re.compile(r"[a-z0-9+_-]+")  # what ALRB calls a container: el9, centos7, el9+batch


@dataclass(frozen=True)
class Container:
    """What the wrapper must know to start again inside; ``binds`` are folders that are there under the same name."""

    image: str
    runtime: str = ""
    binds: tuple[str, ...] = ()
    nv: bool = False
    options: tuple[str, ...] = ()


def of(choice: Choice) -> Container | None:
    """The container of a choice: the image that was asked for wins over the definition's."""
    by_use = {step.use: texts.fill(step.arguments, choice.names) for step in reversed(choice.definition.steps)}
    arguments: Mapping[str, Any] = by_use.get(USE, {})
    alrb = by_use.get(ALRB, {}).get("container", "")
    image = choice.container or arguments.get("image", "") or alrb
    if not image:
        return None
    runtime = arguments.get("runtime", "")
    if image == alrb or (ALRB in by_use and SYSTEM.fullmatch(image)):
        runtime = ALRB
    named = [*arguments.get("binds", ()), choice.cvmfs.value, *choice.environments.values()]
    overlay = choice.runtime and choice.runtime.overlay
    return Container(
        image=image, runtime=runtime,
        binds=tuple([*named, str(Path(overlay).parent)] if overlay else named),
        nv=arguments.get("nv", False), options=tuple(arguments.get("options", ())),
    )  # fmt: skip


def steps_inside(choice: Choice) -> tuple[Step, ...]:
    """The steps that set something up inside."""
    return tuple(step for step in choice.definition.steps if step.use != USE)
