"""Kernels verified on the machines of a real HTCondor pool: what is told of each, and that no job is left."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from batch.running import POOL_PLACES, until

from kernelkit.provisioners.fleets import nodes_of
from kernelkit.provisioners.htcondor import HTCondor
from kernelkit.provisioners.htcondor_nodes import described
from kernelkit.provisioners.nodes import Node
from kernelkit.provisioners.place import PlaceError, Request
from kernelkit.provisioners.tools import Tools

pytestmark = [pytest.mark.htcondor, pytest.mark.xdist_group("htcondor"), pytest.mark.timeout(600)]

FIRST, SECOND = "127-0-0-1.kk.test", "second.kk.test"
ON = ("--on", "htcondor", "--nodes")
AT_ONCE = 20  # seconds: far below the limit of a machine that does not answer
TESTED = ("node", "start", "execute", "streams", "pid", "interrupt", "children", "shutdown", "restart", "parent")
SEES = """echo "$_CONDOR_SLOT $(grep -i '^Machine =' "$_CONDOR_MACHINE_AD")" >>'{}'"""


@pytest.fixture
def fleet(condor, home, tmp_path):
    return Fleet(condor, home, tmp_path / "places.toml")


class Fleet:
    """The command line, and kernels made for it."""

    def __init__(self, condor, home, places):
        self.condor, self.home, self.places = condor, home, places
        self.env = {
            name: os.environ[name] for name in ("CONDOR_CONFIG", "KERNELKIT_PLACES", "XDG_STATE_HOME", "TMPDIR")
        }

    def kernel(self, name, before=":"):
        """A kernel whose wrapper runs some shell text first."""
        folder = self.home.kernels / name
        folder.mkdir(parents=True)
        argv = ["/bin/bash", "-c", f'{before}\nexec "$@"', "bash", sys.executable, "-m", "ipykernel_launcher", "-f",
                "{connection_file}"]  # fmt: skip
        document = {"argv": argv, "display_name": f"The kernel {name}", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(document))

    def test(self, *args):
        """What the command says, and the verdicts by machine."""
        report = self.home.path / "report.json"
        result = self.home.kernelkit("test", *args, "--json", report, **self.env)
        assert result.code in (0, 1), result
        verdicts = json.loads(report.read_text())["verdicts"]
        return result, {verdict["node"]: verdict for verdict in verdicts}

    @contextlib.contextmanager
    def running(self, *args):
        argv = [sys.executable, "-m", "kernelkit", "test", *args]
        environment = self.home.env | self.env
        with subprocess.Popen(argv, env=environment, cwd=self.home.path, stderr=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.kill()

    def site(self, *options):
        """What the site asks of each job."""
        self.places.write_text(POOL_PLACES + f"options = {json.dumps(options)}\n")


def statuses(verdict):
    return {check["id"]: check["status"] for check in verdict["checks"]}


# ---- machines that answer


def test_a_kernel_is_verified_on_every_machine(fleet):
    seen = fleet.home.path / "seen"
    fleet.kernel("good", SEES.format(seen))
    fleet.site('requirements = OpSys == "LINUX" || False')
    result, verdicts = fleet.test("good", *ON, "all")
    assert result.code == 0, result
    assert list(verdicts) == [FIRST, SECOND]
    for verdict in verdicts.values():
        assert [name for name in TESTED if statuses(verdict)[name] != "passed"] == [], verdict
    assert {line.split('"')[1] for line in seen.read_text().splitlines()} == {FIRST, SECOND}


@pytest.mark.parametrize("machine", [FIRST, SECOND])
def test_the_job_runs_on_the_machine_that_is_named_and_no_other(fleet, machine):
    seen = fleet.home.path / "seen"
    fleet.kernel("good", SEES.format(seen))
    fleet.site("Requirements = True || False")
    result, verdicts = fleet.test("good", *ON, machine)
    assert (result.code, list(verdicts)) == (0, [machine]), result
    assert {line.split('"')[1] for line in seen.read_text().splitlines()} == {machine}


def test_what_is_broken_on_one_machine_alone_is_told_of_that_machine(fleet):
    fleet.kernel("half", f"""if grep -q {SECOND} "$_CONDOR_MACHINE_AD"; then exit 3; fi""")
    result, verdicts = fleet.test("half", *ON, "all")
    assert (result.code, verdicts[FIRST]["passed"], verdicts[SECOND]["passed"]) == (1, True, False), verdicts
    assert (statuses(verdicts[SECOND])["node"], statuses(verdicts[SECOND])["start"]) == ("passed", "failed")


# ---- machines that do not


@contextlib.contextmanager
def drained(condor, machine):
    condor.tool("condor_drain", "-reason", "a bad disk", machine)
    try:
        yield
    finally:
        condor.tool("condor_drain", "-cancel", machine)


@contextlib.contextmanager
def ill(condor, machine):
    """Its START asks for an attribute of the pool's own, which only the whole ad of a slot has."""
    with condor.configured("SECOND.START = IS_WELL =!= True"):
        yield


