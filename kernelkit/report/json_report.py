"""Verdicts for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kernelkit.verify.verdict import Check, Verdict

FORMAT = 1


def as_json(verdicts: Sequence[Verdict]) -> str:
    """An object with ``format`` and the list ``verdicts``; times are in seconds."""
    return json.dumps({"format": FORMAT, "verdicts": [_verdict(verdict) for verdict in verdicts]}, indent=2)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "path": str(verdict.path),
        "display_name": verdict.display_name,
        "passed": verdict.passed,
        "cause_id": verdict.cause_id,
        "cause": verdict.cause,
        "where": verdict.where,
        "advice": verdict.advice,
        "checks": [_check(check) for check in verdict.checks],
        "phases": [{"name": phase.name, "seconds": round(phase.seconds, 4)} for phase in verdict.phases],
        "output": verdict.output,
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "status": check.status,
        "detail": check.detail,
        "cause_id": check.cause_id,
        "seconds": round(check.seconds, 4),
    }
