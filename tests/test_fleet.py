"""Kernels verified on the nodes of a real Slurm: what is told of each node, and that no job outlives any end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from batch.running import LIMIT, until
from test_testing import on_a_terminal

from kernelkit.fleet import plan, verify_on_nodes
from kernelkit.fleet.plan import Conditions
from kernelkit.fleet.script import script
from kernelkit.verify import Target

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]

KERNEL = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
ON = ("--on", "slurm", "--nodes")
AT_ONCE = 20  # seconds: far below the limit of a node that does not answer
TESTED = ("start", "execute", "streams", "pid", "interrupt", "children", "shutdown", "restart", "parent")


@pytest.fixture
def fleet(slurm, home):
    return Fleet(slurm, home)


class Fleet:
    """The command line, and kernels made for it."""

    def __init__(self, slurm, home):
        self.slurm, self.home = slurm, home
        self.env = {name: os.environ[name] for name in ("SLURM_CONF", "KERNELKIT_PLACES", "XDG_STATE_HOME")}

    def kernel(self, name, before="", argv=KERNEL, place=""):
        """A kernel whose wrapper runs some shell text first; ``place`` is the memory that it asks Slurm for."""
        folder = self.home.kernels / name
        folder.mkdir(parents=True)
        config = {"kernel_provisioner": {"provisioner_name": "kernelkit-slurm", "config": {"memory": place}}}
        document = {
            "argv": ["/bin/bash", "-c", f'{before}\nexec "$@"', "bash", *argv], "display_name": f"The kernel {name}",
            "language": "python", "metadata": config if place else {},
        }  # fmt: skip
        (folder / "kernel.json").write_text(json.dumps(document))
        return folder

    def test(self, *args):
        """What the command says, and the verdicts by node and kernel."""
        report = self.home.path / "report.json"
        result = self.home.kernelkit("test", *args, "--json", report, **self.env)
        assert result.code in (0, 1), result
        verdicts = json.loads(report.read_text())["verdicts"]
        return result, {(verdict["node"], verdict["name"]): verdict for verdict in verdicts}

    @contextlib.contextmanager
    def running(self, *args):
        argv = [sys.executable, "-m", "kernelkit", "test", *args]
        with subprocess.Popen(
            argv, env=self.home.env | self.env, cwd=self.home.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def closed(self, partition="short"):
        """A partition whose jobs wait."""
        return self._updated(f"PartitionName={partition}", "State=DOWN", "State=UP")

    @contextlib.contextmanager
    def _updated(self, what, *states):
        self.slurm.ask("scontrol", "update", what, states[0])
        try:
            yield
        finally:
            self.slurm.ask("scontrol", "update", what, states[1])


@contextlib.contextmanager
def drained(slurm, node, reason):
    slurm.ask("scontrol", "update", f"NodeName={node}", "State=DRAIN", f"Reason={reason}")
    try:
        yield
    finally:
        slurm.ask("scontrol", "update", f"NodeName={node}", "State=RESUME")
        # A node that comes back is not asked by the controller before it has answered once.
        slurm.ask("scontrol", "ping")
        until(lambda: "idle*" not in slurm.states(), "the node does not answer again")


def statuses(verdict):
    return {check["id"]: check["status"] for check in verdict["checks"]}


# ---- nodes that answer


def test_a_kernel_is_verified_on_every_node_whether_or_not_it_has_a_place(fleet):
    seen = fleet.home.path / "seen"
    look = f"""echo "$SLURMD_NODENAME $SLURM_CPUS_PER_TASK $PYTHONPATH" >>'{seen}'"""
    fleet.kernel("local", look)
    fleet.kernel("placed", look, place="700M")
    result, verdicts = fleet.test("local", "placed", *ON, "all", "--cpus", "2", "--junit", "report.xml")
    assert result.code == 0, result
    assert list(verdicts) == [(node, name) for node in ("kk1", "kk2") for name in ("local", "placed")]
    for verdict in verdicts.values():
        assert [name for name in ("node", *TESTED) if statuses(verdict)[name] != "passed"] == [], verdict
        assert {"spawn", "kernel_info", "first reply"} <= {phase["name"] for phase in verdict["phases"]}
    assert set(seen.read_text().splitlines()) == {"kk1 2 ", "kk2 2 "}
    assert [line.split()[:3] for line in result.out.splitlines()[:2]] == [
        ["PASS", "kk1", "local"],
        ["PASS", "kk1", "placed"],
    ]
    suites = ElementTree.parse(fleet.home.path / "report.xml").getroot()
    assert [suite.get("name") for suite in suites] == [f"{name} on {node}" for node, name in verdicts]


def test_what_kernels_ask_for_themselves_is_asked_for_together(fleet):
    """The larger memory, over the site's default; too little is told as what it is."""
    for name, memory in (("small", "60M"), ("large", "700M")):
        fleet.kernel(name, place=memory)
    _, verdicts = fleet.test("small", *ON, "kk1")
    (told,) = verdicts.values()
    assert told["cause_id"] == "memory-limit", told
    _, verdicts = fleet.test("small", "large", *ON, "kk1", "-j", "1")
    assert all(verdict["passed"] for verdict in verdicts.values()), verdicts


