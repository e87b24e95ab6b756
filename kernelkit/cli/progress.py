"""What is being done at the moment, in one line that is written over, on a terminal only."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernelkit.verify import Event

ERASE = "\r\x1b[K"  # ECMA-48: back to the first column, and erase to the end of the line


class Progress:
    """Shows which kernels are running; silent where standard error is no terminal, as in CI."""

    def __init__(self) -> None:
        self._running: list[str] = []
        self._shown = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def __call__(self, event: Event) -> None:
        """Take note of an event, and show what is going on after it."""
        if event.kind == "started":
            self._running.append(event.name)
        elif event.name in self._running:
            self._running.remove(event.name)
        self._write(f"[{event.done}/{event.total}] testing {', '.join(self._running)}" if self._running else "")

    def _write(self, line: str) -> None:
        if not self._shown:
            return
        # The last column stays free: a terminal that wraps there would keep the line's beginning.
        columns = max(shutil.get_terminal_size().columns - 1, 1)
        text = "".join(c if c.isprintable() else "?" for c in line)
        sys.stderr.write(ERASE + (text if len(text) <= columns else text[: columns - 1] + "…"))
        sys.stderr.flush()
