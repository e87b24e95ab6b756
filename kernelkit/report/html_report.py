"""Verdicts as one page for a browser: checks, phases and causes, with nothing to be loaded from elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from kernelkit import __version__, catalogue
from kernelkit.report.columns import columns
from kernelkit.report.failures import failures
from kernelkit.report.printable import last_lines, printable
from kernelkit.verify.verdict import Verdict

SHOWN_LINES = 40
MARKS = {"passed": "✓", "failed": "✗", "note": "!", "skipped": "-"}
# The order of the legend, and the colours in the page's style.
PHASES = ("spawn", "steps", "interpreter", "kernel_info", "first reply", "shutdown", "restart", "parent")


def html(verdicts: Sequence[Verdict], *, seconds: float | None = None) -> str:
    """The page; every value in it is escaped by the template's environment. ``seconds`` is what the whole took."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(catalogue.shipped("templates")), autoescape=True, undefined=StrictUndefined,
        finalize=_fit, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["slug"] = _slug
    return environment.get_template("report.html.j2").render(
        verdicts=verdicts, failures=failures(verdicts), columns=columns(verdicts), scale=_scale(verdicts),
        phases=_shown_phases(verdicts), nodes=_count(verdict.node for verdict in verdicts if verdict.node),
        kernels=_count(verdict.name for verdict in verdicts), passed=sum(verdict.passed for verdict in verdicts),
        marks=MARKS, seconds=seconds, made=datetime.now(UTC), host=socket.gethostname(), version=__version__,
        end_of=lambda verdict: "\n".join(last_lines(verdict.output, SHOWN_LINES)),
    )  # fmt: skip


def _fit(value: Any) -> Any:
    """What may stand in a page: no control characters. Text that is markup already stays as it is."""
    return printable(value) if type(value) is str else value


def _shown_phases(verdicts: Sequence[Verdict]) -> list[str]:
    made = {phase.name for verdict in verdicts for phase in verdict.phases}
    return [name for name in PHASES if name in made]


def _scale(verdicts: Sequence[Verdict]) -> float:
    """The seconds that the longest bar stands for."""
    return max((sum(phase.seconds for phase in verdict.phases) for verdict in verdicts), default=0.0) or 1.0


def _count(names: Any) -> int:
    return len(set(names))


def _slug(phase: str) -> str:
    """The name of a phase as a class of the page's style; one that is unknown has the last colour."""
    return str(PHASES.index(phase)) if phase in PHASES else str(len(PHASES))
