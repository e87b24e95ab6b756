"""An HTCondor whose schedd is silent or gone while kernels start, live and end."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest
from test_htcondor import Running, manager_of
from test_slurm import job_of, run, until

from kernelkit.provisioners.place import PlaceError

pytestmark = [pytest.mark.htcondor, pytest.mark.xdist_group("schedd"), pytest.mark.timeout(600)]


def schedd(pool):
    """Its pid; none while there is none."""
    for pid in pool._members():
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if Path(f"/proc/{pid}/comm").read_text().strip() == "condor_schedd" and state != "Z":
                return pid
    return None


@contextlib.contextmanager
def stopped(pool):
    """It is there and says nothing."""
    pid = schedd(pool)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def gone(pool):
    """It is dead, and the master does not start another one as long as this lasts."""
    pid = schedd(pool)
    os.kill(pool.master, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    until(lambda: schedd(pool) is None, "the schedd lives on")
    try:
        yield
    finally:
        os.kill(pool.master, signal.SIGCONT)
        until(lambda: schedd(pool), "the master starts no schedd")


async def beats(awaited):
    """How often the event loop had a turn, a tenth of a second at least between two, and what was awaited raised."""
    task, turns = asyncio.ensure_future(awaited), 0
    while not task.done():
        await asyncio.sleep(0.1)
        turns += 1
    return turns, task.exception()


async def outlived(condor, silent):
    """A kernel answers, ends, and leaves no job, with a schedd that is not there for a while."""
    async with Running() as (manager, client):
        watch = manager.provisioner.watch
        with silent(condor):
            asked = watch.queries
            watch.ask_now()
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")
            assert await manager.is_alive()
            turns, refused = await beats(manager_of().start_kernel())
            assert isinstance(refused, PlaceError), refused
            assert "HTCondor: " in refused.problem
            assert watch.queries > asked
            assert await manager.is_alive(), "a schedd that is silent is taken for the kernel's end"
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
            assert not await manager.is_alive()
    until(lambda: not condor.jobs(), "the job was not cancelled later")
    return turns


def test_a_schedd_that_is_silent_at_submit_poll_and_cancel(condor):
    assert asyncio.run(outlived(condor, stopped)) > 50, "the server stood still while the schedd was silent"


def test_a_schedd_that_is_gone_at_submit_poll_and_cancel_and_comes_back(condor):
    asyncio.run(outlived(condor, gone))


def test_a_kernel_outlives_its_schedd(condor):
    async def live():
        async with Running() as (manager, client):
            job = job_of(manager)
            with gone(condor):
                assert await run(client, "print(6 * 7)") == ("ok", "42\n")
            await asyncio.sleep(3)
            manager.provisioner.watch.ask_now()
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")
            assert job_of(manager) == job
            assert await manager.is_alive()

    asyncio.run(live())
