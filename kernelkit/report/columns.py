"""The checks as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence

from kernelkit.verify.verdict import Verdict


def columns(verdicts: Sequence[Verdict]) -> list[str]:
    """Every check that was made, each once: one that only some kernels have stands where it was made."""
    found: list[str] = []
    for verdict in verdicts:
        place = 0
        for check in verdict.checks:
            if check.id not in found:
                found.insert(place, check.id)
            place = found.index(check.id) + 1
    return found