def test_what_is_broken_on_one_node_alone_is_told_of_that_node(fleet):
    gone = 'if [[ $SLURMD_NODENAME == kk2 ]]; then echo "python: No module named ipykernel" >&2; exit 1; fi'
    fleet.kernel("half", gone)
    result, verdicts = fleet.test("half", *ON, "kk[1-2]")
    assert result.code == 1
    assert verdicts["kk1", "half"]["passed"]
    broken = verdicts["kk2", "half"]
    assert (broken["passed"], broken["cause_id"]) == (False, "ipykernel-missing"), broken
    assert "No module named ipykernel" in broken["output"]
    assert (statuses(broken)["node"], statuses(broken)["start"]) == ("passed", "failed")
    assert "FAIL kk2 half" in result.out


def test_the_folder_of_a_job_is_closed(fleet):
    seen = fleet.home.path / "seen"
    fleet.kernel("looks", f"""cd "${{XDG_STATE_HOME%/*}}" && stat -c '%a %F' . requ* results output orders >'{seen}'""")
    result, _ = fleet.test("looks", *ON, "kk1")
    assert result.code == 0, result
    assert seen.read_text().splitlines()[0] == "700 directory"
    assert {line.split()[0] for line in seen.read_text().splitlines()[1:]} == {"600"}


def test_no_more_nodes_at_once_than_asked_for(fleet):
    log = fleet.home.path / "log"
    fleet.kernel("logs", f"""echo "$SLURMD_NODENAME" >>'{log}'""")
    _, verdicts = fleet.test("logs", *ON, "all", "-j", "1")
    assert all(verdict["passed"] for verdict in verdicts.values())
    assert log.read_text().split() in (["kk1", "kk1", "kk2", "kk2"], ["kk2", "kk2", "kk1", "kk1"])


def test_a_terminal_shows_a_table(fleet):
    fleet.kernel("good")
    said = on_a_terminal(fleet.home, "test", "good", *ON, "all", columns=80, NO_COLOR="1", **fleet.env)
    rows = [line.split() for line in said.rpartition("\r\x1b[K")[2].splitlines()]
    assert rows[0] == ["NODE", "KERNEL", "CHECKS", "REPLY", "CAUSE"]
    assert [row[:2] for row in rows[1:3]] == [["kk1", "good"], ["kk2", "good"]]
    assert set(rows[1][2]) == {"✓", "-"}
    assert "2 passed" in said


def test_fail_fast_asks_no_further_node(fleet):
    fleet.kernel("broken", "exit 3")
    result, verdicts = fleet.test("broken", *ON, "all", "-j", "1", "--fail-fast")
    assert (result.code, len(verdicts)) == (1, 1)


# ---- nodes that do not


def test_a_drained_node_is_told_at_once_with_its_reason(fleet):
    fleet.kernel("good")
    begun = time.monotonic()
    with drained(fleet.slurm, "kk2", "a bad | disk"):
        result, verdicts = fleet.test("good", *ON, "all")
    assert time.monotonic() - begun < AT_ONCE
    assert result.code == 1
    assert verdicts["kk1", "good"]["passed"]
    told = verdicts["kk2", "good"]
    assert (told["cause_id"], told["cause"]) == ("node-unavailable", "Slurm says it is drained: a bad | disk")
    assert statuses(told).pop("node") == "failed"
    assert {status for name, status in statuses(told).items() if name != "node"} == {"skipped"}


