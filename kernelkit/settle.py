"""Decide what starts a kernel, by running its steps once and asking the Pythons they lead to.

This is done at install, recorded in the kernel, and checked again at each launch.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernelkit import builtfor, containers, inside, render, texts
from kernelkit.choice import Choice, Made, Runtime
from kernelkit.definition import Step
from kernelkit.errors import SoftwareError, UsageError
from kernelkit.interpreter import Interpreter, IPykernelFacts, probe
from kernelkit.kernel import WRAPPER_FILE
from kernelkit.processes import ProcessError, run
from kernelkit.requirements import Requirements
from kernelkit.resolve import ENVIRONMENT, listed_by_steps

if TYPE_CHECKING:
    from kernelkit.venvs import Base

STEPS_TIMEOUT = 600.0  # seconds: a cold CVMFS cache has been seen to take minutes


Say = Callable[[str], None]


@dataclass(frozen=True)
class Workshop:
    """Where environments and overlays are kept, whether missing ones are built, and who hears of it.

    Where the kernel is ``shared``, the packages in this user's home count for nothing. ``fresh`` takes newer releases
    of packages than those that were locked before.
    """

    store: Path
    build: bool
    say: Say
    shared: bool = False
    fresh: bool = False


class NotMadeError(Exception):
    """Something that a build would make is not there yet; the text names it."""


def settle(choice: Choice, workshop: Workshop) -> Choice:
    """The choice with its environments made and its runtime decided; builds what is missing in the store.

    Where the workshop builds nothing, what is missing is told, and the runtime stays undecided. Raises UsageError,
    SoftwareError.
    """
    try:
        choice = dataclasses.replace(choice, user_hook=_wants_user_hook(choice, workshop.shared))
        choice = _with_environments(choice, workshop)
        environment = _surroundings(choice, workshop)
        interpreter = _interpreter(choice, environment)
        runtime = _of_module(choice, _runtime(choice, interpreter, environment, workshop))
        if containers.of(choice):
            runtime = inside.interrupted_by_message(runtime)
    except NotMadeError as missing:
        workshop.say(f"{missing} would be made")
        return choice
    return dataclasses.replace(choice, runtime=runtime, fallback=sys.executable)


def _with_environments(choice: Choice, workshop: Workshop) -> Choice:
    """Each step's environment made in turn, for one may lie over what the steps before it offer."""
    for number, listed in listed_by_steps(choice).items():
        made = _environment(listed, _base(choice, number, workshop), workshop)
        choice = dataclasses.replace(choice, environments={**choice.environments, number: made})
    return choice


def _base(choice: Choice, number: int, workshop: Workshop) -> Base:
    """What a step's environment is made on: what the steps before it offer where there are any and it says so."""
    from kernelkit import venvs  # with what follows a quarter of what is imported, and few kernels need it

    earlier = choice.definition.steps[: number - 1]
    if not (choice.definition.steps[number - 1].arguments.get("over") and _offers(choice, earlier)):
        return venvs.alone(choice.python.value if choice.python.source == "flag" else sys.executable)
    container = containers.of(choice)
    if container:
        raise UsageError(
            f"{choice.name}: packages cannot be laid over the Python in {container.image}", "Put them into the image."
        )
    before = dataclasses.replace(choice, definition=dataclasses.replace(choice.definition, steps=earlier))
    environment = _surroundings(before, workshop)
    return venvs.over(find_python(before, environment), environment)


def _offers(choice: Choice, steps: Sequence[Step]) -> bool:
    """Whether these steps do anything, or an interpreter is named whose packages count."""
    named = choice.python.value != "auto"
    return named or any(step.use != ENVIRONMENT or number in choice.environments or _path(choice, step)
                        for number, step in enumerate(steps, 1))  # fmt: skip


def _path(choice: Choice, step: Step) -> str:
    """The folder of an existing environment that a step names."""
    return str(texts.fill(step.arguments.get("path", ""), choice.names)) if step.use == ENVIRONMENT else ""


