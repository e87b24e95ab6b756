"""Decide what starts a kernel, by running its steps once and asking the Pythons they lead to.

This is done at install, recorded in the kernel, and checked again at each launch.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit import builtfor, containers, inside, render, texts
from kernelkit.choice import Choice, Runtime
from kernelkit.errors import SoftwareError
from kernelkit.interpreter import Interpreter, IPykernelFacts, probe
from kernelkit.kernel import WRAPPER_FILE
from kernelkit.processes import ProcessError, run

STEPS_TIMEOUT = 600.0  # seconds: a cold CVMFS cache has been seen to take minutes

Say = Callable[[str], None]


@dataclass(frozen=True)
class Workshop:
    """Where environments and overlays are kept, whether missing ones are built, and who hears of it."""

    store: Path
    build: bool
    say: Say


class NotMadeError(Exception):
    """Something that a build would make is not there yet; the text names it."""


def settle(choice: Choice, store: Path, *, build: bool, say: Say, shared: bool = False) -> Choice:
    """The choice with its environments made and its runtime decided; builds what is missing in ``store``.

    Without ``build`` what is missing is told, and the runtime stays undecided. Where the kernel is ``shared``, the
    packages in this user's home count for nothing. Raises SoftwareError.
    """
    workshop = Workshop(store, build, say)
    try:
        made = {number: _environment(choice, listed, workshop) for number, listed in _packages(choice).items()}
        choice = dataclasses.replace(choice, environments=made)
        choice = dataclasses.replace(choice, user_hook=_wants_user_hook(choice, shared))
        environment = environment_after_steps(choice, say=say) | ({"PYTHONNOUSERSITE": "1"} if shared else {})
        interpreter = _interpreter(choice, environment)
        runtime = _runtime(choice, interpreter, environment, workshop)
        if containers.of(choice):
            runtime = inside.interrupted_by_message(runtime)
    except NotMadeError as missing:
        say(f"{missing} would be made")
        return choice
    return dataclasses.replace(choice, runtime=runtime, fallback=sys.executable)


def environment_after_steps(choice: Choice, *, say: Say) -> dict[str, str]:
    """The environment a kernel of this choice gets, from its own wrapper. Raises SoftwareError with its last words."""
    bare = dataclasses.replace(choice, runtime=None)
    with tempfile.TemporaryDirectory(prefix="kernelkit-") as folder:
        wrapper = Path(folder, WRAPPER_FILE)
        wrapper.write_text(render.wrapper(bare), encoding="utf-8", errors="surrogateescape")
        try:
            argv = ["/bin/bash", "-p", str(wrapper), "--kernelkit-environment"]
            answer = run(argv, timeout=STEPS_TIMEOUT, environment=_incoming())
        except ProcessError as error:
            raise _steps_failed(choice, error, say) from error
    entries = os.fsdecode(answer.stdout).split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def find_python(choice: Choice, environment: Mapping[str, str]) -> str:
    """The interpreter the choice names, or the one the software was built for, found where the software is."""
    named = str(texts.fill(choice.python.value, choice.names))
    if named != "auto" and not choice.environments:
        return named
    found = builtfor.software_python(choice, environment)
    if found:
        return found
    raise SoftwareError(
        f"{choice.name}: the steps lead to no Python in {builtfor.where(choice, environment)}",
        "Name the one to use with --python PATH; a Python of this machine is never taken silently.",
    )


def _interpreter(choice: Choice, environment: Mapping[str, str]) -> Interpreter:
    """The interpreter, asked what it is where it will run: here, or inside the kernel's container."""
    container = containers.of(choice)
    if container is None:
        interpreter = probe(find_python(choice, environment), environment)
        builtfor.refuse_other(choice, interpreter, environment)
        return interpreter
    interpreter = inside.probe(choice, container, environment, _incoming())
    if not any(
        Path(interpreter.path).is_relative_to(root) for root in (choice.cvmfs.value, *choice.environments.values())
    ):
        inside.refuse_without_ipykernel(container, interpreter)
    return interpreter


def _incoming() -> dict[str, str]:
    """What the wrapper is given: on the path is then what the steps put there, and nothing of whoever installs."""
    return {**os.environ, "PATH": render.BASE_PATH, "KERNELKIT_SNAPSHOT": "0"}


def _wants_user_hook(choice: Choice, shared: bool) -> bool:
    """Whether a script of the user's own runs after the steps: not in kernels for everyone, unless they say so."""
    wanted = choice.definition.user_hook
    return not shared if wanted is None else wanted


def _packages(choice: Choice) -> dict[int, list[str]]:
    """The packages that kernelkit must install for a step, by the step's number."""
    steps = enumerate(choice.definition.steps, 1)
    listed = {
        n: texts.fill(step.arguments.get("packages", []), choice.names) for n, step in steps if step.use == "venv"
    }
    return {number: packages for number, packages in listed.items() if packages}


def _environment(choice: Choice, listed: list[str], workshop: Workshop) -> str:
    """The folder of the virtual environment that holds these packages. Raises NotMadeError."""
    from kernelkit import environments  # with the overlays', a quarter of what is imported, and few kernels need it

    python = choice.python.value if choice.python.source == "flag" else sys.executable
    if workshop.build:
        return str(environments.prepare(listed, python=python, store=workshop.store, say=workshop.say).path)
    found = environments.present(listed, python=python, store=workshop.store)
    if not found:
        raise NotMadeError(f"an environment with {', '.join(listed)}")
    return str(found.path)


def _runtime(choice: Choice, interpreter: Interpreter, environment: Mapping[str, str], workshop: Workshop) -> Runtime:
    """The interpreter with its own ipykernel, or with one laid beside it. Raises SoftwareError, NotMadeError."""
    wanted = choice.definition.launch.ipykernel
    if interpreter.ipykernel and wanted != "overlay":
        facts = interpreter.ipykernel
        return Runtime(interpreter.path, interpreter.version, facts.version, spec=spec_of(facts))
    if wanted == "environment":
        why = interpreter.fault or "it has none"
        raise SoftwareError(f"{interpreter.path}: the definition wants the environment's own ipykernel: {why}")
    from kernelkit import overlay

    prepare = functools.partial(overlay.prepare, say=workshop.say) if workshop.build else overlay.present
    made = prepare(interpreter, environment, workshop.store)
    if not made:
        raise NotMadeError(f"an overlay with ipykernel for Python {interpreter.version[0]}.{interpreter.version[1]}")
    facts = made.facts
    return Runtime(
        interpreter.path, interpreter.version, facts.version, str(made.path), made.isolated, spec=spec_of(facts)
    )


def spec_of(facts: IPykernelFacts) -> dict[str, Any]:
    """What an ipykernel declares about itself, in the words of kernel.json."""
    top = {"interrupt_mode": facts.interrupt_mode, "kernel_protocol_version": facts.kernel_protocol_version}
    metadata: dict[str, Any] = {"debugger": True} if facts.debugger else {}
    if facts.supported_encryption:
        metadata["supported_encryption"] = list(facts.supported_encryption)
    return {**{key: value for key, value in top.items() if value}, "metadata": metadata}


def _steps_failed(choice: Choice, error: ProcessError, say: Say) -> SoftwareError:
    if error.code is None:
        return SoftwareError(
            f"{choice.name}: its steps did not end within {STEPS_TIMEOUT:.0f} s",
            "Is the software area answering?",
        )
    told = [line.removeprefix("kernelkit: ") for line in error.output.splitlines() if line.startswith("kernelkit: ")]
    for line in told[:-1]:
        say(line)
    return SoftwareError(f"{choice.name}: {told[-1] if told else error.last_words}")
