"""The command line against what else lists and installs kernelspecs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.measure import Contest, Row, contest, table

BIN = Path(sys.executable).parent
KERNELKIT, JUPYTER = [str(BIN / "kernelkit")], [str(BIN / "jupyter"), "kernelspec"]
COUNTS = (5, 100, 1_000, 10_000)
# A definition without software: what is measured is the command, not CVMFS.
DEFINITION = 'display_name = "bench"\n[launch]\npython = {python}\n'


def measured(folder: Path, env: Mapping[str, str], runs: int) -> list[Row]:
    """Every command in turn with what does the same, in a home of its own that holds more and more kernelspecs."""
    return [row for one in _contests(folder, env, runs) for row in one.rows()]


def _contests(folder: Path, env: Mapping[str, str], runs: int) -> Iterator[Contest]:
    kernels = Path(env["JUPYTER_DATA_DIR"], "kernels")
    yield contest("--help", {"kernelkit": [*KERNELKIT, "--help"], "jupyter": [*JUPYTER, "--help"]}, env, runs=runs)
    installs = _installs(folder)
    for count in COUNTS:
        fill(kernels, count)
        lists = {"kernelkit": [*KERNELKIT, "list"], "jupyter": [*JUPYTER, "list"]}
        yield contest(f"list, {count} kernels", lists, env, runs=runs)
        yield contest(f"install, {count} kernels", installs, env, runs=runs, before=lambda: _without_bench(kernels))
    show = {"kernelkit": [*KERNELKIT, "show", "kernel-1"], "jupyter": [*JUPYTER, "list"]}
    yield contest(f"show, {COUNTS[-1]} kernels", show, env, runs=runs)


def _installs(folder: Path) -> dict[str, list[str]]:
    definition, source = folder / "bench.toml", folder / "bench"
    definition.write_text(DEFINITION.format(python=json.dumps(sys.executable)))
    fill(folder, 1)
    (folder / "kernel-0").rename(source)
    return {
        "kernelkit": [*KERNELKIT, "install", "--from", str(definition)],
        "jupyter": [*JUPYTER, "install", str(source), "--user"],
        "ipykernel install": [sys.executable, "-m", "ipykernel", "install", "--user", "--name", "bench"],
        "envkernel": [sys.executable, "-m", "envkernel", "virtualenv", "--user", "--name", "bench", "--replace",
                      str(BIN.parent)],
    }  # fmt: skip


def _without_bench(kernels: Path) -> None:
    shutil.rmtree(kernels / "bench", ignore_errors=True)


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


def shown(rows: list[Row]) -> str:
    """The rows as Markdown."""
    head = ("what", "by", "wall, s (min-max)", "processor, s", "peak, MiB", "kernelkit takes")
    line = (
        "{name} | {command} | {wall_s:.3f} ({wall_min_s:.3f}-{wall_max_s:.3f}) | {cpu_s:.3f} | {peak_mib:.0f} "
        "| **{ratio:.2f}** of it"
    )
    return table(head, line, rows)
