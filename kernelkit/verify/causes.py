"""From what was seen of a kernel that did not start to a cause and an advice: a table of rules, first match wins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from kernelkit.verify.conversation import ending

PREFIX = "kernelkit: "
WRAPPER_CODE = 78  # a kernelkit wrapper that has said why on its standard error


@dataclass(frozen=True)
class Evidence:
    """What was seen: how the process ended (None where it did not), what it printed, and what looked wrong before."""

    code: int | None
    output: str
    limit: float
    doubts: tuple[str, ...] = ()
    lost_arguments: bool = False
    running: str = ""

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
    return next((cause for rule in RULES if (cause := rule(evidence))), _time(evidence))


def _wrapper(evidence: Evidence) -> Cause | None:
    said = [line.removeprefix(PREFIX) for line in evidence.output.splitlines() if line.startswith(PREFIX)]
    if evidence.code != WRAPPER_CODE or not said:
        return None
    return Cause(said[-1], "read what the steps printed; is the software area mounted and the release still there?")


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


def port_clash(evidence: Evidence) -> Cause | None:
    """Jupyter picks free ports and lets go of them until the kernel takes them (jupyter_client 8.10, connect.py)."""
    if evidence.code is None or "Address already in use" not in evidence.output:
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


def _time(evidence: Evidence) -> Cause:
    doing = f", still running: {evidence.running}" if evidence.running else ""
    words = f"; the last line it printed: {evidence.last_line}" if evidence.last_line else ""
    return Cause(
        f"no reply within {evidence.limit:g} s{doing}{words}", "a slow file system may need a longer --timeout"
    )


RULES: tuple[Rule, ...] = (_wrapper, port_clash, _module, _doubt, _command, _killed, _exit, _arguments)

FAILED_CHECKS = {
    "execute": Cause("it starts but does not run code", "see its output"),
    "streams": Cause("what a cell prints does not reach the notebook", "see what replaces sys.stdout at start-up"),
    "pid": Cause("the wrapper starts the kernel as a child", "put exec before the command that starts the kernel"),
    "interpreter": Cause("another Python runs than was recorded", "install the kernel again"),
    "environment": Cause("the environment lacks what the steps promise", "see its output; is the release still there?"),
    "snapshot": Cause(
        "a recorded environment is replayed that the steps no longer make",
        "give the definition snapshot = false, or the step's template the file that it depends on",
    ),
    "interrupt": Cause(
        "a running cell cannot be interrupted",
        'start the kernel with exec and with signals as they were, or declare interrupt_mode "message"',
    ),
    "children": Cause(
        "an interrupt does not reach what a cell started",
        "start the kernel with exec, so that it leads the group of processes that Jupyter interrupts",
    ),
    "shutdown": Cause("it does not end cleanly", "what the wrapper or the steps start must end with the kernel"),
}


def of_check(name: str, detail: str) -> Cause:
    """The cause and the advice where a check failed in a running kernel."""
    if "the kernel ended" in detail or "the kernel was killed" in detail:
        return Cause(f"{detail} during the check {name}", "see its output")
    return FAILED_CHECKS.get(name, Cause(f"{name}: {detail}", "see the definition's check"))
