"""One thread for all jobs of a place in this process: signs of life to each, and one query for all of their states.

A kernel is asked for ten times a second while it ends, so that none of those who ask may ask the batch system.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kernelkit.provisioners.mailbox import Mailbox
from kernelkit.provisioners.place import Place, PlaceError, State
from kernelkit.provisioners.places import place_of

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
    interrupts: int = 0

    @property
    def goes_on(self) -> bool:
        """Whether the batch system says that it runs and is not about to end."""
        return self.state.kind == "running" and self.state.words == "RUNNING"

    def order(self, word: str) -> None:
        """Say what is wanted of the job; signs of life repeat it."""
        self.word = word
        self.renew()

    def interrupt(self) -> None:
        """Have the job's script interrupt the kernel, which takes it a second."""
        self.interrupts += 1
        self.renew()

    def renew(self) -> None:
        """Say it again: a sign of life."""
        self.mailbox.order(self.generation, self.word, self.interrupts)


class Watch:
    """All jobs of one place: one thread for signs of life, which must not wait, and one that asks and cancels."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.queries = 0
        self._jobs: set[Job] = set()
        self._unwanted: set[str] = set()
        self._lock = threading.Lock()
        self._life = Beat(self._renew, f"kernelkit-{place.name}-life")
        self._talk = Beat(self._cancel_and_ask, f"kernelkit-{place.name}")
        self._pace = LATEST
        self._pause = SOONEST
        self._query_due = 0.0

    def add(self, job: Job, grace: float) -> None:
        """Look after a job from now on; it hears from here six times within its ``grace`` (seconds)."""
        with self._lock:
            self._jobs.add(job)
            self._pace = min(self._pace, grace / 6)
            self._pause, self._query_due = SOONEST, time.monotonic() + SOONEST
        self._life.start()
        self._talk.start()

    def ask_now(self) -> None:
        """Ask at once, and often for a while: something happened."""
        with self._lock:
            self._pause, self._query_due = SOONEST, 0.0
        self._talk.start()

    def end(self, job: Job) -> None:
        """Cancel a job and look after it no longer; where the batch system is silent, it is tried again."""
        with self._lock:
            self._jobs.discard(job)
            self._unwanted.add(job.id)
        self._talk.start()

    def forget(self, job: Job) -> None:
        """Look after it no longer; another process does."""
        with self._lock:
            self._jobs.discard(job)

    def sweep(self, mailboxes: Path, age: float) -> None:
        """Take away the mailboxes whose servers have been silent for ``age`` seconds, and cancel their jobs."""
        for number in Mailbox.sweep(mailboxes, age, self.place.name):
            self.end(Job(number, Mailbox(mailboxes / "swept")))

    def is_ending(self, job: Job) -> bool:
        """Whether a job has still to be cancelled."""
        return job.id in self._unwanted

    def _renew(self) -> float | None:
        with self._lock:
            jobs, pace = list(self._jobs), self._pace
        for job in jobs:
            job.renew()
        return pace if jobs else None

    def _cancel_and_ask(self) -> float | None:
        self._cancel()
        self._query()
        with self._lock:
            asked = any(job.state.kind != "ended" for job in self._jobs)
            due = [self._query_due - time.monotonic()] if asked else []
            due += [SOONEST] if self._unwanted else []
        return max(min(due), 0.0) if due else None

    def _cancel(self) -> None:
        with self._lock:
            unwanted = sorted(self._unwanted)
        if not unwanted:
            return
        try:
            self.place.cancel(unwanted)
        except PlaceError:
            return  # tried again; the job's script finds out by itself too, since its folder is gone
        with self._lock:
            self._unwanted.difference_update(unwanted)

    def _query(self) -> None:
        with self._lock:
            jobs = {job.id: job for job in self._jobs if job.state.kind != "ended"}
            if not jobs or time.monotonic() < self._query_due:
                return
        changed = self._learn(jobs)
        self.queries += 1
        with self._lock:
            self._pause = SOONEST if changed else min(self._pause * 2, LATEST)
            self._query_due = time.monotonic() + self._pause

    def _learn(self, jobs: dict[str, Job]) -> bool:
        """Ask, and tell each job; whether anything is new."""
        try:
            states = self.place.states({number: str(job.mailbox.folder) for number, job in jobs.items()})
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
        """Called when this process ends: what must be cancelled is, within a few seconds.

        So is a job whose kernel has not started: no other process can go on with it.
        """
        with self._lock:
            begun = [job for job in self._jobs if not job.mailbox.answers(job.generation).connection]
        for job in begun:
            job.mailbox.remove()
            self.end(job)
        deadline = time.monotonic() + LAST_MOMENT
        while self._unwanted and time.monotonic() < deadline:
            time.sleep(0.02)


class GivenUpError(RuntimeError):
    """A start that nobody waits for any more. It is no PlaceError: no notebook is to be told."""

    def __init__(self, job: str = "") -> None:
        super().__init__(f"the start of {f'job {job}' if job else 'a kernel'} was given up")


class Handing:
    """A job that is being handed in. Whoever waits for that may give up meanwhile: then it is cancelled at once."""

    def __init__(self, watch: Watch, mailbox: Mailbox, grace: float) -> None:
        self._watch = watch
        self._mailbox = mailbox
        self._grace = grace
        self._given_up = False
        self._job: Job | None = None

    def hand_in(self) -> Job:
        """Blocks; the job is looked after from then on. Raises PlaceError, GivenUpError."""
        if self._given_up:
            raise GivenUpError
        job = self._job = Job(
            self._watch.place.submit(str(self._mailbox.script), str(self._mailbox.folder)), self._mailbox
        )
        self._mailbox.note_job(self._watch.place.name, job.id)
        self._watch.add(job, self._grace)
        if self._given_up:
            self._watch.end(job)
        return job

    async def wanted_job(self) -> Job:
        """The job, handed in by a thread. Raises PlaceError, and GivenUpError where it was given up meanwhile."""
        job = await asyncio.to_thread(self.hand_in)
        if self._given_up:
            raise GivenUpError(job.id)
        return job

    def give_up(self) -> None:
        """Nobody wants the job any more, whether there is one yet or not."""
        self._given_up = True
        if self._job:
            self._watch.end(self._job)


class Beat:
    """A thread that works, sleeps for the seconds that the work returns (None: until the next start), and so on."""

    def __init__(self, work: Callable[[], float | None], name: str) -> None:
        self._work = work
        self._name = name
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Do it now."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            self._wake.wait(self._done())

    def _done(self) -> float | None:
        """One fault must not leave all kernels without it."""
        try:
            return self._work()
        except Exception:
            logging.getLogger(__name__).exception("%s goes on after a fault", self._name)
            return LATEST


@functools.cache
def watch_of(name: str, programs: str) -> Watch:
    """The one watch of a place in this process."""
    watch = Watch(place_of(name, programs))
    atexit.register(watch.last_moment)
    return watch
