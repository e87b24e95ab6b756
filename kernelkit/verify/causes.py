"""From what was seen of a kernel that did not start to a cause and an advice: a table of rules, first match wins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from kernelkit.verify.conversation import ending

WRAPPER_CODE = 78  # a kernelkit wrapper that has said why on its standard error


@dataclass(frozen=True)
class Evidence:
    """What was seen: how the process ended (None where it did not), what it printed, and what looked wrong before."""

    code: int | None
    output: str
    limit: float
    doubts: tuple[str, ...] = ()
    lost_arguments: bool = False

    @property
    def last_line(self) -> str:
        """The last line printed; empty where nothing was."""
        lines = self.output.strip().splitlines()
        return lines[-1].strip() if lines else ""


class Cause(NamedTuple):
    """One line each."""

    cause: str
    advice: str


Rule = Callable[[Evidence], Cause | None]


def explain(evidence: Evidence) -> Cause:
    """The cause and the advice."""
    return next(cause for rule in RULES if (cause := rule(evidence)))


def _wrapper(evidence: Evidence) -> Cause | None:
    said = [line[11:] for line in evidence.output.splitlines() if line.startswith("kernelkit: ")]
    reasons = [line for line in said if not line.startswith(("  | ", "the last lines that", "step "))] or said
    if evidence.code != WRAPPER_CODE or not said:
        return None
    return Cause(reasons[-1] if reasons[-1] == said[-1] else said[-1], "see what the steps printed, above it")


def _doubt(evidence: Evidence) -> Cause | None:
    if not evidence.doubts:
        return None
    return Cause("; ".join(evidence.doubts), "correct kernel.json, or install the kernel again")


def _module(evidence: Evidence) -> Cause | None:
    found = re.findall(r"No module named '?\"?([\w.]+)", evidence.output)
    if not found:
        return None
    module = found[-1]
    if module.split(".")[0] in ("ipykernel", "ipykernel_launcher"):
        return Cause(
            "the Python that the kernel runs has no module named ipykernel",
            "install ipykernel into that environment, or name another Python",
        )
    return Cause(f"the kernel's Python has no module named {module}", "install it there, or correct what sets its path")


def _port(evidence: Evidence) -> Cause | None:
    if "Address already in use" not in evidence.output:
        return None
    return Cause("a port that the kernel was given was in use", "run it again; another program took the port meanwhile")


def _command(evidence: Evidence) -> Cause | None:
    if evidence.code not in (126, 127):
        return None
    return Cause(f"a command could not be run: {evidence.last_line}", "correct the path in the wrapper")


def _killed(evidence: Evidence) -> Cause | None:
    if evidence.code is None or evidence.code >= 0:
        return None
    return Cause(f"it {ending(evidence.code)} before its first reply", "was a limit on memory or time hit?")


def _exit(evidence: Evidence) -> Cause | None:
    if evidence.code is None:
        return None
    words = f": {evidence.last_line}" if evidence.last_line else " and printed nothing"
    return Cause(f"it {ending(evidence.code)} before its first reply{words}", "see its output")


def _arguments(evidence: Evidence) -> Cause | None:
    if not evidence.lost_arguments:
        return None
    return Cause(
        "the wrapper did not hand on its arguments, so that the kernel does not know its connection file",
        'end the wrapper with: exec python -m ipykernel_launcher "$@"',
    )


def _time(evidence: Evidence) -> Cause | None:
    words = f"; its last line: {evidence.last_line}" if evidence.last_line else "; it printed nothing"
    return Cause(f"no reply within {evidence.limit:g} s{words}", "a slow file system may need a longer --timeout")


RULES: tuple[Rule, ...] = (_wrapper, _port, _module, _doubt, _command, _killed, _exit, _arguments, _time)
