"""``python -m benchmarks``: kernelkit's command line against jupyter_client's, in pairs within one run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Pair, pair

BIN = Path(sys.executable).parent
KERNELKIT, JUPYTER = [str(BIN / "kernelkit")], [str(BIN / "jupyter"), "kernelspec"]
# An install of a definition without software: what is measured is the command, not CVMFS.
DEFINITION = 'display_name = "bench"\n[launch]\npython = "{python}"\n'


def main() -> None:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="counted runs of each command [10]")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kernelkit-bench-") as folder:
        rows = [one.row() for one in measured(Path(folder), given.runs)]
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps({"format": 1, "pairs": rows}, indent=2) + "\n")


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


if __name__ == "__main__":
    main()
