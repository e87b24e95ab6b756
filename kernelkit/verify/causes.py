"""From what was seen of a kernel that did not start to a cause and an advice: a table of rules, first match wins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from kernelkit.causes import Cause, cause
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


Rule = Callable[[Evidence], Cause | None]


def explain(evidence: Evidence) -> Cause:
    """The cause and the advice."""
    return next((found for rule in RULES if (found := rule(evidence))), _time(evidence))


def _wrapper(evidence: Evidence) -> Cause | None:
    said = [line.removeprefix(PREFIX) for line in evidence.output.splitlines() if line.startswith(PREFIX)]
    return cause("step-failed", said[-1]) if evidence.code == WRAPPER_CODE and said else None


def _doubt(evidence: Evidence) -> Cause | None:
    return cause("wrapper-edited", "; ".join(evidence.doubts)) if evidence.doubts else None


def _module(evidence: Evidence) -> Cause | None:
    found = re.findall(r"No module named '?\"?([\w.]+)", evidence.output)
    if not found:
        return None
    module = found[-1]
    if module.split(".")[0] in ("ipykernel", "ipykernel_launcher"):
        return cause("ipykernel-missing", "the Python that the kernel runs has no module named ipykernel")
    return cause("module-missing", f"the kernel's Python has no module named {module}")


def port_clash(evidence: Evidence) -> Cause | None:
    """Jupyter picks free ports and lets go of them until the kernel takes them (jupyter_client 8.10, connect.py)."""
    if evidence.code is None or "Address already in use" not in evidence.output:
        return None
    return cause("port-clash", "a port that the kernel was given was in use")


def _command(evidence: Evidence) -> Cause | None:
    if evidence.code not in (126, 127):
        return None
    return cause("command-missing", f"a command could not be run: {evidence.last_line}")


def _killed(evidence: Evidence) -> Cause | None:
    if evidence.code is None or evidence.code >= 0:
        return None
    return cause("killed", f"it {ending(evidence.code)} before its first reply")


def _exit(evidence: Evidence) -> Cause | None:
    if evidence.code is None:
        return None
    words = f": {evidence.last_line}" if evidence.last_line else " and printed nothing"
    return cause("exited", f"it {ending(evidence.code)} before its first reply{words}")


def _arguments(evidence: Evidence) -> Cause | None:
    if not evidence.lost_arguments:
        return None
    return cause(
        "arguments-lost",
        "the wrapper did not hand on its arguments, so that the kernel does not know its connection file",
    )


def _time(evidence: Evidence) -> Cause:
    doing = f", still running: {evidence.running}" if evidence.running else ""
    words = f"; the last line it printed: {evidence.last_line}" if evidence.last_line else ""
    return cause("still-in-step", f"no reply within {evidence.limit:g} s{doing}{words}")


RULES: tuple[Rule, ...] = (_wrapper, port_clash, _module, _doubt, _command, _killed, _exit, _arguments)

# By check: the cause's id, where the check names none itself, and its words.
FAILED_CHECKS = {
    "execute": ("code-fails", "it starts but does not run code"),
    "streams": ("output-lost", "what a cell prints does not reach the notebook"),
    "pid": ("no-exec", "the wrapper starts the kernel as a child"),
    "interpreter": ("interpreter-changed", "another Python runs than was recorded"),
    "environment": ("environment-incomplete", "the environment lacks what the steps promise"),
    "snapshot": ("snapshot-stale", "a recorded environment is replayed that the steps no longer make"),
    "interrupt": ("interrupt-ignored", "a running cell cannot be interrupted"),
    "children": ("children-not-interrupted", "an interrupt does not reach what a cell started"),
    "restart": ("restart-fails", "it does not start again"),
    "parent": ("outlives-server", "it does not end when its server is gone"),
    "shutdown": ("process-left-behind", "it does not end cleanly"),
}


def of_check(name: str, detail: str, id_: str = "") -> Cause:
    """The cause and the advice where a check failed; a check that knows better than its name says ``id_``."""
    if "the kernel ended" in detail or "the kernel was killed" in detail:
        return cause("died-after-reply", f"{detail} during the check {name}")
    if name in FAILED_CHECKS:
        usual, words = FAILED_CHECKS[name]
        return cause(usual, words) if id_ in ("", usual) else cause(id_, detail)
    return cause(id_ or "check-failed", f"{name}: {detail}")