@contextlib.contextmanager
def gone(condor, machine):
    condor.tool("condor_off", "-fast", "-subsystem", "SECOND")
    try:
        yield
    finally:
        condor.tool("condor_on", "-subsystem", "SECOND")


def refusal(machine):
    return next(node.refuses for node in nodes_of("htcondor").listed("") if node.name == machine)


@pytest.mark.parametrize(
    ("refusing", "words"),
    [
        (drained, "HTCondor says it is drained: a bad disk"),
        (ill, "HTCondor says its START is false: IS_WELL isnt true"),
        (gone, "HTCondor says it is absent"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_machine_that_takes_no_job_is_told_at_once_with_its_reason(fleet, refusing, words):
    fleet.kernel("good")
    with refusing(fleet.condor, SECOND):
        until(lambda: refusal(SECOND) == words, lambda: refusal(SECOND))
        result, verdicts = fleet.test("good", *ON, "all")
    until(lambda: not refusal(SECOND), "it takes no jobs again")
    assert (result.code, verdicts[FIRST]["passed"]) == (1, True), verdicts
    assert (verdicts[SECOND]["cause_id"], verdicts[SECOND]["cause"]) == ("node-unavailable", words)


# What cannot be seen in the pool: its slots are static, and no machine of it hibernates.
FREE = {"Machine": "kk", "State": "Unclaimed", "Cpus": 4, "Start": True, "Refuses": False}


@pytest.mark.parametrize(
    ("slots", "node"),
    [
        ([FREE], Node("kk", busy=0)),
        ([FREE | {"Cpus": 0}, FREE | {"State": "Claimed"}], Node("kk", busy=1)),
        ([FREE | {"State": "Claimed"}, FREE], Node("kk", busy=0)),
        ([FREE | {"Refuses": True}, FREE | {"State": "Claimed"}], Node("kk", busy=1)),
        ([FREE | {"Absent": True}, FREE | {"State": "Owner"}], Node("kk", "HTCondor says it is in state Owner")),
        ([FREE | {"Offline": True}], Node("kk", "HTCondor says it is offline")),
        ([FREE | {"State": "Claimed", "Draining": True}], Node("kk", "HTCondor says it is draining")),
    ],
)
def test_a_machine_by_its_slots(slots, node):
    assert described("kk", slots) == node


def test_a_job_that_never_starts_is_given_up_and_removed(fleet):
    fleet.kernel("good")
    fleet.site("requirements = False")
    begun = time.monotonic()
    result, verdicts = fleet.test("good", *ON, FIRST, "--node-timeout", "4")
    assert not fleet.condor.jobs()
    assert time.monotonic() - begun < AT_ONCE
    told = verdicts[FIRST]
    assert (result.code, told["cause_id"]) == (1, "node-silent"), told
    assert "did not start within 4 s: waiting for a slot that fits" in told["cause"]


@pytest.mark.parametrize(
    ("transfer", "words"),
    [("YES", "does not see the folder {}"), ("IF_NEEDED", "does not see {}/test-second.kk.test-")],
)
def test_a_machine_that_does_not_see_the_folder_is_told(fleet, transfer, words):
    fleet.kernel("good")
    folder = fleet.condor.folder / "unseen/fleet jobs"
    fleet.site(f"should_transfer_files = {transfer}")
    with fleet.places.open("a") as places:
        places.write(f'folder = "{folder}"\n')
    begun = time.monotonic()
    result, verdicts = fleet.test("good", *ON, SECOND)
    assert time.monotonic() - begun < 2 * AT_ONCE
    told = verdicts[SECOND]
    assert (result.code, told["cause_id"]) == (1, "job-failed"), told
    assert words.format(folder) in told["cause"], told
    assert not list(folder.iterdir())


# ---- what a job requires


@pytest.mark.parametrize("name", ["requirements", "Requirements ", "+Requirements", "MY.requirements"])
def test_a_sites_own_requirement_is_not_lost(name):
    options = ["a = 1", f"{name}= X || Y", *nodes_of("htcondor").pinned('k"k')]
    said = HTCondor(Tools()).directives(Request("", "", (), "", "/mailbox", 60, options=options))
    required = [line for line in said if "equirements" in line]
    assert required == ['#HTCONDOR requirements = (X || Y) && ((Machine == "k\\"k"))']
    assert "#HTCONDOR a = 1" in said


# ---- ends


@pytest.mark.parametrize("moment", ["waits", "runs"])
def test_an_interrupt_leaves_no_job(fleet, moment):
    started = fleet.home.path / "started"
    fleet.kernel("slow", f"touch '{started}'; sleep 600")
    if moment == "waits":
        fleet.site("requirements = False")
    with fleet.running("slow", *ON, "all") as process:
        until(lambda: len(fleet.condor.jobs()) == 2, "no jobs are handed in")
        until(lambda: moment == "waits" or started.exists(), "no kernel starts")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.decode().strip()) == (130, "kernelkit: interrupted")
    until(lambda: not fleet.condor.jobs(), "jobs are left", limit=10)


# ---- what is refused


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([*ON, "secont.kk.test"], "no node of the pool is called 'secont.kk.test'; did you mean 'second.kk.test'"),
        ([*ON, "all", "--partition", "far"], "--partition means nothing there; it knows account, cpus"),
        ([*ON, ","], "no node is named"),
    ],
    ids=["an unknown machine", "a partition", "no name"],
)
def test_what_is_refused_before_anything_is_handed_in(fleet, args, words):
    fleet.kernel("good")
    result = fleet.home.kernelkit("test", "good", *args, **fleet.env)
    assert (result.code, result.out) == (2, ""), result
    assert words in result.err
    assert fleet.condor.jobs() == []


def test_a_pool_that_does_not_answer(fleet, tmp_path):
    fleet.kernel("good")
    (tmp_path / "condor_config").write_text("COLLECTOR_HOST = 127.0.0.1:1\nLOCAL_CONFIG_FILE =\nLOCAL_CONFIG_DIR =\n")
    result = fleet.home.kernelkit(
        "test", "good", *ON, "all", **fleet.env | {"CONDOR_CONFIG": tmp_path / "condor_config"}
    )
    assert (result.code, result.out) == (4, ""), result
    assert "HTCondor: " in result.err and "no machine now" not in result.err


def test_a_pool_without_machines_is_no_success(monkeypatch):
    monkeypatch.setattr("kernelkit.provisioners.schedd.ask", lambda *_: [])
    with pytest.raises(PlaceError, match="the pool has no machine now"):
        nodes_of("htcondor").listed("")
