"""Many healthy kernels verified in one run: how near it comes to what they themselves cost, and its memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Row, table

COUNTS = (2, 8, 32)
# What kernelkit takes itself, without its children, is known to nobody else.
TEST = """
import json, resource, sys
from kernelkit.__main__ import main
try:
    main()
finally:
    own, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seconds = [usage.ru_utime + usage.ru_stime for usage in (own, theirs)]
    print(json.dumps([*seconds, own.ru_maxrss / 1024]), file=sys.stderr)
"""


def measured(env: Mapping[str, str], runs: int, counts: Sequence[int] = COUNTS) -> list[Row]:
    """A row for each number of kernels, the counted runs in turn."""
    names = _kernels(Path(env["JUPYTER_DATA_DIR"], "kernels"), max(counts))
    taken: dict[int, list[Row]] = {count: [] for count in counts}
    for _ in range(runs):
        for count in counts:
            taken[count].append(_once(names[:count], env))
    rows = [_row(count, found) for count, found in taken.items()]
    few, many = rows[0], rows[-1]
    more = (float(many["peak_mib"]) - float(few["peak_mib"])) / max(counts[-1] - counts[0], 1)
    return [{**row, "kernel_mib": more} for row in rows]


def _kernels(kernels: Path, count: int) -> list[str]:
    names = [f"many-{number}" for number in range(count)]
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    for name in names:
        spec = kernels / name
        spec.mkdir(parents=True)
        (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": "python"}))
    return names


def _once(names: Sequence[str], env: Mapping[str, str]) -> Row:
    begin = time.perf_counter()
    argv = [sys.executable, "-c", TEST, "test", "-j", str(jobs()), *names]
    done = subprocess.run(argv, env=dict(env), capture_output=True, text=True, check=True)
    wall = time.perf_counter() - begin
    own, kernels, peak = json.loads(done.stderr.splitlines()[-1])
    return {"wall_s": wall, "own_s": own, "kernels_s": kernels, "peak_mib": peak, "of_theirs": wall * jobs() / kernels}


def jobs() -> int:
    """As many at a time as there are processors."""
    return os.cpu_count() or 1


def _row(count: int, taken: Sequence[Row]) -> Row:
    medians = {key: statistics.median(float(row[key]) for row in taken) for key in taken[0]}
    return {"count": count, **medians, "wall_min_s": min(float(row["wall_s"]) for row in taken),
            "wall_max_s": max(float(row["wall_s"]) for row in taken)}  # fmt: skip


def shown(rows: list[Row]) -> str:
    """The rows as Markdown."""
    head = ("healthy kernels", f"wall of kernelkit test -j {jobs()}, s (min-max)", "processors, the kernels' own, s",
            "wall of that by the processors", "kernelkit's own, s", "its peak, MiB", "MiB a kernel")  # fmt: skip
    line = (
        "{count} | {wall_s:.2f} ({wall_min_s:.2f}-{wall_max_s:.2f}) | {kernels_s:.2f} | **{of_theirs:.2f}** "
        "| {own_s:.2f} | {peak_mib:.0f} | {kernel_mib:.2f}"
    )
    return table(head, line, rows)
