"""Time launches side by side: from spawn to the answer about itself, and to the first reply to code."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import signal
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import zmq.asyncio

from benchmarks import setups
from benchmarks.measure import Row, table
from benchmarks.setups import Contestant
from kernelkit.verify import spec
from kernelkit.verify.launch import Launch
from kernelkit.verify.runner import RECONNECT

LIMIT = 120.0  # seconds
WEIGHED = "ALRB's weight"
WEIGHTS = {  # of a set-up: files, processes, and seconds that each file keeps its reader waiting
    "no set-up": (0, 0, 0.0),
    WEIGHED: (setups.FILES, setups.FORKS, 0.0),
    f"{WEIGHED}, 1 ms a file": (setups.FILES, setups.FORKS, 0.001),
    f"{WEIGHED}, 5 ms a file": (setups.FILES, setups.FORKS, 0.005),
    f"{WEIGHED}, 20 ms a file": (setups.FILES, setups.FORKS, 0.02),
}


@dataclass
class Timed:
    """What a contestant's launches took, in seconds, and the kernel's peak memory in MiB."""

    name: str
    kernel_info: list[float] = field(default_factory=list)
    first_reply: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def row(self, all_: Mapping[str, Timed]) -> Row:
        """The figures of the report."""
        plain, more = self.over(all_[setups.PLAIN])
        return {
            "name": self.name, "kernel_info_s": statistics.median(self.kernel_info),
            "first_reply_s": statistics.median(self.first_reply), "first_reply_min_s": min(self.first_reply),
            "first_reply_max_s": max(self.first_reply), "of_plainest": plain, "more_s": more,
            "by_hand_takes": all_[setups.BY_HAND].over(self)[0], "of_no_snapshot": self.over(all_[setups.STEPS])[0],
            "of_first_launch": self.over(all_.get(setups.FIRST, self))[0], "peak_mib": statistics.median(self.memory),
        }  # fmt: skip

    def over(self, other: Timed) -> tuple[float, float]:
        """The medians of ratio and difference to another, each taken round by round."""
        pairs = list(zip(self.first_reply, other.first_reply, strict=True))
        return statistics.median(a / b for a, b in pairs), statistics.median(a - b for a, b in pairs)


def measured(folder: Path, env: Mapping[str, str], runs: int, alrb: Path | None) -> dict[str, list[Row]]:
    """Kernels from spawn to first reply, after set-ups of several weights."""
    figures = {}
    for number, (name, (files, forks, delay)) in enumerate(WEIGHTS.items()):
        place = folder / str(number)
        setup = setups.script(place / "software", files=files, forks=forks, delay=delay)
        contestants = setups.contestants(place, setup, env)
        if name == WEIGHED:
            contestants += setups.first_launches(place, contestants)
        figures[name] = _rows(contestants, env, runs)
        print(f"\n{name}\n\n{shown(figures[name])}", flush=True)
    if alrb:
        place = folder / "alrb"
        contestants = setups.contestants(place, setups.alrb(place / "software", alrb), env)
        figures["public ALRB scripts"] = _rows(contestants, env, runs)
        print(f"\npublic ALRB scripts\n\n{shown(figures['public ALRB scripts'])}", flush=True)
    return figures


def _rows(contestants: Sequence[Contestant], env: Mapping[str, str], runs: int) -> list[Row]:
    times = _timed(contestants, env, runs)
    return [one.row(times) for one in times.values()]


def _timed(contestants: Sequence[Contestant], env: Mapping[str, str], runs: int) -> dict[str, Timed]:
    """Launch each contestant in turn, ``runs`` times, after one round that is not counted."""
    times = {contestant.name: Timed(contestant.name) for contestant in contestants}
    os.environ.clear()
    os.environ.update(env)
    for number in range(runs + 1):
        for contestant in contestants:
            if contestant.fresh:
                shutil.rmtree(contestant.fresh, ignore_errors=True)
            told, replied, memory = asyncio.run(_once(contestant))
            _end_recorders(contestant.folder)
            if number:
                into = times[contestant.name]
                into.kernel_info.append(told)
                into.first_reply.append(replied)
                into.memory.append(memory)
    return times


async def _once(contestant: Contestant) -> tuple[float, float, float]:
    context = zmq.asyncio.Context()
    context.reconnect_ivl = RECONNECT
    folder = Path(tempfile.mkdtemp(prefix="kernelkit-bench-"))
    read = spec.read(contestant.folder)
    os.environ |= contestant.env
    launch = Launch(read, "bench", folder / "launch", secrets.token_hex(8) + ".0.", context)
    try:
        begin = time.perf_counter()
        await launch.spawn()
        await launch.answer(LIMIT)
        told = time.perf_counter() - begin
        exchange = await launch.talk.execute("1+1", LIMIT)
        replied = time.perf_counter() - begin
        if exchange.result != "2":
            raise RuntimeError(f"{contestant.name}: 1+1 gave {exchange.result or exchange.error}")
        return told, replied, _peak(launch.pid)
    finally:
        for name in contestant.env:
            del os.environ[name]
        await launch.clean()
        context.destroy(linger=0)
        shutil.rmtree(folder, ignore_errors=True)


def _peak(pid: int | None) -> float:
    """The most memory that a process held at once, in MiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _end_recorders(folder: Path) -> None:
    """What records behind a launch must not slow the next one."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"--kernelkit-record" in words and os.fsencode(folder / "setup.sh") in words:
                os.kill(int(process.name), signal.SIGTERM)


def shown(rows: list[Row]) -> str:
    """The rows as Markdown."""
    head = ("launched through", "kernel_info, s", "first reply, s (min-max)", "of plainest wrapper", "more, ms",
            "by hand takes", "peak, MiB")  # fmt: skip
    line = (
        "{name} | {kernel_info_s:.3f} | {first_reply_s:.3f} ({first_reply_min_s:.3f}-{first_reply_max_s:.3f}) "
        "| **{of_plainest:.2f}** | {milliseconds:+.0f} | {by_hand_takes:.1f} times as long | {peak_mib:.0f}"
    )
    return table(head, line, [{**row, "milliseconds": float(row["more_s"]) * 1000} for row in rows])