def _environment(wanted: Requirements, base: Base, workshop: Workshop) -> Made:
    """The environment that holds these packages. Raises NotMadeError, SoftwareError."""
    from kernelkit import environments, layers

    maker = layers if base.too_old else environments
    found = maker.present(wanted, base, workshop.store) if not workshop.fresh else None
    if found is None and not workshop.build:
        raise NotMadeError(f"an environment with {', '.join([*wanted.lines, *map(str, wanted.files)])}")
    if found is None:
        found = maker.prepare(wanted, base, workshop.store, say=workshop.say, fresh=workshop.fresh)
    return Made(str(found.path), "" if base.too_old else str(found.python), found.lock)


def _surroundings(choice: Choice, workshop: Workshop) -> dict[str, str]:
    found = environment_after_steps(choice, say=workshop.say)
    return found | ({"PYTHONNOUSERSITE": "1"} if workshop.shared else {})


def environment_after_steps(choice: Choice, *, say: Say, incoming: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment a kernel of this choice gets, from its own wrapper.

    ``incoming`` is what the wrapper is started in; this process's own environment where it is left out.
    Raises SoftwareError with its last words.
    """
    bare = dataclasses.replace(choice, runtime=None)
    with tempfile.TemporaryDirectory(prefix="kernelkit-") as folder:
        wrapper = Path(folder, WRAPPER_FILE)
        wrapper.write_text(render.wrapper(bare), encoding="utf-8", errors="surrogateescape")
        try:
            argv = ["/bin/bash", "-p", str(wrapper), "--kernelkit-environment"]
            answer = run(
                argv, timeout=STEPS_TIMEOUT, environment=_incoming(os.environ if incoming is None else incoming)
            )
        except ProcessError as error:
            raise _steps_failed(choice, error, say) from error
    entries = os.fsdecode(answer.stdout).split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def find_python(choice: Choice, environment: Mapping[str, str]) -> str:
    """The last environment's that was made, the one the choice names, or the one that the software was built for.

    That one is found where the software is. Raises UsageError, SoftwareError.
    """
    made = [one.python for _, one in sorted(choice.environments.items()) if one.python]
    named = str(texts.fill(choice.python.value, choice.names))
    if made or named != "auto":
        return made[-1] if made else named
    if not choice.definition.steps:
        raise _nothing_named(choice)
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
    interpreter = inside.probe(choice, container, environment, _incoming(os.environ))
    if not any(
        Path(interpreter.path).is_relative_to(root)
        for root in (choice.cvmfs.value, *(one.path for one in choice.environments.values()))
    ):
        inside.refuse_without_ipykernel(container, interpreter)
    return interpreter


def _incoming(given: Mapping[str, str]) -> dict[str, str]:
    """What the wrapper is given: on the path is then what the steps put there, and nothing of whoever installs."""
    return {**given, "PATH": render.BASE_PATH, "KERNELKIT_SNAPSHOT": "0"}


def _wants_user_hook(choice: Choice, shared: bool) -> bool:
    """Whether a script of the user's own runs after the steps: not in kernels for everyone, unless they say so."""
    wanted = choice.definition.user_hook
    return not shared if wanted is None else wanted


def _nothing_named(choice: Choice) -> UsageError:
    flags = ", ".join(option.flag for option in choice.definition.options.values())
    return UsageError(
        f"{choice.name}: nothing says which Python",
        f"Give --python PATH, --with PACKAGE{' or one of ' if flags else ''}{flags}.",
    )


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


def _of_module(choice: Choice, runtime: Runtime) -> Runtime:
    """A kernel of another language has ipykernel's machinery, and no debugger."""
    module = choice.definition.launch.module
    if not module:
        return runtime
    metadata = {key: value for key, value in runtime.spec["metadata"].items() if key != "debugger"}
    return dataclasses.replace(runtime, module=module, spec={**runtime.spec, "metadata": metadata})


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
