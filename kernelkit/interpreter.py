"""Foreign interpreters: asked what they are by running them in the environment they will have."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit.errors import SoftwareError
from kernelkit.processes import ProcessError, run

SCRIPT = Path(__file__).with_name("probe_script.py")

# What an interpreter that cannot start says, and what that means. The texts are those of Linux, glibc's
# loader and CPython's start-up.
ADVICE = {
    "Exec format error": "It was built for another architecture than this machine's.",
    "encodings": "PYTHONHOME belongs to another Python: the set-up must lead to the Python it was made for.",
    "GLIBC": "It was built for a newer operating system than this one; run it in a container (--container).",
    "error while loading shared libraries": "A library it needs is not on LD_LIBRARY_PATH after the steps.",
    "Permission denied": "It must be an executable file that you may run.",
    "No such file": "Is the release still there? Name another with --python PATH.",
}


@dataclass(frozen=True)
class IPykernelFacts:
    """What an ipykernel declares about itself, in the words of kernel.json; ``None`` where it says nothing."""

    version: str
    interrupt_mode: str | None
    debugger: bool
    supported_encryption: tuple[str, ...]
    kernel_protocol_version: str | None


@dataclass(frozen=True)
class Interpreter:
    """A Python that ran, in the environment it was asked in.

    ``abi`` is its SOABI, or for Python 2 the wheel tag (``cp27mu``). ``distributions`` maps the normalised name
    of everything importable to its version. ``ipykernel`` is None where that does not import, and ``fault``
    then says why.
    """

    path: str
    version: tuple[int, int, int]
    implementation: str
    abi: str
    prefix: str
    machine: str
    distributions: Mapping[str, str]
    ipykernel: IPykernelFacts | None
    fault: str = ""

    @property
    def minor(self) -> tuple[int, int]:
        """The part of the version that decides which packages fit."""
        return self.version[:2]


def probe(
    path: str, environment: Mapping[str, str], *, search_path: Sequence[Path] = (), timeout: float = 60.0
) -> Interpreter:
    """Run an interpreter in exactly this environment, in an empty folder, and ask it what it is.

    ``path`` without a slash is looked up on the environment's PATH; ``search_path`` is added to the end of its
    sys.path; ``timeout`` is in seconds. Raises SoftwareError naming the interpreter and its last words.
    """
    program = shutil.which(path, path=environment.get("PATH", "")) if "/" not in path else str(Path(path).absolute())
    if program is None:
        raise SoftwareError(f"there is no {path} on the path after the steps", "Name one with --python PATH.")
    # As arguments: a path in the text of a program is misread by Python 2.
    extend = "import sys\n" + "sys.path.append(sys.argv.pop(1))\n" * len(search_path)
    return ask(program, environment, prelude=extend, arguments=[str(folder) for folder in search_path], timeout=timeout)


def ask(
    program: str,
    environment: Mapping[str, str],
    *,
    prelude: str = "",
    arguments: Sequence[str] = (),
    timeout: float = 60.0,
    prefix: Sequence[str] = (),
) -> Interpreter:
    """Probe after running ``prelude``, Python text that takes ``arguments`` from sys.argv, in the same process.

    ``prefix`` is a command that runs the one which follows it, such as the way into a container.
    Raises SoftwareError.
    """
    marker = f"kernelkit-{secrets.token_hex(8)}:"
    code = prelude + SCRIPT.read_text(encoding="utf-8")
    failure = None
    with tempfile.TemporaryDirectory(prefix="kernelkit-") as folder:
        try:
            output = run(
                [*prefix, program, "-c", code, *arguments, marker],
                environment=environment,
                folder=Path(folder),
                timeout=timeout,
            ).stdout.decode(errors="replace")
        except ProcessError as error:
            failure, output = error, error.output
    found: dict[str, Any] = {}
    for line in output.splitlines():
        if line.startswith(marker):
            found |= json.loads(line.removeprefix(marker))
    if "version" not in found:
        raise _unusable(program, failure, output, timeout)
    if failure and "ipykernel" not in found:
        found.setdefault("fault", f"importing it ended the interpreter: {_ending(failure)}")
    return _interpreter(program, found)


def _interpreter(program: str, found: Mapping[str, Any]) -> Interpreter:
    major, minor, patch = found["version"]
    facts = found.get("ipykernel")
    if facts:
        facts = IPykernelFacts(**{**facts, "supported_encryption": tuple(facts["supported_encryption"])})
    return Interpreter(
        program, (major, minor, patch), found["implementation"], found["abi"], found["prefix"], found["machine"],
        found["distributions"], facts, found.get("fault", ""),
    )  # fmt: skip


def _unusable(program: str, failure: ProcessError | None, output: str, timeout: float) -> SoftwareError:
    if failure and failure.code is None:
        return SoftwareError(
            f"{program} did not answer within {timeout:.0f} s", "Is the file system it lies on answering?"
        )
    words = [line.strip() for line in output.splitlines() if line.strip()]
    told = words[-1] if words else _ending(failure) if failure else "it printed nothing"
    advice = next((meaning for sign, meaning in ADVICE.items() if sign in output), "")
    return SoftwareError(f"{program} does not run: {told}", advice)


def _ending(failure: ProcessError) -> str:
    """How a process ended, for one that said nothing."""
    if failure.code is None:
        return "it did not come to an end"
    return f"signal {-failure.code}" if failure.code < 0 else f"exit code {failure.code}"