def test_a_job_that_never_starts_is_given_up_and_cancelled(fleet):
    fleet.kernel("good")
    with fleet.closed("short"):
        result, verdicts = fleet.test("good", *ON, "kk1", "--partition", "short", "--node-timeout", "3")
        assert not fleet.slurm.jobs()
    assert result.code == 1
    told = verdicts["kk1", "good"]
    assert told["cause_id"] == "node-silent"
    assert "did not start within 3 s: waiting (PartitionDown)" in told["cause"], told


def test_a_node_that_is_given_up_has_no_job_while_the_next_one_is_asked(fleet):
    fleet.kernel("good")
    most = 0
    with (
        fleet.closed("short"),
        fleet.running("good", *ON, "all", "-j", "1", "--partition", "short", "--node-timeout", "4") as process,
    ):
        while process.poll() is None:
            most = max(most, len(fleet.slurm.jobs()))
            time.sleep(0.05)
    assert (process.returncode, most) == (1, 1)


def test_a_node_that_falls_silent_is_given_up_and_what_it_told_is_kept(fleet):
    fleet.kernel("first")
    fleet.kernel("second", "sleep 600")
    _, verdicts = fleet.test("first", "second", *ON, "kk1", "--node-timeout", "6", "--timeout", "300")
    assert verdicts["kk1", "first"]["passed"]
    assert verdicts["kk1", "second"]["cause_id"] == "node-silent"
    assert "told nothing within 6 s: RUNNING" in verdicts["kk1", "second"]["cause"]


def test_a_job_that_an_administrator_cancels_is_told_in_slurms_words(fleet):
    started = fleet.home.path / "started"
    fleet.kernel("waits", f"touch '{started}'; sleep 600")
    with fleet.running("waits", *ON, "kk1", "--json", "-") as process:
        until(started.exists, "the kernel does not start")
        fleet.slurm.ask("scancel", *fleet.slurm.jobs())
        (verdict,) = json.loads(process.communicate(timeout=LIMIT)[0])["verdicts"]
    assert verdict["cause_id"] == "job-failed"
    assert "it was cancelled" in verdict["cause"]


def test_slurms_own_words_where_it_takes_no_job(fleet):
    fleet.kernel("good")
    _, verdicts = fleet.test("good", *ON, "all", "--memory", "99T")
    assert {verdict["cause_id"] for verdict in verdicts.values()} == {"job-failed"}
    assert all("Slurm: " in verdict["cause"] for verdict in verdicts.values()), verdicts


def test_a_python_that_a_node_does_not_have(fleet, monkeypatch):
    folder = fleet.kernel("good")
    monkeypatch.setattr(sys, "executable", "/nowhere/bin/python")
    planned = plan(
        [Target("good", folder)], place="slurm", nodes="kk1", asked={}, conditions=Conditions(60), width=1, patience=60
    )
    begun = time.monotonic()
    (verdict,) = verify_on_nodes(planned)
    assert time.monotonic() - begun < AT_ONCE
    assert verdict.cause_id == "job-failed"
    assert "could not be run there (code 127)" in verdict.cause
    assert "/nowhere/bin/python" in verdict.output


# ---- the job


def test_a_nodes_script_is_sound_bash_whatever_the_folder_is_called(fleet, tmp_path):
    planned = plan(
        [Target("good", fleet.kernel("good"))], place="slurm", nodes="kk1", asked={"time": "7"}, conditions=Conditions(60),
        width=1, patience=60,
    )  # fmt: skip
    text = script(planned, "kk1", "/a 'folder'/$(touch x)\n#SBATCH --nodes=9")
    assert {"#SBATCH --nodelist=kk1", "#SBATCH --time=7", "#SBATCH --mem=600M"} <= set(text.splitlines())
    file = tmp_path / "node.sh"
    file.write_text(text)
    checked = [Path(sys.executable).with_name("shellcheck"), file]
    assert subprocess.run(checked, capture_output=True, text=True, check=False).stdout == ""
    ran = subprocess.run(["/bin/bash", file], cwd=tmp_path, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr, (tmp_path / "x").exists()) == (0, b"", False)


