"""What kernelkit promises of its speed, and whether a run of the benchmarks shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks import setups
from benchmarks.jobs import OURS
from benchmarks.launches import WEIGHED
from benchmarks.measure import Row

Target = dict[str, Any]


def judged(figures: dict[str, Any]) -> list[Target]:
    """Each promise that was measured: its text, the value found, the limit, and whether it is met."""
    return [*of_this_machine(figures), *of_places(figures)]


def of_this_machine(figures: dict[str, Any]) -> list[Target]:
    """Those of kernels and commands here."""
    return [*_launches(figures.get("launches", {})), *_commands(figures.get("commands", []))]


def of_places(figures: dict[str, Any]) -> list[Target]:
    """Those of kernels in batch systems."""
    return list(_places(figures.get("places", {})))


def _launches(weights: dict[str, list[Row]]) -> Iterator[Target]:
    if not weights:
        return
    rows = {weight: {str(row["name"]): row for row in rows} for weight, rows in weights.items()}
    worst = max(rows.values(), key=lambda ways: float(ways[setups.REPLAY]["of_plainest"]))[setups.REPLAY]
    yield _most("replayed launch over the plainest wrapper, in the worst case", worst["of_plainest"], 1.05)
    yield _most("the same, in seconds more", max(float(w[setups.REPLAY]["more_s"]) for w in rows.values()), 0.03)
    for weight, times in ((WEIGHED, 2.0), (f"{WEIGHED}, 20 ms a file", 10.0)):
        yield _least(f"the wrapper written by hand over ours, {weight}", rows[weight][setups.REPLAY]["by_hand_takes"],
                     times)  # fmt: skip
    first, behind = rows[WEIGHED][setups.FIRST], rows[WEIGHED][setups.BEHIND]
    yield _most("first launch, which records, over one that does not", first["of_no_snapshot"], 1.15)
    yield _most("the same with a recording behind it, over without", behind["of_first_launch"], 1.05)


def _commands(rows: list[Row]) -> Iterator[Target]:
    ratios = {(row["name"], row["command"]): float(row["ratio"]) for row in rows}
    limits = {"list, 5 kernels": 0.33, "list, 10000 kernels": 0.2, "install, 5 kernels": 0.5}
    for name, limit in limits.items():
        if (name, "jupyter") in ratios:
            yield _most(f"{name}: kernelkit over jupyter kernelspec", ratios[name, "jupyter"], limit)


def _places(tables: dict[str, list[Row]]) -> Iterator[Target]:
    for row in tables.get("launches", []):
        if row["name"] != OURS:
            start = f"{row['place']}: kernelkit's start over {row['name']}"
            yield _most(f"{start}, s", row["more_s"], 0.3)
            yield _most(f"{start}, once the job runs, s", row["running_more_s"], 0.3)
    for row in tables.get("ends", []):
        yield _most(f"{row['place']}: from shutdown to no job, s", row["gone_max_s"], 5)
    for row in tables.get("queries", []):
        yield _most(f"{row['place']}: queries a minute, kernels: {row['kernels']}", row["rest_ours"], 6)


def _most(text: str, value: float | str, limit: float) -> Target:
    return {"target": text, "value": float(value), "limit": f"at most {limit:g}", "met": float(value) <= limit}


def _least(text: str, value: float | str, limit: float) -> Target:
    return {"target": text, "value": float(value), "limit": f"at least {limit:g}", "met": float(value) >= limit}


def shown(targets: list[Target]) -> str:
    """The promises as Markdown."""
    lines = [
        f"| {one['target']} | {one['value']:.3f} | {one['limit']} | {'met' if one['met'] else '**missed**'} |"
        for one in targets
    ]
    return "\n".join(["| must show | found | limit | |", "|---|---|---|---|", *lines])
