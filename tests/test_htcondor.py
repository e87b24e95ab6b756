"""Kernels in the slots of a real HTCondor pool, and what they must survive. Nothing may be left after any of them."""

import asyncio
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batch.running import POOL_PLACES
from browsing import write_notebook
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from lab import running_lab
from test_slurm import (
    SLEEPS,
    WHERE,
    OneSpec,
    interrupted,
    job_of,
    live_in_jupyterlab,
    run,
    until,
    until_async,
)

from kernelkit.provisioners import htcondor
from kernelkit.provisioners.place import PlaceError

pytestmark = [pytest.mark.htcondor, pytest.mark.xdist_group("htcondor"), pytest.mark.timeout(600)]

LIMIT = 90  # seconds for what takes two on an idle machine


def manager_of(language="python", **config):
    specs = OneSpec()
    provisioner = {"provisioner_name": "kernelkit-htcondor", "config": config}
    specs.spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], display_name="a kernel",
        language=language, interrupt_mode="message",
        metadata={"kernel_provisioner": provisioner, "supported_encryption": ["curve"]},
    )  # fmt: skip
    return AsyncKernelManager(kernel_name="tried", kernel_spec_manager=specs)


class Running:
    """A kernel that answers, with its client; ended as a server does."""

    def __init__(self, **config):
        self.manager = manager_of(**config)

    async def __aenter__(self):
        await self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=LIMIT)
        return self.manager, self.client

    async def __aexit__(self, *_):
        self.client.stop_channels()
        if self.manager.has_kernel:
            await self.manager.shutdown_kernel()


def test_an_installed_kernel_passes_in_a_slot(condor, home, sandbox):
    more = {name: os.environ[name] for name in ("CONDOR_CONFIG", "KERNELKIT_PLACES")}
    home.ok("install", "belle2", "--cvmfs", sandbox, "--on", "htcondor", "--cpus", "1", "--time", "30", **more)
    document = json.loads((home.kernels / "belle2-htcondor/kernel.json").read_text())
    assert document["display_name"].startswith("HTCondor: Belle II")
    assert document["interrupt_mode"] == "message"
    script = home.ok("show", "belle2-htcondor", "--script", **more)
    asked = {"#HTCONDOR request_cpus = 1", "#HTCONDOR request_memory = 200M", "#HTCONDOR allowed_job_duration = 1800"}
    assert asked <= set(script.splitlines())
    verdict = json.loads(home.ok("test", "belle2-htcondor", "--json", "-", **more))["verdicts"][0]
    statuses = {check["id"]: check["status"] for check in verdict["checks"]}
    expected = ("start", "execute", "streams", "interpreter", "environment", "interrupt", "children", "restart")
    assert [statuses[name] for name in expected] == ["passed"] * len(expected), verdict
    assert not list(home.path.glob(".local/state/kernelkit/.jobs/*"))


def test_its_life(condor):
    async def live():
        async with Running() as (manager, client):
            job = job_of(manager)
            assert condor.jobs() == [job]
            assert await run(client, "import os; print('_CONDOR_SLOT' in os.environ)") == ("ok", "True\n")
            assert await interrupted(manager, client) == "KeyboardInterrupt"
            assert (await run(client, "x = 1"))[0] == "ok"
            await manager.restart_kernel()
            await client.wait_for_ready(timeout=LIMIT)
            assert (await run(client, "x"))[0] == "error"
            assert job_of(manager) == job

    asyncio.run(live())


def test_no_key_is_in_the_job_ad_nor_in_any_command_or_environment(condor):
    async def live():
        async with Running() as (manager, _):
            keys = [manager.session.key, manager.curve_secretkey]
            ad = condor.tool("condor_q", "-allusers", "-l", job_of(manager)).encode()
            seen = [
                Path(f"/proc/{pid}/{part}").read_bytes()
                for pid in condor.processes()
                for part in ("cmdline", "environ")
            ]
            assert not any(key in text for key in keys for text in [ad, *seen])
            folder = manager.provisioner.job.mailbox.folder
            assert folder.stat().st_mode & 0o777 == 0o700
            assert all(
                not file.stat().st_mode & 0o077
                for file in folder.iterdir()
                if file.name in ("connection.json", "answers")
            )

    asyncio.run(live())


