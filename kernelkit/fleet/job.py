"""One node's job, from handing it in to its last word."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from kernelkit.fleet import errands
from kernelkit.fleet.plan import Fleet
from kernelkit.fleet.script import script
from kernelkit.fleet.unanswered import answered, unanswered
from kernelkit.provisioners.endings import MEMORY
from kernelkit.provisioners.mailbox import Mailbox
from kernelkit.provisioners.place import PlaceError
from kernelkit.provisioners.watch import Job
from kernelkit.report.json_report import from_object
from kernelkit.verify import Verdict

MOMENT = 0.5  # seconds in which a job ends that has told its last word, so that none of these counts as cancelled
OURS = "kernelkit: "  # begins what the job's script says itself
LATE = 3.0  # seconds that a result may take to be seen here, after the batch system said that its job has ended


def hand_in(fleet: Fleet, node: str) -> Job:
    """Make the folder and hand in the job. Raises PlaceError with the batch system's words, and leaves nothing then."""
    mailbox = Mailbox.create(fleet.settings.mailboxes, f"test-{node}-{secrets.token_hex(4)}")
    try:
        errands.write_request(fleet, mailbox.folder)
        mailbox.put_script(script(fleet, node, str(mailbox.folder)))
        mailbox.order(1, "run")
        job = Job(fleet.system.submit(str(mailbox.script), str(mailbox.folder)), mailbox)
        mailbox.note_job(fleet.place, job.id)
        return job
    except BaseException:
        mailbox.remove()
        raise


class NodeJob:
    """What is known of it here; ``verdicts`` grow while it runs, and are complete once it is over.

    It is ``finished`` when it has told its last word, or ``given_up``.
    """

    def __init__(self, fleet: Fleet, node: str, handing: Future[Job]) -> None:
        self.node = node
        self.handing = handing
        self.verdicts: list[Verdict] = []
        self.job: Job | None = None
        self.finished = False
        self.given_up = False
        self._fleet = fleet
        self._begun = self._heard = time.monotonic()
        self._waited: float | None = None
        self._ended: float | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more is to be expected of it."""
        return self.given_up or (self.finished and time.monotonic() - self._heard > MOMENT)

    def look(self) -> None:
        """See what is new."""
        if self.job is None:
            if self.handing.done():
                self._see_the_job()
            return
        for news in self._results.news():
            self._heard = time.monotonic()
            self._take(news)
        if self.finished:
            self.job.mailbox.remove()
        else:
            self._look_for_the_worst(self.job)

    def _see_the_job(self) -> None:
        self._heard = time.monotonic()
        try:
            self.job = self.handing.result()
        except (PlaceError, OSError) as error:
            self._give_up("job-failed", f"no job could be handed in: {error}".splitlines()[0])
        else:
            self._results = errands.Results(self.job.mailbox.folder)

    def _take(self, news: Mapping[str, Any]) -> None:
        if "started" in news:
            self._waited = time.monotonic() - self._begun
        elif "verdict" in news:
            self.verdicts.append(answered(from_object(news["verdict"]), self.node, self._waited or 0.0))
        elif "end" in news:
            self.finished = True

    def _look_for_the_worst(self, job: Job) -> None:
        now, limit = time.monotonic(), self._fleet.patience
        code = job.mailbox.answers(job.generation).ended
        if code is not None:
            self._give_up("job-failed", f"kernelkit's own Python could not be run there (code {code})")
        elif job.state.kind == "ended":
            self._ended = self._ended or now
            if now - self._ended > LATE:
                self._explain_the_end(job)
        elif now - self._heard > limit:
            did = "did not start" if self._waited is None else "told nothing"
            self._give_up("node-silent", f"its job {job.id} {did} within {limit:g} s: {job.silent or job.state.words}")

    def _explain_the_end(self, job: Job) -> None:
        if MEMORY.search(job.mailbox.output()):
            self._give_up("memory-limit", f"its job {job.id} used more memory than it had asked for: --memory")
        else:
            self._give_up("job-failed", f"its job {job.id} ended without a result: {_last_words(job)}")

    def _give_up(self, cause_id: str, words: str) -> None:
        """What is missing is missing for this reason."""
        told = {verdict.path for verdict in self.verdicts}
        missing = [target for target in self._fleet.targets if target.path not in told]
        output = self.job.mailbox.output() if self.job else ""
        self.verdicts += unanswered(self.node, missing, cause_id, words, output)
        self.given_up = True


def _last_words(job: Job) -> str:
    """The job's own, if it has said why it ended; else the batch system's."""
    last = job.mailbox.output(1)
    return last.removeprefix(OURS) if last.startswith(OURS) else job.state.words
