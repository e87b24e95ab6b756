"""Verifications side by side."""

from __future__ import annotations

import asyncio
import secrets
import signal
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import zmq
import zmq.asyncio

from kernelkit.verify.guard import Guard, guarded
from kernelkit.verify.strict import strictly
from kernelkit.verify.trial import Trial
from kernelkit.verify.verdict import Event, Target, Verdict

RECONNECT = 20  # milliseconds between two tries to connect; zmq's own 100 would be a part of every start


def verify(
    targets: Sequence[Target],
    *,
    jobs: int,
    timeout: float,
    strict: bool = False,
    fail_fast: bool = False,
    on_event: Callable[[Event], None] = lambda _: None,
) -> list[Verdict]:
    """Launch each kernelspec and say whether it works, in the order of the targets.

    ``jobs`` kernels run side by side; ``timeout`` is in seconds from spawn to first reply, and anew for a restart.
    With ``strict``, what would be noted fails a kernel. With ``fail_fast``, kernels that are not running yet when one
    fails are left out. SIGTERM is taken as KeyboardInterrupt; either way no process is left behind.
    """
    marker = secrets.token_hex(8) + "."
    with tempfile.TemporaryDirectory(prefix="kernelkit-verify-") as folder, guarded(marker, Path(folder)) as guard:
        round_ = _Round(
            targets=targets, jobs=jobs, timeout=timeout, strict=strict, fail_fast=fail_fast, on_event=on_event,
            place=Place(marker, Path(folder), guard),
        )  # fmt: skip
        return asyncio.run(round_.verify())


class Place(NamedTuple):
    """What the kernels of a round share."""

    marker: str
    folder: Path
    guard: Guard


class _Round:
    def __init__(
        self,
        *,
        targets: Sequence[Target],
        jobs: int,
        timeout: float,
        strict: bool,
        fail_fast: bool,
        on_event: Callable[[Event], None],
        place: Place,
    ) -> None:
        self._targets = [Target(*target) for target in targets]
        self._timeout = timeout
        self._judge = strictly if strict else lambda verdict: verdict
        self._fail_fast = fail_fast
        self._on_event = on_event
        self._places = asyncio.Semaphore(jobs)
        self._place = place
        self._done = 0
        self._stopped = False
        self._terminated = False

    async def verify(self) -> list[Verdict]:
        self._context = zmq.asyncio.Context()
        self._context.reconnect_ivl = RECONNECT
        self._catch_sigterm()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._one(number, target)) for number, target in enumerate(self._targets)]
        except asyncio.CancelledError:
            if self._terminated:
                raise KeyboardInterrupt from None
            raise
        finally:
            self._context.destroy(linger=0)
        return [verdict for task in tasks if (verdict := task.result())]

    def _catch_sigterm(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        this = asyncio.current_task()

        def stop() -> None:
            self._terminated = True
            if this:
                this.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)

    async def _one(self, number: int, target: Target) -> Verdict | None:
        await self._places.acquire()
        if self._stopped:
            self._places.release()
            return None
        self._tell("started", target)
        trial = Trial(
            target, folder=self._place.folder / str(number), marker=f"{self._place.marker}{number}.",
            limit=self._timeout, context=self._context, guard=self._place.guard,
        )  # fmt: skip
        try:
            # With fail_fast the verdict decides whether another kernel starts; else that need not await the shutdown.
            verdict = self._judge(await trial.run((lambda: None) if self._fail_fast else self._places.release))
        finally:
            trial.drop()
        self._done += 1
        self._stopped = self._stopped or (self._fail_fast and not verdict.passed)
        self._tell("finished", target, verdict)
        if self._fail_fast:
            self._places.release()
        return verdict

    def _tell(self, kind: Literal["started", "finished"], target: Target, verdict: Verdict | None = None) -> None:
        self._on_event(Event(kind, target.name, self._done, len(self._targets), verdict))
