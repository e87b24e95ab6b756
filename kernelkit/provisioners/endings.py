"""Why a kernel ended: by what it printed and its exit code, or with its job, of which the batch system is asked."""

from __future__ import annotations

import asyncio
import re
import signal
import time

from kernelkit.provisioners.watch import Job, Watch

LIMIT = 10.0  # seconds that the batch system has for saying why a job ended
POLL = 0.1  # seconds
SIGNALLED = "the batch system ended the job"  # all that the job's script knows of that


async def why(job: Job, watch: Watch) -> str:
    """In words; the batch system is asked, since a script that is killed cannot say."""
    deadline = time.monotonic() + LIMIT
    asked = watch.queries
    watch.ask_now()
    while job.state.kind != "ended" and time.monotonic() < deadline:
        answers = job.mailbox.answers(job.generation)
        if watch.queries > asked and job.goes_on and answers.ended is not None and not answers.gone:
            return f"the kernel in job {job.id} {in_words(answers.ended, job.mailbox.output())}"
        await asyncio.sleep(POLL)
    said = job.state.words if job.state.kind == "ended" else job.silent or "the batch system has not said why"
    own = job.mailbox.answers(job.generation).gone
    return f"job {job.id} ended: {said if own in ('', SIGNALLED) else own}"


MEMORY = re.compile(r"oom.kill|out of memory|exceeded (?:job )?memory limit", re.IGNORECASE)


def in_words(code: int, printed: str) -> str:
    """What a kernel's exit code says while its job goes on; Slurm's step daemon prints of the kernel's OOM handler."""
    if MEMORY.search(printed):
        return "was killed: it used more memory than its job had asked for; --memory asks for more"
    if code == 128 + signal.SIGKILL:
        return "was killed, as happens to one that uses more memory than its job has"
    return f"ended with code {code}"
