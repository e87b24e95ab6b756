"""Failures that have one cause, told once: a release that is gone is gone on a hundred nodes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kernelkit.verify.verdict import Verdict


@dataclass(frozen=True)
class Failure:
    """One cause, and the verdicts that share it; the first of them stands for all."""

    verdicts: tuple[Verdict, ...]

    @property
    def first(self) -> Verdict:
        """The one whose words are shown."""
        return self.verdicts[0]

    @property
    def places(self) -> list[tuple[str, list[str]]]:
        """Each kernel with the nodes on which it failed so; the list of nodes is empty for this machine."""
        found: dict[str, list[str]] = {}
        for verdict in self.verdicts:
            found.setdefault(verdict.name, []).extend(filter(None, [verdict.node]))
        return list(found.items())


def failures(verdicts: Sequence[Verdict]) -> list[Failure]:
    """The causes of all that failed, in the order in which they are met.

    Words that differ in numbers and in the node's name alone are the same: each job has a number of its own.
    """
    found: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        if not verdict.passed:
            found.setdefault((verdict.cause_id, _words(verdict)), []).append(verdict)
    return [Failure(tuple(group)) for group in found.values()]


def _words(verdict: Verdict) -> str:
    words = verdict.cause.replace(verdict.node, "") if verdict.node else verdict.cause
    return re.sub(r"\d+", "", words)
