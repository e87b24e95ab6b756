"""A place that kernelkit does not have, as somebody would add one: its jobs are processes of this machine."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from test_slurm import LIMIT, OneSpec, interrupted, run, until_async

from kernelkit.provisioners import places
from kernelkit.provisioners.explained import ExplainedProvisioner
from kernelkit.provisioners.place import PlaceError, State
from kernelkit.provisioners.watch import GivenUpError, Watch


class Here:
    """What a place must be able to do, and no more."""

    name = "here"
    resources = {"time": r"[0-9]+"}  # noqa: RUF012 - as places.md shows it
    launcher = "setsid"
    prepare = "kernelkit_address=127.0.0.1"
    channel = ""

    def __init__(self, tools):
        self._jobs = {}

    def directives(self, request):
        return [f"# {name} {value}" for name, value in request.resources.items()]

    def submit(self, script, folder):
        with Path(folder, "output").open("ab") as output:
            job = subprocess.Popen(["/bin/bash", "-p", script], stdout=output, stderr=output, start_new_session=True)
        self._jobs[str(job.pid)] = job
        return str(job.pid)

    def states(self, jobs):
        known = {job: self._jobs[job].poll() for job in jobs}
        return {
            job: State("running", "RUNNING") if code is None else State("ended", f"code {code}")
            for job, code in known.items()
        }

    def signal(self, job, name):
        if subprocess.run(["pkill", f"-{name}", "--parent", job], check=False).returncode:
            raise PlaceError(f"job {job} has no kernel")

    def cancel(self, jobs):
        for job in jobs:
            self._jobs[job].send_signal(signal.SIGTERM)
            self._jobs[job].wait(LIMIT)


class HereProvisioner(ExplainedProvisioner):
    """What kernel.json names."""

    place_name = "here"


@pytest.fixture
def manager(monkeypatch, tmp_path):
    name = "kernelkit-here"
    entry = EntryPoint(name=name, value=f"{__name__}:HereProvisioner", group=KernelProvisionerFactory.GROUP_NAME)
    monkeypatch.setitem(KernelProvisionerFactory.instance().provisioners, name, entry)
    monkeypatch.setitem(places.PLACES, "here", Here)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("KERNELKIT_PLACES", str(tmp_path / "none"))
    specs = OneSpec()
    specs.spec = specs.kernel_spec_class(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], display_name="k", language="python",
        metadata={"kernel_provisioner": {"provisioner_name": name, "config": {}}},
    )  # fmt: skip
    return AsyncKernelManager(kernel_name="tried", kernel_spec_manager=specs)


@pytest.fixture
def slow(manager, monkeypatch):
    """It takes the first job two seconds after it was handed in."""
    delays = [2.0]
    submit = Here.submit

    def slowly(self, script, folder):
        time.sleep(delays.pop() if delays else 0)
        return submit(self, script, folder)

    monkeypatch.setattr(Here, "submit", slowly)


def test_a_start_that_was_given_up_leaves_the_next_one_alone(manager, slow):
    async def live():
        first = asyncio.ensure_future(manager.start_kernel())
        await until_async(lambda: getattr(manager.provisioner, "_handing", None), "nothing is handed in")
        provisioner = manager.provisioner
        await provisioner.cleanup(restart=True)
        command = [*manager.kernel_spec.argv[:-1], "{connection_file}"]
        told = await provisioner.launch_kernel(command, env=dict(os.environ))
        with pytest.raises(GivenUpError):
            await first
        assert told["shell_port"]
        assert await provisioner.poll() is None
        await provisioner.kill()
        await provisioner.cleanup()

    asyncio.run(live())


def test_a_start_is_given_up_while_old_folders_are_swept(manager, monkeypatch):
    sweep, begun = Watch.sweep, []

    def slowly(*args):
        begun.append(args)
        time.sleep(1)
        return sweep(*args)

    monkeypatch.setattr(Watch, "sweep", slowly)

    async def live():
        starting = asyncio.ensure_future(manager.start_kernel())
        await until_async(lambda: begun, "nothing is swept")
        await manager.cleanup_resources()
        with pytest.raises(GivenUpError):
            await asyncio.wait_for(starting, LIMIT)

    asyncio.run(live())


def test_one_class_is_all_that_another_place_takes(manager, tmp_path):
    async def live():
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=LIMIT)
        assert await interrupted(manager, client) == "KeyboardInterrupt"
        job = manager.provisioner.job.id
        await manager.restart_kernel(now=True)
        await client.wait_for_ready(timeout=LIMIT)
        assert await run(client, "print(6 * 7)") == ("ok", "42\n")
        assert manager.provisioner.job.id == job
        client.stop_channels()
        await manager.shutdown_kernel()
        with pytest.raises(ProcessLookupError):
            os.kill(int(job), 0)

    asyncio.run(live())
    assert not list(tmp_path.glob("state/kernelkit/.jobs/*"))