# ---- ends


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["waits", "runs"])
def test_an_interrupt_leaves_no_job(fleet, number, moment):
    started = fleet.home.path / "started"
    fleet.kernel("slow", f"touch '{started}'; sleep 600")
    with fleet.closed("short") if moment == "waits" else contextlib.nullcontext():
        partition = "short" if moment == "waits" else "debug"
        with fleet.running("slow", *ON, "all", "--partition", partition) as process:
            until(lambda: len(fleet.slurm.jobs()) == 2, "no jobs are handed in")
            until(lambda: moment == "waits" or started.exists(), "no kernel starts")
            process.send_signal(number)
            _, said = process.communicate(timeout=LIMIT)
        assert (process.returncode, said.decode().strip()) == (130, "kernelkit: interrupted")
        until(lambda: not fleet.slurm.jobs(), "jobs are left", limit=5)


def test_an_interrupt_while_jobs_are_handed_in_leaves_none(fleet):
    fleet.kernel("slow", "sleep 600")
    for milliseconds in range(0, 200, 40):
        with fleet.running("slow", *ON, "all") as process:
            until(lambda: list((fleet.home.path.parent / "sta te").glob("kernelkit/.jobs/*")), "no folder is made")
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGINT)
            assert process.wait(LIMIT) == 130
        until(lambda: not fleet.slurm.jobs(), "jobs are left", limit=5)


def test_no_job_outlives_a_kernelkit_that_is_killed(fleet):
    started = fleet.home.path / "started"
    fleet.kernel("slow", f"touch '{started}'; sleep 600")
    with fleet.running("slow", *ON, "kk1", "--timeout", "600") as process:
        until(started.exists, "no kernel starts")
        process.kill()
    until(lambda: not fleet.slurm.jobs(), "the job goes on although nobody waits for it")


def test_a_job_that_waits_when_kernelkit_is_killed_leaves_nothing_either(fleet):
    fleet.kernel("good")
    with fleet.closed("short"), fleet.running("good", *ON, "kk1", "--partition", "short") as process:
        until(fleet.slurm.jobs, "no job is handed in")
        process.kill()
    assert list(Path(fleet.env["XDG_STATE_HOME"]).glob("kernelkit/.jobs/*"))
    until(lambda: not fleet.slurm.jobs(), "the job goes on although nobody waits for it")


# ---- what is refused


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--nodes", "all"], "--nodes is for a place"),
        (["--partition", "far"], "--partition is for a place"),
        (["--on", "slurm"], "--on slurm needs --nodes"),
        (["--on", "slum", "--nodes", "all"], "did you mean 'slurm'"),
        ([*ON, ""], "no node is named"),
        ([*ON, "kk3"], "is called 'kk3'; did you mean 'kk2' or 'kk1'?"),
        ([*ON, "kk1", "--partition", "far"], "no node of partition far is called 'kk1'"),
        ([*ON, "all", "--partition", "none"], "--partition none: Slurm: Partition none not found"),
        ([*ON, "all", "--memory", "lots"], "--memory lots"),
        ([*ON, "all", "--node-timeout", "0"], "0 is no number of seconds above 0"),
        ([*ON, "all", "--html", "missing/report.html"], "the report cannot be written: No such file or directory"),
        ([*ON, "all", "./no-such-folder"], "is no kernelspec: there is no kernel.json in it"),
    ],
    ids=" ".join,
)
def test_what_is_refused_before_anything_is_handed_in(fleet, args, words):
    fleet.kernel("good")
    result = fleet.home.kernelkit("test", *args, **fleet.env)
    assert (result.code, result.out) == (2, ""), result
    assert words in result.err
    assert fleet.slurm.jobs() == []


def test_a_sites_limits_hold(fleet):
    fleet.kernel("good")
    with open(fleet.env["KERNELKIT_PLACES"], "a") as places:
        places.write('limits = { time = "2", cpus = 4 }\n')
    refused = fleet.home.kernelkit("test", *ON, "all", "--cpus", "5", **fleet.env)
    assert refused.code == 2 and "the most that this site allows is 4" in refused.err
    result, _ = fleet.test("good", *ON, "kk1")
    assert result.code == 0, result