def test_one_that_fits_no_slot_waits_and_can_be_cancelled(condor):
    async def live():
        manager = manager_of(cpus="64")
        starting = asyncio.ensure_future(manager.start_kernel())
        await until_async(condor.jobs, "it was not handed in")
        assert not starting.done()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    asyncio.run(live())


def test_one_that_is_given_up_while_it_is_handed_in_leaves_no_job(condor, tmp_path):
    async def live():
        starting = asyncio.ensure_future(manager_of(cpus="64").start_kernel())
        await until_async(lambda: list(tmp_path.glob("sta te/kernelkit/.jobs/*/script")), "nothing is handed in")
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    asyncio.run(live())


def test_a_job_whose_folder_is_gone_does_not_stay_held(condor, monkeypatch):
    """As one whose cancelling a silent schedd did not hear."""
    monkeypatch.setattr(htcondor, "UNWANTED", htcondor.UNWANTED.replace(f"> {htcondor.KEPT}", "> 2"))

    async def live():
        manager = manager_of(cpus="64")
        starting = asyncio.ensure_future(manager.start_kernel())
        await until_async(condor.jobs, "it was not handed in")
        await until_async(lambda: manager.provisioner.job, "it is not known")
        job = manager.provisioner.job
        manager.provisioner.watch.forget(job)
        job.mailbox.remove()
        condor.tool("condor_qedit", job.id, "RequestCpus", "1")
        await until_async(lambda: "5" in _status(condor, job.id), "it is not held")
        await until_async(lambda: not condor.jobs(), "it is held for ever")
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    asyncio.run(live())


def _status(condor, job):
    """What it is, and what it was before."""
    return condor.tool("condor_q", job, "-af", "JobStatus", "LastJobStatus").split()


def test_held_removed_and_preempted_are_said(condor, caplog):
    async def live():
        async with Running() as (manager, _):
            condor.tool("condor_hold", "-reason", "the disk is counted", job_of(manager))
            await ended(manager)
        async with Running() as (manager, _):
            condor.tool("condor_rm", job_of(manager))
            await ended(manager)
        async with Running() as (manager, _):
            condor.tool("condor_vacate_job", job_of(manager))
            await ended(manager)

    asyncio.run(live())
    assert "it is held: the disk is counted" in caplog.text
    assert "it was removed: via condor_rm" in caplog.text
    assert "its slot was taken away" in caplog.text


def test_a_node_that_dies(condor, tmp_path, caplog):
    (tmp_path / "places.toml").write_text(POOL_PLACES + 'options = ["job_lease_duration = 20"]\n')

    async def live():
        async with Running() as (manager, _):
            condor.kill_node()
            await until_async(lambda: "HTCondor has lost its node" in manager.provisioner.job.state.words, "not seen")
            await ended(manager)

    asyncio.run(live())
    assert "its node failed" in caplog.text


async def ended(manager):
    deadline = time.monotonic() + LIMIT
    while await manager.provisioner.poll() is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


def test_what_the_pool_refuses_is_said(condor, tmp_path):
    (tmp_path / "places.toml").write_text('[htcondor]\noptions = ["request_memory = no such words ("]\n')

    async def live():
        with pytest.raises(PlaceError, match="HTCondor: "):
            await manager_of().start_kernel()

    asyncio.run(live())


SERVER = """
import asyncio, sys, time
sys.path.insert(0, sys.argv[1])
from test_htcondor import manager_of
async def serve():
    manager = manager_of()
    await manager.start_kernel()
    print(manager.provisioner.job.id, flush=True)
    await asyncio.sleep(600)
asyncio.run(serve())
"""


@pytest.fixture
def with_server_killed(condor):
    """What kills a server with a kernel, and waits until its job is gone."""

    def kill():
        _live_and_be_killed(condor)

    return kill


def test_a_job_ends_with_its_server(with_server_killed):
    with_server_killed()


