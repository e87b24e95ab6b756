"""Verdicts of many nodes for a terminal: a row for each node and kernel, marks for its checks, each cause told once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kernelkit.report.columns import columns
from kernelkit.report.failures import Failure, failures
from kernelkit.report.printable import printable
from kernelkit.report.text_report import check_line, closing, colored, reason, wrapped
from kernelkit.verify.verdict import Verdict

MARKS = {"passed": "✓", "failed": "✗", "note": "!", "skipped": "-"}
PLAIN_MARKS = {"passed": ".", "failed": "F", "note": "!", "skipped": "-"}
HEAD = ("NODE", "KERNEL", "CHECKS", "REPLY", "CAUSE")
SHORTEST = 8  # columns that are left of a kernel's name


def fleet_table(
    verdicts: Sequence[Verdict], *, color: bool, width: int, seconds: float | None = None, plain: bool = False
) -> str:
    """The table, what its marks mean, and the failures; ``plain`` where the terminal has no more than ASCII."""
    marks = PLAIN_MARKS if plain else MARKS
    known = columns(verdicts)
    lines = [*_rows(verdicts, known, marks, width, color), "", *_key(known, marks, width)]
    for failure in failures(verdicts):
        lines += ["", *_failure(failure, color, width)]
    return "\n".join([*lines, "", closing(verdicts, seconds)])


def _rows(
    verdicts: Sequence[Verdict], known: Sequence[str], marks: Mapping[str, str], width: int, color: bool
) -> Iterator[str]:
    rows = [HEAD, *(_fields(verdict, known, marks) for verdict in verdicts)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    gaps = 2 * (len(HEAD) - 1)
    widths[1] = min(widths[1], max(width - sum(widths) + widths[1] - gaps, SHORTEST))
    for row in rows:
        name = row[1] if len(row[1]) <= widths[1] else row[1][: widths[1] - 1] + "~"
        fields = [row[0].ljust(widths[0]), name.ljust(widths[1]), row[2].ljust(widths[2]), row[3].rjust(widths[3])]
        line = "  ".join([*fields, row[4]]).rstrip()
        yield line if row is HEAD else _painted(line, marks, color)


def _fields(verdict: Verdict, known: Sequence[str], marks: Mapping[str, str]) -> tuple[str, ...]:
    statuses = {check.id: check.status for check in reversed(verdict.checks)}
    row = "".join(marks[statuses[name]] if name in statuses else " " for name in known)
    reply = verdict.first_reply
    time = "" if reply is None else f"{reply:.2f} s"
    cause = "" if verdict.passed else verdict.cause_id or "failed"
    return verdict.node, printable(verdict.name), row, time, cause


def _painted(line: str, marks: Mapping[str, str], color: bool) -> str:
    """Only what a name cannot hold is coloured."""
    if not color or marks is PLAIN_MARKS:
        return line
    kinds = {marks[status]: status for status in ("passed", "failed")}
    return re.sub("|".join(f"{mark}+" for mark in kinds), lambda run: colored(run[0], kinds[run[0][0]], True), line)


def _key(known: Sequence[str], marks: Mapping[str, str], width: int) -> Iterator[str]:
    yield from wrapped(f"checks from the left: {' '.join(known)}", "", width)
    yield from wrapped("  ".join(f"{mark} {status}" for status, mark in marks.items()), "", width)


def _failure(failure: Failure, color: bool, width: int) -> Iterator[str]:
    for name, nodes in failure.places:
        first, *rest = wrapped(f"FAIL {name} on {', '.join(nodes)}", "", width)
        yield first.replace("FAIL", colored("FAIL", "FAIL", color), 1)
        yield from rest
    for check in failure.first.failed_checks:
        if check.detail != failure.first.cause:
            yield from check_line(check, color, width)
    yield from reason(failure.first, width)
