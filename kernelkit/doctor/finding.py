"""One thing that doctor has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernelkit.doctor.table import SEVERITIES, TABLE


@dataclass(frozen=True)
class Finding:
    """A line on what it is, and where: a kernel, a file, a line of it (0 for none). ``id`` is a key of TABLE."""

    id: str
    what: str
    kernel: str = ""
    file: str = ""
    line: int = 0

    @property
    def severity(self) -> str:
        """``fault``, ``warning`` or ``note``: the same for an id for ever."""
        return TABLE[self.id].severity

    @property
    def todo(self) -> str:
        """What to do, in a line."""
        return TABLE[self.id].mend

    @property
    def place(self) -> str:
        """Where, as compilers write it."""
        where = self.file or self.kernel
        return f"{where}:{self.line}" if self.line else where

    def row(self) -> dict[str, Any]:
        """It as plain values for JSON."""
        return {
            "id": self.id, "severity": self.severity, "kernel": self.kernel, "file": self.file,
            "line": self.line or None, "what": self.what, "todo": self.todo,
        }  # fmt: skip


def worst_first(findings: list[Finding]) -> list[Finding]:
    """Faults, then warnings, then notes; otherwise in the order in which they were found, each once.

    What several kernels share, such as a wrapper, is told for the first of them.
    """
    once = {(finding.id, finding.what, finding.file, finding.line): finding for finding in reversed(findings)}
    told = list(once.values())[::-1]
    return sorted(told, key=lambda finding: SEVERITIES.index(finding.severity))
