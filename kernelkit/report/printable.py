"""Text that a kernel printed, made fit for terminals and for XML."""

from __future__ import annotations

import re

# ECMA-48: control sequences (colours, cursor movements), and operating system commands (titles, links).
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
# XML 1.0, section 2.2: what is no character there; and the C1 controls, which a terminal obeys.
FORBIDDEN = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """Without control sequences and control characters; line ends become newlines."""
    return FORBIDDEN.sub("", re.sub(r"\r\n?", "\n", SEQUENCE.sub("", text)))


def last_lines(text: str, count: int) -> list[str]:
    """The last lines that are not blank, printable."""
    return [line for line in printable(text).splitlines() if line.strip()][-count:]
