"""``python -m benchmarks``: kernelkit against what else does the same, in turn within one run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import commands, launches, plot, targets, verifications

SUBJECTS = ("launches", "commands", "verification")


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
        if subject == "launches":
            return launches.measured(folder, env, given.runs, given.alrb)
        if subject == "commands":
            rows = commands.measured(folder, env, given.runs)
            print(f"\n{commands.shown(rows)}", flush=True)
        else:
            rows = verifications.measured(folder, env, max(given.runs // 2, 1))
            print(f"\n{verifications.shown(rows)}", flush=True)
        return rows


def machine() -> dict[str, Any]:
    """What it was measured on."""
    packages = ("jupyter_client", "ipykernel", "click")
    return {
        "processors": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version(),
        "system": platform.system() + " " + platform.release(), **{name: version(name) for name in packages},
    }  # fmt: skip


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"{', '.join(SUBJECTS)} [all]")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="counted runs of each, half of it for "
                        "verifications [5, about seven minutes on a quiet machine]")  # fmt: skip
    parser.add_argument("--alrb", type=Path, metavar="FOLDER", help="the public ALRB scripts, to launch after them too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the launches to this SVG file")
    given = parser.parse_args()
    if unknown := set(given.subjects) - set(SUBJECTS):
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    return given


def main() -> None:
    """Measure, print tables and what must be shown, and write JSON and a plot where asked."""
    given = _given()
    begin, outside = time.monotonic(), dict(os.environ)
    figures: dict[str, Any] = {"format": 1, "machine": machine()}
    for subject in given.subjects or SUBJECTS:
        figures[subject] = measured(subject, given)
        os.environ.clear()
        os.environ.update(outside)
    figures["targets"] = targets.judged(figures)
    print(f"\n{targets.shown(figures['targets'])}\n\nmeasured in {time.monotonic() - begin:.0f} s")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    if given.plot and "launches" in figures:
        plot.launches(figures["launches"], given.plot)


if __name__ == "__main__":
    main()
