"""Time launches side by side: from spawn to the answer about itself, and to the first reply to code."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import zmq.asyncio

from benchmarks.setups import Contestant
from kernelkit.verify import spec
from kernelkit.verify.launch import Launch
from kernelkit.verify.runner import RECONNECT

LIMIT = 120.0  # seconds


@dataclass
class Timed:
    """What a contestant's launches took, in seconds."""

    name: str
    kernel_info: list[float] = field(default_factory=list)
    first_reply: list[float] = field(default_factory=list)

    def row(self, plainest: Timed) -> dict[str, float | str]:
        """The figures of the report; the ratio is the median of the ratios within each round."""
        ratios = [ours / theirs for ours, theirs in zip(self.first_reply, plainest.first_reply, strict=True)]
        return {
            "name": self.name, "kernel_info_s": statistics.median(self.kernel_info),
            "first_reply_s": statistics.median(self.first_reply), "first_reply_min_s": min(self.first_reply),
            "first_reply_max_s": max(self.first_reply), "ratio": statistics.median(ratios),
            "difference_s": statistics.median(self.first_reply) - statistics.median(plainest.first_reply),
        }  # fmt: skip


def timed(contestants: Sequence[Contestant], env: Mapping[str, str], runs: int) -> list[Timed]:
    """Launch each contestant in turn, ``runs`` times, after one round that is not counted."""
    times = [Timed(contestant.name) for contestant in contestants]
    os.environ.clear()
    os.environ.update(env)
    for number in range(runs + 1):
        for contestant, into in zip(contestants, times, strict=True):
            told, replied = asyncio.run(_once(contestant))
            if number:
                into.kernel_info.append(told)
                into.first_reply.append(replied)
    return times


async def _once(contestant: Contestant) -> tuple[float, float]:
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
        return told, replied
    finally:
        for name in contestant.env:
            del os.environ[name]
        await launch.clean()
        context.destroy(linger=0)
        shutil.rmtree(folder, ignore_errors=True)
