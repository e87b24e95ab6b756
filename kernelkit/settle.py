"""Decide what starts a kernel, by running its steps once and asking the Pythons they lead to.

This is done at install, recorded in the kernel, and checked again at each launch.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit import environments, overlay, render, texts
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
        environment = environment_after_steps(choice, say=say) | ({"PYTHONNOUSERSITE": "1"} if shared else {})
        interpreter = probe(find_python(choice, environment), environment)
        runtime = _runtime(choice, interpreter, environment, workshop)
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
            answer = run(argv, timeout=STEPS_TIMEOUT, environment={**os.environ, "KERNELKIT_SNAPSHOT": "0"})
        except ProcessError as error:
            raise _steps_failed(choice, error, say) from error
    entries = os.fsdecode(answer.stdout).split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def find_python(choice: Choice, environment: Mapping[str, str]) -> str:
    """The interpreter the choice names, or the one the software was built for, found inside the software area."""
    named = str(texts.fill(choice.python.value, choice.names))
    if named != "auto" and not choice.environments:
        return named
    names = [*_names_built_for(choice, environment), "python3", "python"]
    roots = _roots(choice)
    for name in names:
        for folder in environment.get("PATH", "").split(os.pathsep):
            found = shutil.which(name, path=folder)
            if found and any(Path(found).is_relative_to(root) for root in roots):
                return found
    raise SoftwareError(
        f"{choice.name}: the steps lead to no Python below {' or '.join(str(root) for root in roots)}",
        "Name the one to use with --python PATH; a Python of this machine is never taken silently.",
    )


def _names_built_for(choice: Choice, environment: Mapping[str, str]) -> list[str]:
    """``python2.7`` where the definition knows a command that says what the release was built for."""
    command = choice.definition.launch.version_command
    program = command and shutil.which(command[0], path=environment.get("PATH", ""))
    if not program:
        return []
    try:
        version = run([program, *command[1:]], environment=environment, timeout=60).stdout.decode().strip()
    except ProcessError:
        return []
    numbers = version.split(".")
    return ["python" + ".".join(numbers[:2]), "python" + numbers[0]] if numbers[0].isdigit() else []


def _roots(choice: Choice) -> list[Path]:
    """The folders that are the software: environments kernelkit made, those a step names, else the CVMFS root."""
    named = [step.arguments.get("path", "") for step in choice.definition.steps if step.use == "venv"]
    paths = [*choice.environments.values(), *texts.fill([name for name in named if name], choice.names)]
    return [Path(path) for path in paths] or [Path(choice.cvmfs.value)]


def _packages(choice: Choice) -> dict[int, list[str]]:
    """The packages that kernelkit must install for a step, by the step's number."""
    steps = enumerate(choice.definition.steps, 1)
    listed = {
        n: texts.fill(step.arguments.get("packages", []), choice.names) for n, step in steps if step.use == "venv"
    }
    return {number: packages for number, packages in listed.items() if packages}


def _environment(choice: Choice, listed: list[str], workshop: Workshop) -> str:
    """The folder of the virtual environment that holds these packages. Raises NotMadeError."""
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
