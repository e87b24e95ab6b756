"""``python -m benchmarks``: kernelkit against what else does the same, in turn within one run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

# The commands come first, and the other subjects are imported when their turn comes: a process starts with the memory
# of the one that starts it, so that this one must be small.
from benchmarks import commands
from benchmarks.measure import Row


def environment(folder: Path) -> dict[str, str]:
    """The environment of all that is measured: this path, a home of its own, and nothing of the user's Jupyter."""
    own = {"HOME": str(folder), "JUPYTER_DATA_DIR": str(folder / "data"), "XDG_RUNTIME_DIR": str(folder),
           "LANG": "C.UTF-8"}  # fmt: skip
    return {"PATH": f"{commands.BIN}:{os.environ['PATH']}", **own}


def measured(subject: str, given: argparse.Namespace) -> Any:
    """The figures of a subject, which are shown as they come."""
    with tempfile.TemporaryDirectory(prefix="kernelkit-bench-") as name:
        folder = Path(name)
        env = environment(folder)
        return MEASURES[subject](folder, env, given)


def _commands(folder: Path, env: dict[str, str], given: argparse.Namespace) -> list[Row]:
    rows = commands.measured(folder, env, given.runs)
    print(f"\n{commands.shown(rows)}", flush=True)
    return rows


def _launches(folder: Path, env: dict[str, str], given: argparse.Namespace) -> dict[str, list[Row]]:
    from benchmarks import launches

    return launches.measured(folder, env, given.runs, given.alrb)


def _verification(folder: Path, env: dict[str, str], given: argparse.Namespace) -> list[Row]:
    from benchmarks import verifications

    rows = verifications.measured(folder, env, max(given.runs // 2, 1))
    print(f"\n{verifications.shown(rows)}", flush=True)
    return rows


def _places(folder: Path, env: dict[str, str], given: argparse.Namespace) -> dict[str, list[Row]]:
    from benchmarks import places

    return places.measured(folder, env, given.runs)


def _many(_: Path, env: dict[str, str], given: argparse.Namespace) -> list[Row]:
    from benchmarks import many

    rows = many.measured(env, max(given.runs // 2, 1))
    print(f"\n{many.shown(rows)}", flush=True)
    return rows


MEASURES = {
    "commands": _commands, "launches": _launches, "verification": _verification, "many": _many, "places": _places,
}  # fmt: skip


def machine() -> dict[str, Any]:
    """What it was measured on."""
    from importlib.metadata import version

    packages = ("jupyter_client", "ipykernel", "click")
    return {
        "processors": os.cpu_count(), "python": platform.python_version(),
        "system": platform.system() + " " + platform.release(), **{name: version(name) for name in packages},
    }  # fmt: skip


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"{', '.join(MEASURES)} [all]")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="counted runs of each, half of it for "
                        "verifications [5: six minutes on a quiet machine, and twenty for the places]")  # fmt: skip
    parser.add_argument("--alrb", type=Path, metavar="FOLDER", help="the public ALRB scripts, to launch after them too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    parser.add_argument("--docs", type=Path, metavar="FOLDER", help="write the tables into its speed.md, and a plot of "
                        "the launches beside it (needs matplotlib)")  # fmt: skip
    given = parser.parse_args()
    if unknown := set(given.subjects) - set(MEASURES):
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    return given


def main() -> None:
    """Measure, print tables and what must be shown, and write JSON and a plot where asked."""
    given = _given()
    begin, outside, load = time.monotonic(), dict(os.environ), os.getloadavg()[0]
    figures: dict[str, Any] = {"format": 1, "runs": given.runs}
    for subject in given.subjects or MEASURES:
        figures[subject] = measured(subject, given)
        os.environ.clear()
        os.environ.update(outside)
    from benchmarks import targets

    figures["machine"] = machine() | {"load_before": load}
    figures["targets"] = targets.judged(figures)
    print(f"\n{targets.shown(figures['targets'])}\n\nmeasured in {time.monotonic() - begin:.0f} s")
    _keep(figures, given)


def _keep(figures: dict[str, Any], given: argparse.Namespace) -> None:
    from benchmarks import page, plot

    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    if given.docs:
        page.update(given.docs / "speed.md", figures)
    if given.docs and "launches" in figures:
        plot.launches(figures["launches"], given.docs / "launches.svg")


if __name__ == "__main__":
    main()
