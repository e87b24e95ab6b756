"""``python -m benchmarks``: kernelkit against what else does the same, in turn within one run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import launches as launches_
from benchmarks import plot, setups, verifications
from benchmarks.measure import Pair, pair

BIN = Path(sys.executable).parent
KERNELKIT, JUPYTER = [str(BIN / "kernelkit")], [str(BIN / "jupyter"), "kernelspec"]
# An install of a definition without software: what is measured is the command, not CVMFS.
DEFINITION = 'display_name = "bench"\n[launch]\npython = "{python}"\n'


WEIGHTS = {  # of a set-up: files, processes, and seconds that each file keeps its reader waiting
    "no set-up": (0, 0, 0.0),
    "ALRB's weight": (setups.FILES, setups.FORKS, 0.0),
    "ALRB's weight, 1 ms a file": (setups.FILES, setups.FORKS, 0.001),
    "ALRB's weight, 5 ms a file": (setups.FILES, setups.FORKS, 0.005),
    "ALRB's weight, 20 ms a file": (setups.FILES, setups.FORKS, 0.02),
}


def commands(folder: Path, runs: int) -> list[dict[str, float | str]]:
    """kernelkit's command line against jupyter_client's."""
    rows = [one.row() for one in measured(folder, runs)]
    print(table(rows))
    return rows


def launches(folder: Path, runs: int) -> dict[str, list[dict[str, float | str]]]:
    """Kernels from spawn to first reply, after set-ups of several weights."""
    figures = {}
    env = environment(folder) | {"XDG_RUNTIME_DIR": str(folder)}
    for number, (name, (files, forks, delay)) in enumerate(WEIGHTS.items()):
        place = folder / str(number)
        setup = setups.script(place / "software", files=files, forks=forks, delay=delay)
        times = launches_.timed(setups.contestants(place, setup, env), env, runs)
        figures[name] = [one.row(times[1]) for one in times]
        print(f"\n{name}\n\n{launch_table(figures[name])}", flush=True)
    return figures


def verification(folder: Path, runs: int) -> list[dict[str, float | str]]:
    """`kernelkit test` against what else launches kernels to see whether they work."""
    env = environment(folder) | {"XDG_RUNTIME_DIR": str(folder)}
    rows = verifications.measured(folder, env, runs)
    print(f"\n{verifications.table(rows)}")
    return rows


def measured(folder: Path, runs: int) -> Iterator[Pair]:
    """Every pair, in a home of its own."""
    env = environment(folder)
    kernels = Path(env["JUPYTER_DATA_DIR"], "kernels")
    yield pair("--help", [*KERNELKIT, "--help"], [*JUPYTER, "--help"], env, runs=runs)
    yield from _installs(folder, env, runs)
    for count in (5, 100, 1_000, 10_000):
        fill(kernels, count)
        yield pair(f"list, {count} kernels", [*KERNELKIT, "list"], [*JUPYTER, "list"], env, runs=runs)


def _installs(folder: Path, env: dict[str, str], runs: int) -> Iterator[Pair]:
    definition = folder / "bench.toml"
    definition.write_text(DEFINITION.format(python=sys.executable))
    ours = [*KERNELKIT, "install", "--from", str(definition)]
    source = folder / "bench"
    fill(folder, 1)
    (folder / "kernel-0").rename(source)
    target = Path(env["JUPYTER_DATA_DIR"], "kernels/bench")
    theirs = [*JUPYTER, "install", str(source), "--user"]
    yield pair("install", ours, theirs, env, runs=runs, before=lambda: shutil.rmtree(target, ignore_errors=True))


def environment(folder: Path) -> dict[str, str]:
    """The environment of the commands: this path, and nothing of the user's Jupyter."""
    own = {
        "HOME": str(folder),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "",
    }
    return {"PATH": f"{BIN}:{os.environ['PATH']}", **own}


def fill(kernels: Path, count: int) -> None:
    """Make it ``count`` kernelspecs."""
    document = {
        "argv": ["/bin/sh", "-c", "true", "{connection_file}"],
        "display_name": "a kernel",
        "language": "python",
    }
    for number in range(count):
        spec = kernels / f"kernel-{number}"
        if not spec.exists():
            spec.mkdir(parents=True)
            (spec / "kernel.json").write_text(json.dumps(document))


def table(rows: list[dict[str, float | str]]) -> str:
    """The rows as Markdown."""
    head = [
        "| command | kernelkit, s (min-max) | jupyter, s | ratio | kernelkit, MiB | jupyter, MiB |",
        "|---|---|---|---|---|---|",
    ]
    line = (
        "| {name} | {ours_s:.3f} ({ours_min_s:.3f}-{ours_max_s:.3f}) | {theirs_s:.3f} | **{ratio:.2f}** "
        "| {ours_mib:.0f} | {theirs_mib:.0f} |"
    )
    return "\n".join([*head, *(line.format(**row) for row in rows)])


def launch_table(rows: list[dict[str, float | str]]) -> str:
    """The rows as Markdown."""
    head = [
        "| launched through | to kernel_info, s | to first reply, s (min-max) | ratio to plainest wrapper | more, ms |",
        "|---|---|---|---|---|",
    ]
    line = (
        "| {name} | {kernel_info_s:.3f} | {first_reply_s:.3f} ({first_reply_min_s:.3f}-{first_reply_max_s:.3f}) "
        "| **{ratio:.2f}** | {milliseconds:+.0f} |"
    )
    return "\n".join([*head, *(line.format(**row, milliseconds=float(row["difference_s"]) * 1000) for row in rows)])


SUBJECTS = {"commands": commands, "launches": launches, "verification": verification}


def main() -> None:
    """Measure, print tables, and write JSON and a plot where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"{', '.join(SUBJECTS)} [all]")
    parser.add_argument("--runs", type=int, default=10, help="counted runs of each [10]")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--plot", type=Path, help="draw the launches to this SVG file (needs matplotlib)")
    given = parser.parse_args()
    if unknown := set(given.subjects) - SUBJECTS.keys():
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    figures: dict[str, Any] = {"format": 1}
    for subject in given.subjects or SUBJECTS:
        with tempfile.TemporaryDirectory(prefix="kernelkit-bench-") as folder:
            figures[subject] = SUBJECTS[subject](Path(folder), given.runs)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    if given.plot:
        plot.launches(figures["launches"], given.plot)


if __name__ == "__main__":
    main()
