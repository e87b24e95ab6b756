"""Draw the launches: how long until a kernel answers, by set-up and by way of launching."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.setups import WAYS

COLOURS = ("#b0b7c3", "#8a94a6", "#d9822b", "#7fb3d5", "#1f5fa8")


def launches(figures: dict[str, list[dict[str, Any]]], file: Path) -> None:
    """Bars to the first reply, on a logarithmic axis since they span from a third of a second to many."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "kernelkit"}  # small, and the same for the same figures
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    axes = figure.subplots()
    for number, name in enumerate(WAYS):
        places = [place + (number - len(WAYS) / 2 + 0.5) * 0.16 for place in range(len(figures))]
        rows = [rows[number] for rows in figures.values()]
        seconds = [row["first_reply_s"] for row in rows]
        spread = [
            [row["first_reply_s"] - row["first_reply_min_s"] for row in rows],
            [row["first_reply_max_s"] - row["first_reply_s"] for row in rows],
        ]
        axes.bar(places, seconds, 0.15, yerr=spread, label=name, color=COLOURS[number], error_kw={"elinewidth": 0.8})
    axes.set_yscale("log")
    axes.set_yticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    axes.yaxis.minorticks_off()
    axes.set_xticks(range(len(figures)), [name.replace(", ", "\n") for name in figures])
    axes.set_ylabel("seconds from spawn to first reply")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(file, format="svg", metadata={"Date": None})
