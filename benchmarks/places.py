"""Kernels in batch systems: how much longer than by hand until one answers, interrupts, queries, and ends."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from benchmarks import jobs
from benchmarks.jobs import OURS, Ground
from benchmarks.measure import Row, table

Figures = dict[str, list[Row]]
KERNELS = (1, 10, 100)  # whose queries are counted
WINDOW = 60.0  # seconds for which they are
GOLDEN = 0.618  # schedulers work in steps of a second: launches begin at all points of one
LOCAL = "this machine"
CELL = "import time\nprint('runs', flush=True)\nfor _ in range(1200): time.sleep(.1)"


def measured(folder: Path, env: Mapping[str, str], runs: int) -> Figures:
    """Each batch system that can be had here in turn; one that cannot is told in a line."""
    figures: Figures = {"launches": [], "interrupts": [], "queries": [], "ends": []}
    sys.path.insert(0, str(jobs.FOLDER))
    kept = {name: os.environ[name] for name in ("KERNELKIT_HTCONDOR_ROOT",) if name in os.environ}
    for number, start in enumerate((jobs.slurm, jobs.htcondor)):
        os.environ.clear()
        os.environ.update({**env, **kept})
        with ExitStack() as stack:
            if ground := _ground(stack, start(folder / str(number), max(KERNELS) + 8)):
                asyncio.run(_measure(ground, runs, figures))
                print(f"\n{shown(figures)}", flush=True)
    return figures


def _ground(stack: ExitStack, ground: AbstractContextManager[Ground]) -> Ground | None:
    try:
        return stack.enter_context(ground)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        said = " ".join(str(error).split())
        print(f"\nno kernels in a batch system are measured: {said}", flush=True)
        return None


async def _measure(ground: Ground, runs: int, figures: Figures) -> None:
    figures["launches"] += await launches(ground, runs)
    figures["interrupts"] += await interrupts(ground, runs)
    figures["ends"] += await ends(ground, runs)
    figures["queries"] += [await queries(ground, count) for count in KERNELS]


# ---- until it answers


async def launches(ground: Ground, runs: int) -> list[Row]:
    """Every way in turn, ``runs`` times after one round that is not counted."""
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ground.ways}
    for number in range(runs + 1):
        for way, start in ground.ways.items():
            jobs.until(ground.is_free)
            await asyncio.sleep(number * GOLDEN % 1)
            begin = time.perf_counter()
            async with start() as connection:
                await jobs.answered(connection)
                ready = time.perf_counter()
                began = ground.began()
            taken[way] += [(ready - begin, ready - began)] if number else []
    return [_launch(ground, way, taken) for way in taken]


def _launch(ground: Ground, way: str, taken: Mapping[str, list[tuple[float, float]]]) -> Row:
    """Until it answers, from the launch and from the job's first process: before that, it waits in the queue."""
    pairs = list(zip(taken[OURS], taken[way], strict=True))
    whole, running = ([one[part] for one in taken[way]] for part in (0, 1))
    more, running_more = (statistics.median(a[part] - b[part] for a, b in pairs) for part in (0, 1))
    return {"place": ground.title, "name": way, **_spread("ready", whole), **_spread("running", running),
            "more_s": more, "running_more_s": running_more}  # fmt: skip


def _spread(name: str, seconds: list[float]) -> Row:
    return {f"{name}_s": statistics.median(seconds), f"{name}_min_s": min(seconds), f"{name}_max_s": max(seconds)}


# ---- interrupts


@asynccontextmanager
async def _talking(one: AsyncKernelManager) -> Any:
    """A client of a kernel that is started."""
    await one.start_kernel()
    client = one.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=jobs.LIMIT)
        yield client
    finally:
        client.stop_channels()
        if one.has_kernel:
            await one.shutdown_kernel(now=True)


async def interrupts(ground: Ground, runs: int) -> list[Row]:
    """From the manager's interrupt to the reply of the cell that ran, here and there in turn."""
    managers = {LOCAL: jobs.manager(), ground.title: ground.manager()}
    async with AsyncExitStack() as stack:
        clients = {name: await stack.enter_async_context(_talking(one)) for name, one in managers.items()}
        taken: dict[str, list[float]] = {name: [] for name in managers}
        for number in range(runs + 1):
            for name, one in managers.items():
                seconds = await _interrupted(one, clients[name])
                taken[name] += [seconds] if number else []
    there, here = taken[ground.title], taken[LOCAL]
    more = statistics.median(a - b for a, b in zip(there, here, strict=True))
    return [{"place": ground.title, **_spread("reply", there), "local_s": statistics.median(here), "more_s": more}]


