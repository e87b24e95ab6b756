"""Where a job stands in Slurm's queue. That takes a list of all that waits: it is asked for once a minute at most."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable

PAUSE = 60.0  # seconds between two lists
ASIDE = ("JobHeld", "Dependency", "BeginTime")  # reasons of jobs that stand in nobody's way (squeue(1))


class Queue:
    """The jobs that wait, by their priorities in each partition."""

    def __init__(self, run: Callable[..., str]) -> None:
        self._run = run
        self._before: dict[str, int] = {}
        self._asked = -PAUSE

    def before(self, job: str) -> int | None:
        """How many jobs come before this one in its partition; None where that is not known yet. Raises PlaceError."""
        if time.monotonic() - self._asked > PAUSE:
            self._asked = time.monotonic()
            printed = self._run("squeue", "--noheader", "--states=PENDING", "--sort=-p", "--format=%A|%P|%r")
            self._before = _counted(line.split("|", 2) for line in printed.splitlines())
        return self._before.get(job)


def _counted(rows: Iterable[list[str]]) -> dict[str, int]:
    """``rows`` are ids, partitions and reasons, those that come first first; a reason may go on in a line."""
    seen: Counter[str] = Counter()
    before: dict[str, int] = {}
    for job, partition, reason in (row for row in rows if len(row) == 3):
        before.setdefault(job, seen[partition])
        if not reason.startswith(ASIDE):
            seen[partition] += 1
    return before
