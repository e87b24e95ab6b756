"""Time whole processes in pairs, so that a ratio holds while the machine's speed drifts."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One finished process: wall and processor seconds, and the peak resident memory in MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Pair:
    """Two commands measured in turn. ``ratio`` is the median of ours over theirs, taken run by run."""

    name: str
    ours: tuple[Run, ...]
    theirs: tuple[Run, ...]

    @property
    def ratio(self) -> float:
        """The median ratio of the wall times."""
        return statistics.median(a.wall / b.wall for a, b in zip(self.ours, self.theirs, strict=True))

    def row(self) -> dict[str, float | str]:
        """The figures of the report."""
        return {
            "name": self.name, "ours_s": _median(self.ours, "wall"), "ours_min_s": min(r.wall for r in self.ours),
            "ours_max_s": max(r.wall for r in self.ours), "theirs_s": _median(self.theirs, "wall"), "ratio": self.ratio,
            "ours_mib": _median(self.ours, "memory"), "theirs_mib": _median(self.theirs, "memory"),
        }  # fmt: skip


def pair(
    name: str, ours: Sequence[str], theirs: Sequence[str], env: Mapping[str, str], *, runs: int,
    before: Callable[[], None] = lambda: None,
) -> Pair:  # fmt: skip
    """Run both commands ``runs`` times in turn, after one run of each that is not counted."""
    counted: tuple[list[Run], list[Run]] = ([], [])
    for number in range(runs + 1):
        for argv, into in zip((ours, theirs), counted, strict=True):
            before()
            run = once(argv, env)
            if number:
                into.append(run)
    return Pair(name, tuple(counted[0]), tuple(counted[1]))


def once(argv: Sequence[str], env: Mapping[str, str], folder: Path | None = None) -> Run:
    """One run, by the operating system's own account."""
    started = time.perf_counter()
    process = subprocess.Popen(argv, env=dict(env), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    process.stderr.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(argv)} ended with {process.returncode}: {told.decode()[-500:]}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _median(runs: Sequence[Run], what: str) -> float:
    return statistics.median(getattr(run, what) for run in runs)
