"""Healthy kernels verified by each tool: wall time, and what the kernels' own processors' time would allow."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, once, table

KERNELS = 4
JOBS = 2
BIN = Path(sys.executable).parent
# The Project's conformance suite, as its README says to use it: one class per kernel.
SUITE = """
import unittest
import jupyter_kernel_test

class K{number}(jupyter_kernel_test.KernelTests):
    kernel_name = "kernel-{number}"
    language_name = "python"
    code_hello_world = "print('hello, world')"
"""


def measured(folder: Path, env: Mapping[str, str], runs: int) -> list[Row]:
    """Each tool in turn, ``runs`` times."""
    names = _kernels(folder, Path(env["JUPYTER_DATA_DIR"], "kernels"))
    tools = {
        f"kernelkit test -j {JOBS}": [[str(BIN / "kernelkit"), "test", "-j", str(JOBS), *names]],
        "jupyter_kernel_test": [
            [sys.executable, "-m", "unittest", "-q", f"suite_{number}"] for number in range(KERNELS)
        ],
        "jupyter execute": [
            [str(BIN / "jupyter"), "execute", f"--kernel_name={name}", "notebook.ipynb"] for name in names
        ],
    }
    times: dict[str, list[tuple[float, float, float]]] = {tool: [] for tool in tools}
    for _ in range(runs):
        for tool, commands in tools.items():
            times[tool].append(_once(commands, folder, env))
    ours = next(iter(times.values()))
    return [_row(tool, taken, ours) for tool, taken in times.items()]


def _kernels(folder: Path, kernels: Path) -> list[str]:
    for number in range(KERNELS):
        spec = kernels / f"kernel-{number}"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        document = {"argv": argv, "display_name": f"kernel {number}", "language": "python"}
        (spec / "kernel.json").write_text(json.dumps(document))
        (folder / f"suite_{number}.py").write_text(SUITE.format(number=number))
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "a",
        "source": "1+1",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (folder / "notebook.ipynb").write_text(json.dumps(notebook))
    return [f"kernel-{number}" for number in range(KERNELS)]


def _once(commands: list[list[str]], folder: Path, env: Mapping[str, str]) -> tuple[float, float, float]:
    """Wall seconds, processors' seconds of all that ran, and the most memory that one process held, in MiB."""
    runs = [once(argv, env, folder) for argv in commands]
    return sum(run.wall for run in runs), sum(run.cpu for run in runs), max(run.memory for run in runs)


def _row(tool: str, taken: list[tuple[float, float, float]], ours: list[tuple[float, float, float]]) -> Row:
    wall, cpu, memory = (statistics.median(values) for values in zip(*taken, strict=True))
    return {
        "name": tool, "wall_s": wall, "wall_min_s": min(taken)[0], "wall_max_s": max(taken)[0], "cpu_s": cpu,
        "peak_mib": memory, "per_kernel_s": wall / KERNELS,
        "ratio": statistics.median(a[0] / b[0] for a, b in zip(ours, taken, strict=True)),
    }  # fmt: skip


def shown(rows: list[Row]) -> str:
    """The rows as Markdown."""
    head = (f"{KERNELS} healthy kernels by", "wall, s (min-max)", "processors, s", "a kernel, s", "peak, MiB",
            "kernelkit takes")  # fmt: skip
    line = (
        "{name} | {wall_s:.2f} ({wall_min_s:.2f}-{wall_max_s:.2f}) | {cpu_s:.2f} | {per_kernel_s:.2f} | {peak_mib:.0f} "
        "| **{ratio:.2f}** of it"
    )
    return table(head, line, rows)
