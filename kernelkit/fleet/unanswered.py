"""Verdicts on kernels of a node that does not say anything about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kernelkit.causes import cause
from kernelkit.verify import Check, Target, Verdict
from kernelkit.verify.checks import IDS
from kernelkit.verify.spec import SpecError, read

CHECK = "node"  # the check that a node answers comes before those of its kernels


def unanswered(node: str, targets: Iterable[Target], cause_id: str, words: str, output: str = "") -> list[Verdict]:
    """That each kernel could not be verified there, and why; ``output`` is what the job printed."""
    why = cause(cause_id, words)
    checks = (
        Check(CHECK, "failed", words, 0.0, cause_id),
        *(Check(name, "skipped", "the node did not answer") for name in IDS),
    )
    told = {"cause": why.cause, "advice": why.advice, "output": output, "cause_id": why.id, "node": node}
    return [Verdict(target.name, target.path, _title(target), False, checks, (), **told) for target in targets]


def answered(verdict: Verdict, node: str, waited: float) -> Verdict:
    """A verdict that was made on a node, whose job had waited for so many seconds."""
    return replace(verdict, node=node, checks=(Check(CHECK, "passed", "", waited), *verdict.checks))


def _title(target: Target) -> str:
    try:
        return read(target.path).display_name
    except SpecError:
        return ""
