"""What the wrappers wrote of their launches: one file per start, read here, written by ``setup.sh`` alone.

A file holds ``key=value`` records that each end with a NUL byte: ``kernelkit-launch=1`` first, an ``end`` where the
record is whole, and after that what became known later, the last of a key counting. Times are microseconds
since 1970. Nothing of the environment that came in is ever written.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit.causes import NONE, Cause
from kernelkit.definition import NAME
from kernelkit.reasons import of_reason

FORMAT = "1"
KEPT = 20  # launches of a kernel
LINES = 20  # of what the steps printed
LARGEST = 1 << 20  # bytes; what is larger, no wrapper wrote
_MILLION = 1_000_000
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")  # and other sequences for a terminal
_STEP = re.compile(r"step (\d+ of \d+, [^:]+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Launch:
    """One start of a kernel.

    ``started`` is in seconds since 1970, ``phases`` are names with seconds. ``ran`` says what made the environment and
    ``why``: ``steps``, or a ``snapshot``, ``recorded`` then (0 for none) of steps that ``took`` so many seconds.
    ``result`` is ``started`` when the interpreter took over, or ``failed`` for the ``reason``.
    """

    file: Path
    name: str
    started: float
    pid: int
    ran: str
    why: str
    recorded: float
    took: float
    phases: tuple[tuple[str, float], ...]
    result: str
    reason: str
    interpreter: str
    id: str
    output: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long the wrapper took."""
        return self.phases[-1][1] if self.phases else 0.0

    @property
    def step(self) -> str:
        """The step that failed: ``1 of 2, alrb``; empty where none did."""
        found = _STEP.match(self.reason)
        return found[1] if found else ""

    @property
    def cause(self) -> Cause:
        """Why it failed, as `kernelkit test` would say it; NONE where it did not."""
        return of_reason(self.reason, self.output[-1] if self.output else "") if self.result == "failed" else NONE

    def row(self) -> dict[str, Any]:
        """It as plain values for JSON; times in milliseconds."""
        why = self.cause
        return {
            "name": self.name, "started": self.started, "pid": self.pid, "result": self.result, "step": self.step,
            "reason": self.reason, "cause_id": why.id, "advice": why.advice,
            "ran": self.ran, "why": self.why, "recorded": self.recorded or None,
            "steps_took": round(self.took * 1000, 3), "interpreter": self.interpreter, "id": self.id,
            "phases": [{"name": name, "milliseconds": round(seconds * 1000, 3)} for name, seconds in self.phases],
            "output": list(self.output), "file": str(self.file),
        }  # fmt: skip


def folder(name: str) -> Path | None:
    """Where a kernel's launches are logged, found as the wrapper finds it; None where it would write none."""
    state = os.environ.get("XDG_STATE_HOME", "")
    home = os.environ.get("HOME", "")
    if not state.startswith("/"):
        state = f"{home}/.local/state" if home.startswith("/") else ""
    return Path(state, "kernelkit", name) if state else None


def launches(name: str, count: int) -> list[Launch]:
    """The last starts of a kernel, newest first. What is torn, foreign or cannot be read is left out."""
    found: list[Launch] = []
    for file in reversed(_files(folder(name) if NAME.fullmatch(name) else None)):
        launch = _read(file)
        if launch:
            found.append(launch)
        if len(found) >= count:
            break
    return found


def _files(place: Path | None) -> list[Path]:
    try:
        return sorted(place.glob("[0-9]*.log")) if place else []
    except OSError:
        return []


def _read(file: Path) -> Launch | None:
    content = _content(file)
    # The records of one key are in the order in which they were written.
    records: dict[str, list[str]] = {}
    for record in printable(content).split("\0")[:-1]:
        key, _, value = record.partition("=")
        records.setdefault(key, []).append(value)
    if records.get("kernelkit-launch") != [FORMAT] or "end" not in records:
        return None
    last = {key: values[-1] for key, values in records.items()}
    pid = last.get("pid", "")
    return Launch(
        file, last.get("name", ""), _time(last.get("started", "")) / _MILLION, int(pid) if pid.isdecimal() else 0,
        last.get("ran", ""), last.get("why", ""), _time(last.get("recorded", "")) / _MILLION,
        _time(last.get("took", "")) / _MILLION, tuple(_phases(records)), last.get("result", ""),
        one_line(last.get("reason", "")), last.get("interpreter", ""), last.get("id", ""),
        last_lines(last.get("output", "")),
    )  # fmt: skip


def _content(file: Path) -> bytes:
    """What a regular file holds; nothing where there is something else, which could hang whoever opens it."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, LARGEST) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _phases(records: dict[str, list[str]]) -> Iterator[tuple[str, float]]:
    """Each step from its beginning to the next one's, then the whole launch until the log was written."""
    ended = records.get("ended", [""])[-1]
    marks = [*(mark.partition(" ") for mark in records.get("mark", [])), (ended, "", "")]
    for (begin, _, label), (end, _, _) in itertools.pairwise(marks):
        yield f"step {label}" if label[:1].isdigit() else label, _between(begin, end)
    yield "whole launch", _between(records.get("started", [""])[-1], ended)


def _between(begin: str, end: str) -> float:
    first, last = _time(begin), _time(end)
    return max(last - first, 0) / _MILLION if first and last else 0.0


def _time(text: str) -> int:
    """A time of bash, whose decimal point is the locale's."""
    digits = re.sub(r"[^0-9]", "", text)
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def printable(content: bytes) -> str:
    """Bytes as text in which nothing steers a terminal; line ends, tabs and NUL stay."""
    text = _COLOUR.sub("", content.decode("utf-8", "replace")).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c in "\n\t\0" else "\ufffd" for c in text)


def one_line(text: str) -> str:
    """A text without line ends and NUL."""
    return " ".join(text.replace("\0", " ").split())


def last_lines(text: str) -> tuple[str, ...]:
    """The last lines of a text, each of a bearable length."""
    lines = [line.rstrip() for line in text.replace("\0", " ").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(line if len(line) <= 1000 else line[:1000] + "…" for line in lines[-LINES:])
