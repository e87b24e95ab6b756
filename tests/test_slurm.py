"""Kernels on the nodes of a real Slurm, and every fault that they must survive. Nothing may be left after any of them."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batch.running import LIMIT, PLACES, until
from browsing import Notebook, picture, write_notebook
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from lab import running_lab
from traitlets import Unicode

from kernelkit.provisioners.place import PlaceError

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]

ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


async def until_async(condition, complaint, limit=LIMIT):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, complaint() if callable(complaint) else complaint
        await asyncio.sleep(0.05)


class OneSpec(KernelSpecManager):
    spec: KernelSpec

    def get_kernel_spec(self, kernel_name):
        return self.spec


def manager_of(argv=ARGV, language="python", encrypted=True, **config):
    specs = OneSpec()
    provisioner = {"provisioner_name": "kernelkit-slurm", "config": config}
    metadata = {"kernel_provisioner": provisioner} | ({"supported_encryption": ["curve"]} if encrypted else {})
    specs.spec = KernelSpec(argv=argv, display_name="a kernel", language=language, metadata=metadata)
    return AsyncKernelManager(kernel_name="tried", kernel_spec_manager=specs)


@contextlib.asynccontextmanager
async def running(manager=None, **config):
    """A kernel that answers, its client, and what it says; ended as a server does."""
    manager = manager or manager_of(**config)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=LIMIT)
        yield manager, client
    finally:
        client.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel()


async def run(client, code, limit=LIMIT):
    """The status of a cell and what it printed."""
    said = []
    reply = await client.execute_interactive(
        code, timeout=limit, output_hook=lambda message: said.append(message["content"].get("text", "")), stop_on_error=False,
    )  # fmt: skip
    return reply["content"]["status"], "".join(said)


async def interrupted(manager, client):
    """The name of the error with which a cell ends that is interrupted while it runs."""
    said = []
    task = asyncio.ensure_future(
        client.execute_interactive(
            "import time\nprint('runs', flush=True)\nfor i in range(600): time.sleep(.1)",
            timeout=LIMIT,
            output_hook=said.append,
        )
    )
    await until_async(lambda: any(one["msg_type"] == "stream" for one in said), "the cell does not run")
    await manager.interrupt_kernel()
    return (await task)["content"].get("ename")


def job_of(manager):
    return manager.provisioner.job.id


# ---- through the door that users take


def test_an_installed_kernel_passes_on_a_node(slurm, home, sandbox, monkeypatch):
    more = {"SLURM_CONF": os.environ["SLURM_CONF"], "KERNELKIT_PLACES": os.environ["KERNELKIT_PLACES"]}
    home.ok(
        "install",
        "belle2",
        "--cvmfs",
        sandbox,
        "--on",
        "slurm",
        "--partition",
        "far",
        "--cpus",
        "2",
        "--time",
        "30",
        **more,
    )
    document = json.loads((home.kernels / "belle2-slurm/kernel.json").read_text())
    assert document["display_name"].startswith("Slurm: Belle II")
    assert document["metadata"]["kernel_provisioner"] == {
        "provisioner_name": "kernelkit-slurm",
        "config": {"partition": "far", "cpus": "2", "time": "30"},
    }
    script = home.ok("show", "belle2-slurm", "--script", **more)
    assert {"#SBATCH --partition=far", "#SBATCH --cpus-per-task=2", "#SBATCH --mem=600M"} <= set(script.splitlines())
    verdicts = json.loads(home.ok("test", "belle2-slurm", "--json", "-", **more))
    statuses = {check["id"]: check["status"] for check in verdicts["verdicts"][0]["checks"]}
    expected = ("start", "execute", "streams", "interpreter", "environment", "interrupt", "children")
    assert [statuses[name] for name in expected] == ["passed"] * len(expected), verdicts
    assert statuses["shutdown"] in ("passed", "note")
    assert not list(home.path.glob(".local/state/kernelkit/.jobs/*"))


def test_a_script_is_sound_bash(slurm, home, sandbox, tmp_path):
    home.ok("install", "belle2", "--cvmfs", sandbox, "--on", "slurm", "--env", "KK=a'b $c")
    script = tmp_path / "job.sh"
    script.write_text(home.ok("show", "belle2-slurm", "--script"))
    done = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--on", "slum"], "did you mean 'slurm'"),
        (["--cpus", "2"], "--cpus is for a place"),
        (["--on", "slurm", "--memory", "lots"], "--memory lots"),
        (["--on", "slurm", "--memory", "0"], "--memory 0"),
        (["--on", "slurm", "--time", "0:0"], "--time 0:0"),
        (["--on", "slurm", "--gpus", "many"], "--gpus many"),
        (["--on", "slurm", "--gpus", "a100:1,v100:2"], "the most that this site allows is 2"),
        (["--on", "slurm", "--cpus", "4"], "the most that this site allows is 2"),
        (["--on", "slurm", "--partition", "gqu"], "did you mean 'gpu'"),
        (["--on", "slurm", "--time", "2:00:00"], "the most that this site allows is 90"),
    ],
)
def test_what_a_site_does_not_allow_is_refused_before_anything_is_handed_in(home, sandbox, tmp_path, options, words):
    places = tmp_path / "places.toml"
    places.write_text('[slurm]\nlimits = { cpus = 2, time = "90", gpus = 2 }\npartitions = ["gpu", "short"]\n')
    result = home.kernelkit("install", "belle2", "--cvmfs", sandbox, *options, KERNELKIT_PLACES=str(places))
    assert result.code == 2
    assert words in result.err


def test_faults_of_a_site_file_are_named(home, sandbox, tmp_path):
    places = tmp_path / "places.toml"
    places.write_text(
        '[slurm]\nfoldr = "/x"\ngrace = "soon"\nencryption = "some"\nlimits = { nodes = 3, cpus = "4G" }\n'
        'queue_limit = 0\nports = "80-90"\n[slrum]\n'
    )
    result = home.kernelkit("install", "belle2", "--cvmfs", sandbox, "--on", "slurm", KERNELKIT_PLACES=str(places))
    assert result.code == 3
    for words in ("did you mean 'folder'", "slurm.grace: must be a int", "slurm.encryption", "slurm.limits.nodes",
                  "slurm.limits.cpus", "slurm.queue_limit", "slurm.ports", "slrum: no such place"):  # fmt: skip
        assert words in result.err


# ---- a life


def test_a_life_from_start_to_shutdown(slurm, monkeypatch):
    async def live():
        monkeypatch.setenv("JUPYTER_TOKEN", "a-secret-of-the-server")
        monkeypatch.setenv("LD_LIBRARY_PATH", "/an/experiments/libraries")
        async with running(partition="far", cpus="2") as (manager, client):
            network = slurm.network
            assert manager.ip == (f"{network}.3" if network else "127.0.0.1")
            assert manager.curve_publickey
            status, printed = await run(client, "import os, json; print(json.dumps(dict(os.environ)))")
            environment = json.loads(printed)
            assert (status, environment["SLURMD_NODENAME"], environment["SLURM_STEP_ID"]) == ("ok", "kk2", "0")
            leaked = {"JUPYTER_TOKEN", "LD_LIBRARY_PATH", "JPY_PARENT_PID", "SRUN_CPUS_PER_TASK"}
            assert not leaked & environment.keys()
            assert " CPUs=2 " in slurm.ask("scontrol", "show", "step", f"{job_of(manager)}.0")
            _closed(manager)
            assert await interrupted(manager, client) == "KeyboardInterrupt"
            job, ports = job_of(manager), manager.ports
            await manager.restart_kernel(now=False)
            await client.wait_for_ready(timeout=LIMIT)
            assert (job_of(manager), manager.ports) == (job, ports)
            await manager.restart_kernel(now=True)
            await client.wait_for_ready(timeout=LIMIT)
            assert await run(client, "import os; print(os.environ['SLURM_STEP_ID'])") == ("ok", "2\n")
            assert job_of(manager) == job
        assert manager.provisioner.job is None

    asyncio.run(live())


def test_a_restart_while_its_job_is_suspended_takes_place_when_it_goes_on(slurm):
    """What the server wanted in between is never read."""

    async def live():
        async with running() as (manager, client):
            await run(client, "kept = 41")
            job = job_of(manager)
            slurm.ask("scontrol", "suspend", job)
            restarting = asyncio.ensure_future(manager.restart_kernel(now=True))
            await until_async(lambda: manager.provisioner.job.generation == 2, "it does not start again")
            slurm.ask("scontrol", "resume", job)
            await asyncio.wait_for(restarting, LIMIT)
            await client.wait_for_ready(timeout=LIMIT)
            assert (await run(client, "print(kept)"))[0] == "error"
            assert job_of(manager) == job

    asyncio.run(live())


def test_a_site_says_which_ports_a_kernel_may_have(slurm):
    Path(os.environ["KERNELKIT_PLACES"]).write_text(PLACES + 'ports = "40100-40106"\n')

    async def live():
        async with running() as (manager, client):
            assert all(40100 <= port <= 40106 for port in manager.ports)
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")
            await manager.restart_kernel(now=True)
            await client.wait_for_ready(timeout=LIMIT)
            with pytest.raises(PlaceError, match="no port of 40100-40106 is free on its node"):
                await manager_of().start_kernel()

    asyncio.run(live())


@pytest.mark.parametrize("key", [b"a-plain-one", b'"quoted" \\ and more\\'])
def test_keys_stay_in_the_files_that_a_kernel_starts_with(slurm, key):
    async def live():
        manager = manager_of()
        manager.session.key = key
        async with running(manager) as (_, client):
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")
            answers = manager.provisioner.job.mailbox.folder / "answers"
            assert '"key": ""' in answers.read_text()
            assert manager.curve_secretkey.decode() not in answers.read_text()

    asyncio.run(live())


def _closed(manager):
    """Nobody else can read the keys, and no command line holds them."""
    folder = manager.provisioner.job.mailbox.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    secrets = [manager.session.key, manager.curve_secretkey]
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            seen = (entry / "cmdline").read_bytes() + (
                b"" if entry.name == str(os.getpid()) else (entry / "environ").read_bytes()
            )
            assert not any(secret in seen for secret in secrets), entry
    assert not any(secret in (folder / "script").read_bytes() for secret in secrets)


def test_a_kernel_of_another_language_gets_ports_on_its_node(slurm):
    async def live():
        argv = ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]
        async with running(manager_of(argv, "R", encrypted=False), partition="far") as (manager, client):
            assert all(20000 <= port < 32000 for port in manager.ports)
            assert await run(client, "cat(6 * 7)") == ("ok", "42")

    asyncio.run(live())


def test_encryption_that_is_required_and_cannot_be_is_refused(slurm):
    async def live():
        with pytest.raises(PlaceError, match="must be encrypted"):
            await manager_of(encrypted=False, encryption="required").start_kernel()

    asyncio.run(live())


def test_another_server_goes_on_with_a_kernel(slurm):
    async def live():
        async with running() as (manager, client):
            await run(client, "kept = 41")
            known = await manager.provisioner.get_provisioner_info()
            other = manager_of()
            other.kernel_id = manager.kernel_id
            _, _ = await other._async_pre_start_kernel()
            await other.provisioner.load_provisioner_info(known)
            other.load_connection_info(known["connection_info"])
            assert await other.is_alive()
            second = other.client()
            second.start_channels()
            try:
                await second.wait_for_ready(timeout=LIMIT)
                assert await run(second, "print(kept + 1)") == ("ok", "42\n")
            finally:
                second.stop_channels()
                other.provisioner.watch.forget(other.provisioner.job)

    asyncio.run(live())


# ---- waiting


@contextlib.contextmanager
def closed_partition(slurm):
    slurm.ask("scontrol", "update", "PartitionName=short", "State=DOWN")
    try:
        yield
    finally:
        slurm.ask("scontrol", "update", "PartitionName=short", "State=UP")


def test_a_start_that_is_given_up_while_it_waits_leaves_no_job(slurm):
    async def live():
        with closed_partition(slurm):
            manager = manager_of(partition="short")
            starting = asyncio.ensure_future(manager.start_kernel())
            await until_async(slurm.jobs, "no job is queued")
            await until_async(lambda: "PartitionDown" in manager.provisioner.job.state.words, "the reason is not known")
            assert await manager.is_alive()
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
            await until_async(lambda: not slurm.jobs(), "the job waits on")

    asyncio.run(live())


def test_a_kernel_that_waits_for_others_says_for_how_many(slurm):
    blocker = ["--partition=far", "--exclusive", "--time=5", "--wrap=sleep 600", "--output=/dev/null"]
    jobs = [slurm.ask("sbatch", "--parsable", *blocker).strip() for _ in range(3)]

    async def live():
        manager = manager_of(partition="far", time="10")
        manager.add_traits(reason=Unicode())
        starting = asyncio.ensure_future(manager.start_kernel())
        await until_async(lambda: "after 2 other jobs" in manager.reason, lambda: manager.reason)
        assert "waiting (" in manager.reason
        slurm.ask("scancel", *jobs)
        await starting
        assert manager.reason == ""
        await manager.shutdown_kernel()

    try:
        until(lambda: slurm.processes, "nothing runs")
        asyncio.run(live())
    finally:
        slurm.ask("scancel", *jobs)


def test_a_queue_has_a_limit(slurm):
    Path(os.environ["KERNELKIT_PLACES"]).write_text(PLACES + "queue_limit = 1\n")

    async def live():
        with closed_partition(slurm), pytest.raises(PlaceError, match="did not start within 1 s"):
            await manager_of(partition="short").start_kernel()

    asyncio.run(live())


def test_a_held_job_is_told_and_goes_on_when_it_is_let_go(slurm):
    Path(os.environ["KERNELKIT_PLACES"]).write_text(PLACES + 'options = ["--hold"]\n')

    async def live():
        manager = manager_of()
        starting = asyncio.ensure_future(manager.start_kernel())
        await until_async(slurm.jobs, "no job is queued")
        await until_async(lambda: "it is held" in manager.provisioner.job.state.words, "not told")
        slurm.ask("scontrol", "release", job_of(manager))
        await starting
        assert await manager.is_alive()
        await manager.shutdown_kernel()

    asyncio.run(live())


# ---- faults


def test_slurms_own_words_where_it_refuses(slurm):
    async def live():
        with pytest.raises(PlaceError, match=r"(?i)invalid partition"):
            await manager_of(partition="none").start_kernel()

    asyncio.run(live())


@pytest.mark.parametrize("ports", ["", 'ports = "41000-41999"\n'], ids=["its own ports", "ports of the site"])
def test_a_kernel_that_cannot_start_says_what_it_printed(slurm, ports):
    Path(os.environ["KERNELKIT_PLACES"]).write_text(PLACES + ports)

    async def live():
        argv = ["/bin/sh", "-c", "echo this release is gone >&2; exit 78", "{connection_file}"]
        with pytest.raises(PlaceError, match="ended with code 78") as refused:
            await manager_of([*argv, "ipykernel"]).start_kernel()
        assert refused.value.code == 78
        assert "this release is gone" in refused.value.output

    asyncio.run(live())


async def shown(client):
    """What a front end shows of a cell."""
    said = []
    reply = await client.execute_interactive(
        "1 + 1", timeout=LIMIT, output_hook=lambda message: said.append(message["content"]), stop_on_error=False
    )
    assert reply["content"]["status"] == "error"
    return "\n".join(part["data"]["text/plain"] for part in said if "data" in part)


@contextlib.asynccontextmanager
async def restarted(manager):
    """A client of the kernel that a restart brings, wherever it listens."""
    await manager.restart_kernel(now=True)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=LIMIT)
        yield client
    finally:
        client.stop_channels()


def test_a_notebook_says_why_no_job_was_taken_and_a_restart_tries_again(slurm, monkeypatch):
    monkeypatch.setenv("KERNELKIT_FALLBACK", "1")

    async def live():
        async with running(partition="none") as (manager, client):
            text = await shown(client)
            assert "The kernel tried has no job, and no code was run." in text
            assert "nvalid partition" in text
            assert manager.ip == "127.0.0.1"
            manager.provisioner.partition = "debug"
            async with restarted(manager) as other:
                assert await run(other, "print(6 * 7)") == ("ok", "42\n")

    asyncio.run(live())


def test_a_notebook_says_why_its_job_ended_before_there_is_another(slurm, monkeypatch):
    monkeypatch.setenv("KERNELKIT_FALLBACK", "1")

    async def live():
        async with running() as (manager, _):
            slurm.ask("scontrol", "update", f"JobId={job_of(manager)}", "EndTime=now")
            while await manager.is_alive():
                await asyncio.sleep(0.1)
            async with restarted(manager) as telling:
                assert "its time limit; --time asks for more" in await shown(telling)
            async with restarted(manager) as other:
                assert await run(other, "print(6 * 7)") == ("ok", "42\n")

    asyncio.run(live())


class Listener(logging.Handler):
    def __init__(self, said):
        super().__init__()
        self.said = said

    def emit(self, record):
        self.said.append(record.getMessage())


async def killed(slurm, kill, words, caplog, **config):
    """What is told of a kernel whose job ``kill`` ends."""
    async with running(**config) as (manager, client):
        said = []
        manager.provisioner.log.addHandler(handler := Listener(said))
        try:
            await kill(manager, client)
            deadline = time.monotonic() + LIMIT
            while await manager.is_alive():
                assert time.monotonic() < deadline, "the kernel is taken for alive"
                await asyncio.sleep(0.1)
        finally:
            manager.provisioner.log.removeHandler(handler)
        assert any(words in one for one in said), said


def test_a_job_that_an_administrator_cancels(slurm, caplog):
    async def kill(manager, client):
        slurm.ask("scancel", job_of(manager))

    asyncio.run(killed(slurm, kill, "it was cancelled", caplog))


def test_a_job_that_uses_too_much_memory(slurm, caplog):
    async def kill(manager, client):
        client.execute("x = bytearray(900 * 1024 * 1024)\nimport time; time.sleep(60)")

    asyncio.run(killed(slurm, kill, "memory", caplog, memory="300M"))


def test_a_job_at_its_time_limit(slurm, caplog):
    async def kill(manager, client):
        slurm.ask("scontrol", "update", f"JobId={job_of(manager)}", "EndTime=now")

    asyncio.run(killed(slurm, kill, "its time limit", caplog))


def test_a_node_that_dies(slurm, caplog):
    async def kill(manager, client):
        slurm.kill_node("kk2")

    try:
        asyncio.run(killed(slurm, kill, "its node failed", caplog, partition="far"))
    finally:
        slurm.start_node("kk2")
        until(lambda: slurm.states() == {"idle"}, "the node does not come back")


def test_a_kernel_that_crashes_starts_again_in_its_job(slurm):
    async def live():
        async with running() as (manager, client):
            job = job_of(manager)
            client.execute("import os; os._exit(3)")
            while await manager.is_alive():
                await asyncio.sleep(0.05)
            await manager.restart_kernel(now=True)
            await client.wait_for_ready(timeout=LIMIT)
            assert job_of(manager) == job

    asyncio.run(live())


def test_a_silent_controller_at_submit_poll_interrupt_and_cancel(slurm):
    async def live():
        async with running() as (manager, client):
            slurm.stop("slurmctld")
            try:
                assert await manager.is_alive()
                assert await run(client, "print(6 * 7)") == ("ok", "42\n")
                with pytest.raises(PlaceError, match=r"(?i)unable to contact slurm controller"):
                    await manager_of().start_kernel()
                client.stop_channels()
                await manager.shutdown_kernel(now=True)
                assert not await manager.is_alive()
            finally:
                slurm.start_controller()
        until(lambda: not slurm.jobs(), "the job was not cancelled later")

    asyncio.run(live())


SERVER = """
import sys, time
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
manager = KernelManager()
manager._kernel_spec = KernelSpec(argv=sys.argv[1:], display_name="x", language="python",
    metadata={"kernel_provisioner": {"provisioner_name": "kernelkit-slurm", "config": {}}})
