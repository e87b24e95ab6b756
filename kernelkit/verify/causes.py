"""From what was seen of a kernel to a cause and an advice: a table of rules, first match wins."""

from __future__ import annotations

from kernelkit.causes import Cause, cause
from kernelkit.verify.conversation import ending
from kernelkit.verify.evidence import Evidence, Rule
from kernelkit.verify.rules import interpreter, limits, python, software, wrapper

# What is nearest to the first thing that went wrong comes first: a wrapper that goes on after a failure makes more.
RULES: tuple[Rule, ...] = (
    software.wrapper_said,
    software.hung,
    wrapper.early_doubt,
    limits.port_clash,
    *wrapper.RULES,
    *software.RULES,
    *limits.RULES,
    *interpreter.RULES,
    *python.RULES,
    wrapper.late_doubt,
    wrapper.silence,
    wrapper.ended,
)


def explain(evidence: Evidence) -> Cause:
    """The cause and the advice."""
    return next((found for rule in RULES if (found := rule(evidence))), _unknown(evidence))


def port_clash(evidence: Evidence) -> bool:
    """Whether another program took a port meanwhile, for which the kernel is not to blame."""
    return bool(limits.port_clash(evidence))


def _unknown(evidence: Evidence) -> Cause:
    words = f": {evidence.last_line}" if evidence.last_line else " and printed nothing"
    how = "did not answer" if evidence.code is None else ending(evidence.code)
    return cause("unknown", f"it {how} before its first reply{words}", evidence.last_line)


# By check: the usual cause, and its words where the detail is not enough of them.
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
    "shutdown": ("process-left-behind", ""),
}


def of_check(name: str, detail: str, id_: str = "") -> Cause:
    """The cause and the advice where a check failed; a check that knows better than its name says ``id_``."""
    if "the kernel ended" in detail or "the kernel was killed" in detail:
        return cause("died-after-reply", f"{detail} during the check {name}")
    if name == "parent" and "JPY_PARENT_PID" in detail:
        id_ = id_ or "parent-lost"
    if name in FAILED_CHECKS:
        usual, words = FAILED_CHECKS[name]
        return cause(usual, words or detail) if id_ in ("", usual) else cause(id_, detail)
    return cause(id_ or "check-failed", f"{name}: {detail}")
