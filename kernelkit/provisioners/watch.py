"""One thread for all jobs of a place in this process: signs of life to each, and one query for all of their states.

A kernel is asked for ten times a second while it ends, so that none of those who ask may ask the batch system.
"""

from __future__ import annotations

import atexit
import functools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kernelkit.provisioners.mailbox import Mailbox
from kernelkit.provisioners.place import Place, PlaceError, State

SOONEST, LATEST = 2.0, 15.0  # seconds between two queries; doubled while nothing changes
MISSED = 2  # queries that must not know a job before it is taken for gone
LAST_MOMENT = 5.0  # seconds that the end of this process waits for cancelling

NO_STATE = State("waiting", "handed in")


@dataclass(eq=False)
class Job:
    """A job that was handed in. ``state`` is the batch system's last word, ``silent`` why it has none."""

    id: str
    mailbox: Mailbox
    generation: int = 1
    word: str = "run"
    state: State = NO_STATE
    silent: str = ""
    missed: int = field(default=0, repr=False)

    def order(self, word: str) -> None:
        """Say what is wanted of the job; signs of life repeat it."""
        self.word = word
        self.mailbox.order(self.generation, word)


class Watch:
    """All jobs of one place. ``pace`` is seconds between two signs of life."""

    def __init__(self, place: Place, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.place = place
        self.queries = 0
        self._jobs: set[Job] = set()
        self._unwanted: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._pause = SOONEST
        self._clock = clock
        self._query_due = self._lease_due = 0.0
        self.pace = 10.0

    def add(self, job: Job, grace: float) -> None:
        """Look after a job from now on, six times within its ``grace`` (seconds)."""
        with self._lock:
            self._jobs.add(job)
            self.pace = min(self.pace, grace / 6)
        self.hurry()

    def hurry(self) -> None:
        """Something happened: ask soon, and often for a while."""
        with self._lock:
            self._pause = SOONEST
            self._query_due = min(self._query_due, self._clock() + SOONEST)
        self._run()

    def ask_now(self) -> None:
        """Ask at once."""
        with self._lock:
            self._pause = SOONEST
            self._query_due = 0.0
        self._run()

    def end(self, job: Job) -> None:
        """Cancel a job and look after it no longer; where the batch system is silent, it is tried again."""
        with self._lock:
            self._jobs.discard(job)
            self._unwanted.add(job.id)
        self._run()

    def is_ending(self, job: Job) -> bool:
        """Whether a job has still to be cancelled."""
        return job.id in self._unwanted

    def _run(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._loop, name=f"kernelkit-{self.place.name}", daemon=True)
                self._thread.start()
        self._wake.set()

    def _loop(self) -> None:
        while True:
            self._wake.wait(self._rest())
            self._wake.clear()
            self._cancel()
            self._renew()
            self._query()

    def _rest(self) -> float | None:
        """Seconds until something is due; None where nothing is."""
        with self._lock:
            due = [self._lease_due, self._query_due] if self._jobs else []
            due += [self._clock() + SOONEST] if self._unwanted else []
        return max(min(due) - self._clock(), 0.0) if due else None

    def _cancel(self) -> None:
        for job in list(self._unwanted):
            try:
                self.place.cancel(job)
            except PlaceError:
                continue  # tried again; its script finds out by itself too, since its folder is gone
            with self._lock:
                self._unwanted.discard(job)

    def _renew(self) -> None:
        if self._clock() < self._lease_due:
            return
        self._lease_due = self._clock() + self.pace
        for job in list(self._jobs):
            job.mailbox.order(job.generation, job.word)

    def _query(self) -> None:
        jobs = {job.id: job for job in list(self._jobs) if job.state.kind != "ended"}
        if not jobs or self._clock() < self._query_due:
            return
        self._query_due = self._clock() + LATEST  # for whoever looks meanwhile
        self.queries += 1
        changed = self._learn(jobs)
        with self._lock:
            self._pause = SOONEST if changed else min(self._pause * 2, LATEST)
            self._query_due = self._clock() + self._pause

    def _learn(self, jobs: dict[str, Job]) -> bool:
        """Ask, and tell each job; whether anything is new."""
        try:
            states = self.place.states(sorted(jobs))
        except PlaceError as error:
            for job in jobs.values():
                job.silent = error.problem
            return False
        changed = False
        for number, job in jobs.items():
            job.silent = ""
            job.missed = 0 if number in states else job.missed + 1
            gone = State("ended", "the batch system no longer knows it") if job.missed >= MISSED else job.state
            state = states.get(number, gone)
            changed = changed or state != job.state
            job.state = state
        return changed

    def last_moment(self) -> None:
        """Called when this process ends: what must be cancelled is, within a few seconds."""
        deadline = self._clock() + LAST_MOMENT
        while self._unwanted and self._clock() < deadline:
            time.sleep(0.02)


@functools.cache
def watch_of(place: Place) -> Watch:
    """The one watch of a place in this process."""
    watch = Watch(place)
    atexit.register(watch.last_moment)
    return watch