async def _interrupted(one: AsyncKernelManager, client: Any) -> float:
    runs = asyncio.Event()

    def heard(message: Mapping[str, Any]) -> None:
        if message["msg_type"] == "stream":
            runs.set()

    cell = asyncio.ensure_future(client.execute_interactive(CELL, timeout=jobs.LIMIT, output_hook=heard))
    await asyncio.wait_for(runs.wait(), jobs.LIMIT)
    begin = time.perf_counter()
    await one.interrupt_kernel()
    reply = await cell
    if reply["content"].get("ename") != "KeyboardInterrupt":
        raise RuntimeError(f"an interrupt ended a cell with {reply['content']}")
    return time.perf_counter() - begin


# ---- its end


async def ends(ground: Ground, runs: int) -> list[Row]:
    """From the manager's shutdown to its return, and until the batch system has no job."""
    returned, gone = [], []
    for _ in range(runs):
        one = ground.manager()
        async with _talking(one):
            begin = time.perf_counter()
            await one.shutdown_kernel()
            returned.append(time.perf_counter() - begin)
            while ground.jobs():
                await asyncio.sleep(0.05)
            gone.append(time.perf_counter() - begin)
    return [{"place": ground.title, **_spread("returned", returned), **_spread("gone", gone)}]


# ---- queries


async def queries(ground: Ground, count: int) -> Row:
    """How often the batch system is asked for states in the minute from the first start, and in one of rest."""
    managers = [ground.manager() for _ in range(count)]
    try:
        before, begin = _asked(ground), time.perf_counter()
        await asyncio.gather(*(one.start_kernel() for one in managers))
        await asyncio.gather(*(jobs.answered(one.get_connection_info()) for one in managers))
        started = time.perf_counter() - begin
        during, running = _asked(ground), len(ground.jobs())
        await asyncio.sleep(WINDOW / 2)  # queries follow upon a start, and become rare
        rest = _asked(ground)
        await _polled(managers, WINDOW)
        after = _asked(ground)
    finally:
        await asyncio.gather(*(one.shutdown_kernel(now=True) for one in managers if one.has_kernel))
    jobs.until(ground.is_free)
    return {
        "place": ground.title, "kernels": running, "started_s": started,
        **{f"starting_{who}": during[who] - before[who] for who in during},
        **{f"rest_{who}": (after[who] - rest[who]) * 60 / WINDOW for who in after},
    }  # fmt: skip


async def _polled(managers: list[AsyncKernelManager], seconds: float) -> None:
    """What a server's restarter does: ask each kernel every three seconds whether it is alive."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not all(await asyncio.gather(*(one.is_alive() for one in managers))):
            raise RuntimeError("a kernel ended that nobody ended")
        await asyncio.sleep(max(min(3.0, deadline - time.monotonic()), 0))


def _asked(ground: Ground) -> dict[str, int]:
    """By our own account, and by one that is none of ours."""
    from kernelkit.provisioners import settings
    from kernelkit.provisioners.watch import watch_of

    return {"ours": watch_of(ground.name, settings.read(ground.name).programs).queries, "seen": ground.asked()}


# ---- the report


def shown(figures: Figures) -> str:
    """The rows as Markdown."""
    return "\n\n".join(_tables(figures))


def _tables(figures: Figures) -> Iterator[str]:
    yield table(
        ("place", "started by", "until it answers, s (min-max)", "kernelkit: more, s",
         "from the job's first process on, s", "kernelkit: more, s"),
        "{place} | {name} | {ready_s:.2f} ({ready_min_s:.2f}-{ready_max_s:.2f}) | {more_s:+.2f} | {running_s:.2f} "
        "({running_min_s:.2f}-{running_max_s:.2f}) | **{running_more_s:+.2f}**",
        figures["launches"],
    )  # fmt: skip
    yield table(
        ("place", "interrupt to reply, ms (min-max)", "a local kernel, ms", "more, ms"),
        "{place} | {reply_s:.0f} ({reply_min_s:.0f}-{reply_max_s:.0f}) | {local_s:.0f} | {more_s:+.0f}",
        [{name: value * 1000 if isinstance(value, float) else value for name, value in row.items()}
         for row in figures["interrupts"]],
    )  # fmt: skip
    yield table(
        ("place", "shutdown returns, s (min-max)", "no job is left, s (min-max)"),
        "{place} | {returned_s:.2f} ({returned_min_s:.2f}-{returned_max_s:.2f}) | {gone_s:.2f} ({gone_min_s:.2f}-"
        "{gone_max_s:.2f})",
        figures["ends"],
    )
    yield table(
        ("place", "kernels", "all started in, s", "queries meanwhile", "queries a minute", "counted outside"),
        "{place} | {kernels} | {started_s:.1f} | {starting_ours} | **{rest_ours:.0f}** | {rest_seen:.0f}",
        figures["queries"],
    )