manager.start_kernel()
print("ready", flush=True)
time.sleep(600)
"""


def test_no_job_outlives_a_server_that_is_killed(slurm):
    argv = [sys.executable, "-W", "ignore", "-c", SERVER, *ARGV]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=dict(os.environ)) as server:
        try:
            assert server.stdout.readline() == b"ready\n"
            assert slurm.jobs()
        finally:
            server.send_signal(signal.SIGKILL)
    until(lambda: not slurm.jobs(), "the job goes on without its server")


def test_a_job_that_waits_when_its_server_is_killed_is_cancelled_by_the_next(slurm):
    waits = SERVER.replace('"config": {}', '"config": {"partition": "short"}')
    with closed_partition(slurm):
        with subprocess.Popen([sys.executable, "-W", "ignore", "-c", waits, *ARGV], env=dict(os.environ)) as server:
            until(slurm.jobs, "no job is queued")
            (left,) = Path(os.environ["XDG_STATE_HOME"]).glob("kernelkit/.jobs/*")
            until((left / "job").exists, "it is not written down which job it is")
            server.send_signal(signal.SIGKILL)
        old = slurm.jobs()
        long_ago = time.time() - 2 * 3600
        os.utime(left / "orders", (long_ago, long_ago))

        async def live():
            async with running():
                assert not left.exists()
                await until_async(lambda: not set(old) & set(slurm.jobs()), "it waits on")

        asyncio.run(live())


def test_twenty_kernels_at_once_and_one_query_for_all(slurm):
    async def live():
        managers = [manager_of(memory="100M") for _ in range(20)]
        begun = time.monotonic()
        await asyncio.gather(*(manager.start_kernel() for manager in managers))
        watch = managers[0].provisioner.watch
        before = watch.queries
        for _ in range(20):
            assert all(await asyncio.gather(*(manager.is_alive() for manager in managers)))
        assert len(slurm.jobs()) == 20
        assert watch.queries - before <= 1 + (time.monotonic() - begun)
        await asyncio.gather(*(manager.shutdown_kernel(now=True) for manager in managers))

    asyncio.run(live())


# ---- in JupyterLab


def live_in_jupyterlab(page, address, batch, where, end_job):
    """Open, run, interrupt, restart; the job ends by itself, which the notebook says; another; shut down."""
    notebook = Notebook(page, address)
    notebook.run(0).get_by_text(f"runs in {where}").wait_for()
    picture(page, f"{batch.name}-runs.png")
    sleeping = notebook.run(1)
    sleeping.get_by_text("sleeps").wait_for()
    notebook.do("interrupt")
    sleeping.get_by_text("KeyboardInterrupt").first.wait_for()
    picture(page, f"{batch.name}-interrupted.png")
    (job,) = batch.jobs()
    notebook.restart()
    notebook.run(0).get_by_text(f"runs in {where}").wait_for()
    assert batch.jobs() == [job]
    end_job(job)
    notebook.accept("appears to have died")
    notebook.run(0).get_by_text("has no job, and no code was run").first.wait_for()
    picture(page, f"{batch.name}-ended.png")
    notebook.restart()
    notebook.run(0).get_by_text(f"runs in {where}").wait_for()
    notebook.do("shutdown")
    until(lambda: not batch.jobs(), "the job outlives its notebook")


WHERE = "import os\nprint('runs in', os.environ.get('SLURMD_NODENAME') or os.environ['_CONDOR_SLOT'])"
SLEEPS = "import time\nprint('sleeps', flush=True)\nfor i in range(600): time.sleep(.1)"


@pytest.mark.browser
@pytest.mark.timeout(400)
def test_a_notebook_in_jupyterlab(slurm, home, sandbox, page, monkeypatch):
    more = {name: os.environ[name] for name in ("SLURM_CONF", "KERNELKIT_PLACES", "TMPDIR")}
    home.ok("install", "belle2", "--cvmfs", sandbox, "--on", "slurm", "--partition", "far", **more)
    write_notebook(home, "belle2-slurm", WHERE, SLEEPS)

    def end_job(job):
        slurm.ask("scontrol", "update", f"JobId={job}", "EndTime=now")

    with running_lab(home, **more) as address:
        live_in_jupyterlab(page, address, slurm, "kk2", end_job)
    assert not list(home.path.glob(".local/state/kernelkit/.jobs/*"))
