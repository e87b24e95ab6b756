"""What is odd in a kernel that works counts as a failure where somebody asks for that."""

from __future__ import annotations

from dataclasses import replace

from kernelkit.verify.causes import of_check
from kernelkit.verify.verdict import Verdict


def strictly(verdict: Verdict) -> Verdict:
    """The verdict in which every note is a failure; the first one gives the cause where nothing else failed."""
    notes = [check for check in verdict.checks if check.status == "note"]
    if not notes:
        return verdict
    checks = tuple(replace(check, status="failed") if check in notes else check for check in verdict.checks)
    if not verdict.passed:
        return replace(verdict, checks=checks)
    blamed = of_check(notes[0].id, notes[0].detail, notes[0].cause_id)
    return replace(
        verdict, passed=False, checks=checks, cause=blamed.cause, advice=blamed.advice, cause_id=blamed.id,
        where=blamed.where,
    )  # fmt: skip
