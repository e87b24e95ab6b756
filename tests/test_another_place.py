"""A place that kernelkit does not have, as somebody would add one: its jobs are processes of this machine."""

import asyncio
import os
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from test_slurm import LIMIT, OneSpec, interrupted, run

from kernelkit.provisioners import places
from kernelkit.provisioners.explained import ExplainedProvisioner
from kernelkit.provisioners.place import PlaceError, State


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
