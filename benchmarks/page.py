"""The figures as Markdown, and their place in docs/speed.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import commands, launches, many, places, targets, verifications

MARKS = ("<!-- made by python -m benchmarks --docs docs -->\n", "<!-- end -->\n")
PLACES = ("<!-- made by python -m benchmarks places --docs docs -->\n", "<!-- end of places -->\n")


def _measured_on(figures: dict[str, Any]) -> str:
    machine = figures["machine"]
    return (
        f"{figures['runs']} runs on {machine['processors']} processors (load {machine['load_before']:.1f} before), "
        f"Python {machine['python']}, jupyter_client {machine['jupyter_client']}, ipykernel {machine['ipykernel']}."
    )


def _parts(figures: dict[str, Any]) -> Iterator[str]:
    yield _measured_on(figures)
    yield targets.shown(targets.of_this_machine(figures))
    for weight, rows in figures.get("launches", {}).items():
        yield f"### After {weight}\n\n{launches.shown(rows)}"
    if "commands" in figures:
        yield f"### Commands\n\n{commands.shown(figures['commands'])}"
    if "verification" in figures:
        yield f"### Verification\n\n{verifications.shown(figures['verification'])}"
    if "many" in figures:
        yield f"### Verification of many\n\n{many.shown(figures['many'])}"


def _of_places(figures: dict[str, Any]) -> Iterator[str]:
    yield _measured_on(figures)
    yield targets.shown(targets.of_places(figures))
    yield places.shown(figures["places"])


def update(file: Path, figures: dict[str, Any]) -> None:
    """Put what was measured between the marks of the page. Raises ValueError where it has none."""
    page = file.read_text()
    if {"launches", "commands", "verification", "many"} & figures.keys():
        page = _between(MARKS, page, _parts(figures))
    if figures.get("places", {}).get("launches"):
        page = _between(PLACES, page, _of_places(figures))
    file.write_text(page)


def _between(marks: tuple[str, str], page: str, parts: Iterator[str]) -> str:
    before, _, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not end:
        raise ValueError(f"the page has no marks to write between: {marks[0].strip()}")
    return before + marks[0] + "\n" + "\n\n".join(parts) + "\n\n" + end + after
