"""Verdicts for people: a line per kernel, more where one failed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from kernelkit.report.printable import last_lines, printable
from kernelkit.verify.verdict import Check, Verdict

COLORS = {"PASS": "32", "FAIL": "31", "passed": "32", "failed": "31", "note": "33", "skipped": "2"}
SHOWN_LINES = 10
NARROWEST = 20  # columns


def text(
    verdicts: Sequence[Verdict],
    *,
    verbose: bool = False,
    color: bool = False,
    width: int | None = None,
    seconds: float | None = None,
) -> str:
    """The report, without a final newline; lines are broken at ``width`` columns, and not where it is None.

    ``seconds`` is what the whole took.
    """
    lines = [line for verdict in verdicts for line in _kernel(verdict, verbose, color, width)]
    return "\n".join([*lines, closing(verdicts, seconds)])


def closing(verdicts: Sequence[Verdict], seconds: float | None) -> str:
    """How many passed and failed, and what the whole took."""
    passed = sum(verdict.passed for verdict in verdicts)
    failed = len(verdicts) - passed
    counts = [f"{number} {word}" for number, word in ((passed, "passed"), (failed, "failed")) if number]
    return (", ".join(counts) or "no kernels") + (f" in {seconds:.1f} s" if seconds is not None else "")


def _kernel(verdict: Verdict, verbose: bool, color: bool, width: int | None) -> Iterator[str]:
    word = "PASS" if verdict.passed else "FAIL"
    reply = verdict.first_reply
    time = f"  {reply:.2f} s to the first reply" if reply is not None else ""
    name = " ".join(filter(None, (verdict.node, printable(verdict.name))))
    yield f"{colored(word, word, color)} {name}{time}"
    for check in verdict.checks:
        if verbose or check.status in ("failed", "note"):
            yield from check_line(check, color, width)
    if verbose:
        yield from _phases(verdict)
    if not verdict.passed:
        yield from reason(verdict, width)


def check_line(check: Check, color: bool, width: int | None) -> Iterator[str]:
    """One check, in as many lines as the width needs."""
    detail = f": {check.detail}" if check.detail else ""
    first, *rest = wrapped(f"{check.status} {check.id}{detail}", "    ", width)
    yield first.replace(check.status, colored(check.status, check.status, color), 1)
    yield from rest


def _phases(verdict: Verdict) -> Iterator[str]:
    if verdict.phases:
        yield "    " + ", ".join(f"{phase.name} {phase.seconds:.2f} s" for phase in verdict.phases)


def reason(verdict: Verdict, width: int | None) -> Iterator[str]:
    """The cause, the advice and the end of the output."""
    known = f"{verdict.cause} [{verdict.cause_id}]" if verdict.cause_id else verdict.cause
    for label, value in (("cause", known), ("where", verdict.where), ("advice", verdict.advice)):
        if value:
            yield from wrapped(f"{label}: {value}", "    ", width)
    lines = last_lines(verdict.output, SHOWN_LINES)
    if lines:
        yield "    the end of its output:"
        yield from (f"      | {line}" for line in lines)


def wrapped(line: str, indent: str, width: int | None) -> list[str]:
    """A line, broken where it is too wide."""
    if width is None:
        return [indent + " ".join(printable(line).split())]
    return textwrap.wrap(
        printable(line), max(width, NARROWEST), initial_indent=indent, subsequent_indent=indent + "  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def colored(word: str, kind: str, color: bool) -> str:
    """A word in the colour of its kind, where colours are wanted."""
    return f"\x1b[{COLORS[kind]}m{word}\x1b[0m" if color else word
