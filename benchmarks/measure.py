"""Time whole processes in turn, so that a ratio holds while the machine's speed drifts."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, float | str]


@dataclass(frozen=True)
class Run:
    """One finished process: wall and processor seconds, and the peak resident memory in MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Contest:
    """Commands measured in turn; kernelkit's is the first."""

    name: str
    runs: Mapping[str, Sequence[Run]]

    def ratio(self, other: str) -> float:
        """The median of ours over theirs, taken round by round."""
        ours = next(iter(self.runs.values()))
        return statistics.median(a.wall / b.wall for a, b in zip(ours, self.runs[other], strict=True))

    def rows(self) -> list[Row]:
        """The figures of the report, a row for each command."""
        return [
            {
                "name": self.name, "command": command, "wall_s": _median(runs, "wall"),
                "wall_min_s": min(run.wall for run in runs), "wall_max_s": max(run.wall for run in runs),
                "cpu_s": _median(runs, "cpu"), "peak_mib": _median(runs, "memory"), "ratio": self.ratio(command),
            }
            for command, runs in self.runs.items()
        ]  # fmt: skip


def contest(
    name: str, commands: Mapping[str, Sequence[str]], env: Mapping[str, str], *, runs: int,
    before: Callable[[], None] = lambda: None,
) -> Contest:  # fmt: skip
    """Run the commands ``runs`` times in turn, after one run of each that is not counted."""
    counted: dict[str, list[Run]] = {command: [] for command in commands}
    for number in range(runs + 1):
        for command, argv in commands.items():
            before()
            run = once(argv, env)
            if number:
                counted[command].append(run)
    return Contest(name, counted)


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
    return float(statistics.median(getattr(run, what) for run in runs))


def table(head: Sequence[str], line: str, rows: Sequence[Row]) -> str:
    """The rows as Markdown: ``line`` is the format of one."""
    return "\n".join(
        [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {line.format(**row)} |" for row in rows)]
    )