def _live_and_be_killed(condor):
    argv = [sys.executable, "-W", "ignore", "-c", SERVER, str(Path(__file__).parent)]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    job = server.stdout.readline().strip()
    assert condor.jobs() == [job]
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    until(lambda: not condor.jobs(), "it outlived its server")


@pytest.fixture
def unseen(condor, tmp_path):
    """A folder that no slot sees, with the jobs' folder below it."""
    folder = condor.folder / "unseen"
    text = POOL_PLACES + f'folder = "{folder}/jo bs"\noptions = ["should_transfer_files = YES"]\n'
    (tmp_path / "places.toml").write_text(text)
    yield folder
    until(lambda: not list(folder.glob("jo bs/*")), "mailboxes are left")
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    ("name", "options"), [("belle2", []), ("atlas", []), ("atlas-6.08", ["--root", "6.08"])], ids=str
)
def test_a_kernel_where_no_folder_is_shared(unseen, home, sandbox, name, options):
    """Not the jobs' folder, the home, the kernelspec nor its overlay: HTCondor carries them, and what is said."""
    folder = unseen / "a home"
    folder.mkdir()
    home = dataclasses.replace(home, path=folder)
    more = {name: os.environ[name] for name in ("CONDOR_CONFIG", "KERNELKIT_PLACES")}
    definition = name.partition("-")[0]
    home.ok("install", definition, *options, "--cvmfs", sandbox, "--on", "htcondor", **more)
    made = json.loads((home.kernels / f"{name}-htcondor/kernel.json").read_text())["metadata"]["kernelkit"]
    assert bool(made["ipykernel"]["overlay"]) == (definition == "atlas")
    verdict = json.loads(home.ok("test", f"{name}-htcondor", "--json", "-", **more))["verdicts"][0]
    statuses = {check["id"]: check["status"] for check in verdict["checks"]}
    expected = ("start", "execute", "streams", "interpreter", "environment", "interrupt", "children", "restart")
    assert [statuses[name] for name in expected] == ["passed"] * len(expected), verdict


def test_no_key_is_carried_back_where_no_folder_is_shared(unseen):
    async def live():
        async with Running() as (manager, client):
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")
            (box,) = unseen.glob("jo bs/*")
            assert '"key": ""' in (box / "answers").read_text()
            assert manager.curve_secretkey.decode() not in (box / "answers").read_text()

    asyncio.run(live())


def test_what_a_kernel_printed_reaches_a_server_that_shares_no_folder(unseen):
    async def live():
        manager = manager_of()
        argv = ["/bin/sh", "-c", "echo this release is gone >&2; exit 78", "{connection_file}", "ipykernel"]
        manager.kernel_spec_manager.spec.argv = argv
        with pytest.raises(PlaceError, match="ended with code 78") as refused:
            await manager.start_kernel()
        assert "this release is gone" in refused.value.output

    asyncio.run(live())


def test_the_keys_of_a_server_that_was_killed_go_when_another_hands_in_a_job(unseen, with_server_killed):
    with_server_killed()
    (left,) = unseen.glob("jo bs/*")
    assert (left / "connection.json").stat().st_mode & 0o777 == 0o600
    long_ago = time.time() - 2 * 3600
    os.utime(left / "orders", (long_ago, long_ago))

    async def live():
        async with Running():
            assert not left.exists()

    asyncio.run(live())


@pytest.mark.browser
def test_a_notebook_in_jupyterlab(condor, home, sandbox, page):
    more = {name: os.environ[name] for name in ("CONDOR_CONFIG", "KERNELKIT_PLACES", "TMPDIR")}
    home.ok("install", "belle2", "--cvmfs", sandbox, "--on", "htcondor", **more)
    write_notebook(home, "belle2-htcondor", WHERE, SLEEPS)

    def end_job(job):
        condor.tool("condor_hold", "-reason", "the disk is counted", job)

    with running_lab(home, **more) as address:
        live_in_jupyterlab(page, address, condor, "slot", end_job)
    assert not list(home.path.glob(".local/state/kernelkit/.jobs/*"))
