"""Rows as a table on a terminal, as plain tab-separated lines in a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence


def show(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """The rows under their head; in a pipe no head, one row a line, fields parted by tabs."""
    safe = [row if "".join(row).isprintable() else [*map(printable, row)] for row in rows]
    if not sys.stdout.isatty():
        return "\n".join("\t".join(row) for row in safe)
    return _aligned([list(head), *safe])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(field.ljust(width) for field, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    edge = shutil.get_terminal_size().columns
    return "\n".join(line if len(line) <= edge else line[: edge - 1] + "…" for line in lines)


def printable(field: str) -> str:
    """A field that cannot break its line: names and faults may hold anything."""
    return field if field.isprintable() else "".join(c if c.isprintable() else "?" for c in field)
