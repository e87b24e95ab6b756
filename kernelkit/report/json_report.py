"""Verdicts for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kernelkit.verify.verdict import Check, Phase, Verdict

FORMAT = 1


def as_json(verdicts: Sequence[Verdict]) -> str:
    """An object with ``format`` and the list ``verdicts``; times are in seconds."""
    return json.dumps({"format": FORMAT, "verdicts": [as_object(verdict) for verdict in verdicts]}, indent=2)


def as_object(verdict: Verdict) -> dict[str, Any]:
    """One verdict as plain values; it has a ``node`` where it is of one."""
    return {
        **({"node": verdict.node} if verdict.node else {}),
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


def from_object(values: Mapping[str, Any]) -> Verdict:
    """What ``as_object`` was given, by another process. Raises TypeError, KeyError for anything else."""
    return Verdict(
        **{
            **values,
            "path": Path(values["path"]),
            "checks": tuple(Check(**check) for check in values["checks"]),
            "phases": tuple(Phase(**phase) for phase in values["phases"]),
        }
    )


def _check(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "status": check.status,
        "detail": check.detail,
        "cause_id": check.cause_id,
        "seconds": round(check.seconds, 4),
    }
