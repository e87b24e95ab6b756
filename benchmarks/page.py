"""The figures as Markdown, and their place in docs/speed.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import commands, launches, many, targets, verifications

MARKS = ("<!-- made by python -m benchmarks --docs docs -->\n", "<!-- end -->\n")


def text(figures: dict[str, Any]) -> str:
    """All tables of a run."""
    return "\n\n".join(_parts(figures)) + "\n"


def _parts(figures: dict[str, Any]) -> Iterator[str]:
    machine = figures["machine"]
    yield (
        f"{figures['runs']} runs on {machine['processors']} processors (load {machine['load_before']:.1f} before), "
        f"Python {machine['python']}, jupyter_client {machine['jupyter_client']}, ipykernel {machine['ipykernel']}."
    )
    yield targets.shown(figures["targets"])
    for weight, rows in figures.get("launches", {}).items():
        yield f"### After {weight}\n\n{launches.shown(rows)}"
    if "commands" in figures:
        yield f"### Commands\n\n{commands.shown(figures['commands'])}"
    if "verification" in figures:
        yield f"### Verification\n\n{verifications.shown(figures['verification'])}"
    if "many" in figures:
        yield f"### Verification of many\n\n{many.shown(figures['many'])}"


def update(file: Path, figures: dict[str, Any]) -> None:
    """Put the tables between the marks of the page. Raises ValueError where it has none."""
    page = file.read_text()
    before, _, rest = page.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not end:
        raise ValueError(f"{file} has no marks to write between")
    file.write_text(before + MARKS[0] + "\n" + text(figures) + "\n" + end + after)
