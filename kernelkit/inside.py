"""Decide what starts a kernel in a container: the wrapper enters it, and the Pythons there are asked."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kernelkit import builtfor, containers, render, texts
from kernelkit.choice import Choice, Runtime
from kernelkit.containers import Container
from kernelkit.errors import SoftwareError
from kernelkit.interpreter import Interpreter, ask
from kernelkit.kernel import WRAPPER_FILE
from kernelkit.processes import ProcessError, run

LOOK = 'for name in "$@"; do type -P "$name" && exit; done; exit 1'
TIMEOUT = 600.0  # seconds: an image that is not here yet is fetched first


def probe(choice: Choice, container: Container, environment: Mapping[str, str], host: Mapping[str, str]) -> Interpreter:
    """The interpreter inside, asked what it is; ``host`` is the environment of whoever enters.

    Raises SoftwareError where there is none.
    """
    with tempfile.TemporaryDirectory(prefix="kernelkit-") as folder:
        wrapper = Path(folder, WRAPPER_FILE)
        wrapper.write_text(render.wrapper(choice), encoding="utf-8", errors="surrogateescape")
        enter = ["/bin/bash", "-p", str(wrapper), "--kernelkit-environment"]
        python = _python(choice, container, environment, host, enter)
        return ask(python, host, prefix=enter, timeout=TIMEOUT)


def refuse_without_ipykernel(container: Container, interpreter: Interpreter) -> None:
    """An image is whole or it is not: nothing is laid beside its Python. Raises SoftwareError."""
    if interpreter.ipykernel is None:
        raise SoftwareError(
            f"{container.image}: its Python, {interpreter.path}, has no ipykernel that works: "
            f"{interpreter.fault or 'it has none'}",
            "Take an image with ipykernel in it, or name another Python of the image with --python PATH.",
        )


def interrupted_by_message(runtime: Runtime) -> Runtime:
    """A signal may end the runtime that stands between; a message reaches the kernel. Every ipykernel from 6 on can."""
    return dataclasses.replace(runtime, spec={**runtime.spec, "interrupt_mode": "message"})


def _python(
    choice: Choice, container: Container, environment: Mapping[str, str], host: Mapping[str, str], enter: list[str]
) -> str:
    named = str(texts.fill(choice.python.value, choice.names))
    if named != "auto":
        return named
    found = builtfor.software_python(choice, environment) if containers.steps_inside(choice) else None
    if found:
        return found
    try:
        answer = run(
            [*enter, "/bin/bash", "-p", "-c", LOOK, "-", "python3", "python"], environment=host, timeout=TIMEOUT
        )
    except ProcessError as error:
        raise SoftwareError(
            f"{container.image}: there is no Python in this image", "Take an image with one."
        ) from error
    return answer.stdout.decode().strip()
