"""Eight healthy kernels verified by each tool: wall time, and what the kernels' own processors' time would allow."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

KERNELS = 8
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


def measured(folder: Path, env: Mapping[str, str], runs: int) -> list[dict[str, float | str]]:
    """Each tool in turn, ``runs`` times, after one round that is not counted."""
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
    times: dict[str, list[tuple[float, float]]] = {tool: [] for tool in tools}
    for number in range(runs + 1):
        for tool, commands in tools.items():
            taken = _once(commands, folder, env)
            if number:
                times[tool].append(taken)
    return [_row(tool, taken) for tool, taken in times.items()]


def _kernels(folder: Path, kernels: Path) -> list[str]:
    for number in range(KERNELS):
        spec = kernels / f"kernel-{number}"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        document = {"argv": argv, "display_name": f"kernel {number}", "language": "python"}
        (spec / "kernel.json").write_text(json.dumps(document))
        (folder / f"suite_{number}.py").write_text(SUITE.format(number=number))
    cell = {"cell_type": "code", "id": "a", "source": "1+1", "metadata": {}, "outputs": [], "execution_count": None}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (folder / "notebook.ipynb").write_text(json.dumps(notebook))
    return [f"kernel-{number}" for number in range(KERNELS)]


def _once(commands: list[list[str]], folder: Path, env: Mapping[str, str]) -> tuple[float, float]:
    """Wall seconds, and the processors' seconds of all that ran."""
    before = os.times()
    begin = time.perf_counter()
    for argv in commands:
        done = subprocess.run(argv, env=dict(env), cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{argv[:4]} ended with {done.returncode}: {(done.stdout + done.stderr)[-800:]}")
    wall = time.perf_counter() - begin
    after = os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def _row(tool: str, taken: list[tuple[float, float]]) -> dict[str, float | str]:
    wall = statistics.median(wall for wall, _ in taken)
    cpu = statistics.median(cpu for _, cpu in taken)
    return {"name": tool, "wall_s": wall, "wall_min_s": min(wall for wall, _ in taken),
            "wall_max_s": max(wall for wall, _ in taken), "cpu_s": cpu, "per_kernel_s": wall / KERNELS}  # fmt: skip


def table(rows: list[dict[str, float | str]]) -> str:
    """The rows as Markdown."""
    head = [f"| {KERNELS} healthy kernels | wall, s (min-max) | processors, s | a kernel, s |", "|---|---|---|---|"]
    line = "| {name} | {wall_s:.2f} ({wall_min_s:.2f}-{wall_max_s:.2f}) | {cpu_s:.2f} | {per_kernel_s:.2f} |"
    return "\n".join([*head, *(line.format(**row) for row in rows)])
