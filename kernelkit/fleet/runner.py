"""Kernels verified on many nodes, a bounded number of them at a time, with no job left at any end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

from kernelkit.fleet.job import NodeJob, hand_in
from kernelkit.fleet.plan import Fleet
from kernelkit.fleet.unanswered import unanswered
from kernelkit.provisioners.watch import Job, watch_of
from kernelkit.verify import Event, Verdict

POLL = 0.2  # seconds between two looks into the folders
HANDS = 4  # jobs that are handed in at the same moment
LAST_MOMENT = 5.0  # seconds that an end waits for the batch system


def verify_on_nodes(fleet: Fleet, *, on_event: Callable[[Event], None] = lambda _: None) -> list[Verdict]:
    """A verdict on each kernel on each node, in the order of the fleet's.

    Events name nodes. With ``fail_fast``, no further node is asked after a failure. However it ends, an interrupt
    included, its jobs are cancelled and their folders removed.
    """
    if not fleet.targets:
        return []
    round_ = _Round(fleet, on_event)
    try:
        round_.run()
    finally:
        round_.leave()
    return list(round_.verdicts())


class _Round:
    def __init__(self, fleet: Fleet, on_event: Callable[[Event], None]) -> None:
        self._fleet = fleet
        self._on_event = on_event
        self._watch = watch_of(fleet.place, fleet.settings.programs)
        self._hands = ThreadPoolExecutor(HANDS)
        # Nodes without work are asked first: others may let their jobs wait.
        able = sorted((node for node in fleet.nodes if not node.refuses), key=lambda node: node.busy)
        self._left = deque(node.name for node in able)
        self._active: list[NodeJob] = []
        self._jobs: list[Job] = []
        self._found: dict[str, list[Verdict]] = {}

    def run(self) -> None:
        for node in self._fleet.nodes:
            if node.refuses:
                self._finish(node.name, unanswered(node.name, self._fleet.targets, "node-unavailable", node.refuses))
        while self._left or self._active:
            self._hand_in()
            self._look()
            if self._active:
                time.sleep(POLL)

    def verdicts(self) -> Iterator[Verdict]:
        """Those of each node in the order of its kernels."""
        order = {target.path: number for number, target in enumerate(self._fleet.targets)}
        for node in self._fleet.nodes:
            yield from sorted(self._found.get(node.name, []), key=lambda verdict: order[verdict.path])

    def _hand_in(self) -> None:
        while self._left and len(self._active) < self._fleet.width:
            node = self._left.popleft()
            self._on_event(Event("started", node, len(self._found), len(self._fleet.nodes)))
            self._active.append(NodeJob(self._fleet, node, self._hands.submit(hand_in, self._fleet, node)))

    def _look(self) -> None:
        for one in list(self._active):
            one.look()
            if one.job and one.job not in self._jobs:
                self._jobs.append(one.job)
                self._watch.add(one.job, self._fleet.settings.grace)
            if one.over:
                self._active.remove(one)
                self._finish(one.node, one.verdicts)
                if one.job:
                    self._dismiss(one.job, finished=one.finished)

    def _dismiss(self, job: Job, *, finished: bool) -> None:
        """One that has told its last word is about to end by itself, and is only cancelled if it does not."""
        job.mailbox.remove()
        if not finished:
            self._watch.end(job)

    def _finish(self, node: str, verdicts: list[Verdict]) -> None:
        self._found[node] = verdicts
        failed = next((verdict for verdict in verdicts if not verdict.passed), None)
        if failed and self._fleet.conditions.fail_fast:
            self._left.clear()
        told = failed or next(iter(verdicts), None)
        self._on_event(Event("finished", node, len(self._found), len(self._fleet.nodes), told))

    def leave(self) -> None:
        """End what is not known to have ended; what is being handed in is ended as soon as it has been."""
        for job in self._jobs:
            self._end(job)
        pending = [one.handing for one in self._active if not (one.job or one.handing.cancel())]
        for handing in pending:
            handing.add_done_callback(self._end_late)
        wait(pending, LAST_MOMENT)
        self._hands.shutdown(wait=False)
        deadline = time.monotonic() + LAST_MOMENT
        while any(map(self._watch.is_ending, self._jobs)) and time.monotonic() < deadline:
            time.sleep(POLL / 10)

    def _end_late(self, handing: Future[Job]) -> None:
        if not handing.exception():
            self._jobs.append(handing.result())
            self._end(handing.result())

    def _end(self, job: Job) -> None:
        job.mailbox.remove()
        if job.state.kind == "ended":
            self._watch.forget(job)
        else:
            self._watch.end(job)
