"""What a verification says: checks, phases and a verdict per kernelspec, all plain values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

Status = Literal["passed", "failed", "note", "skipped"]


class Target(NamedTuple):
    """A kernelspec to verify: its name, and its directory, since two of one name can exist and one may be staged.

    With ``here``, one that belongs to a batch system is launched on this machine, since this is a node of it.
    """

    name: str
    path: Path
    here: bool = False


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; ``id`` is stable. A note tells what is odd although the kernel works.

    ``cause_id`` is a failure's or a note's cause, empty where the check alone says enough.
    """

    id: str
    status: Status
    detail: str = ""
    seconds: float = 0.0
    cause_id: str = ""


@dataclass(frozen=True)
class Phase:
    """A stretch of a launch and how long it took; each begins where the one before it ended."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """Whether a kernel works, and why not: ``cause`` and ``advice`` are one line each, empty where it passed.

    ``cause_id`` is stable and has a section in docs/causes.md; ``where`` is ``file:line`` or a script's last words.
    ``output`` is the end of what the kernel printed on its standard output and standard error.
    ``node`` is where it ran, and empty for this machine.
    """

    name: str
    path: Path
    display_name: str
    passed: bool
    checks: tuple[Check, ...]
    phases: tuple[Phase, ...]
    cause: str = ""
    advice: str = ""
    output: str = ""
    cause_id: str = ""
    where: str = ""
    node: str = ""

    @property
    def failed_checks(self) -> tuple[Check, ...]:
        """The checks that failed, in the order in which they were made."""
        return tuple(check for check in self.checks if check.status == "failed")

    @property
    def first_reply(self) -> float | None:
        """Seconds from spawn to the first reply; None where there was none."""
        until = [phase.name for phase in self.phases]
        if "first reply" not in until:
            return None
        return sum(phase.seconds for phase in self.phases[: until.index("first reply") + 1])


@dataclass(frozen=True)
class Event:
    """Progress: a kernel was ``started`` or is ``finished``, ``done`` of ``total`` are finished."""

    kind: Literal["started", "finished"]
    name: str
    done: int
    total: int
    verdict: Verdict | None = None

    def __str__(self) -> str:
        if self.verdict is None:
            return f"[{self.done}/{self.total}] {self.name}: launching"
        return f"[{self.done}/{self.total}] {self.name}: {'passed' if self.verdict.passed else 'failed'}"
