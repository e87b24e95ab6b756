"""``kernelkit test`` as people and CI call it: what it takes, what it refuses before it launches, what it shows."""

import json
import os
import pty
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest

KERNEL = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
PYTHON = f"'{sys.executable}' -m ipykernel_launcher \"$@\""
BROKEN = ["/bin/sh", "-c", "echo the reason >&2; exit 3", "{connection_file}"]


@pytest.fixture
def kernel(home):
    """Makes a kernelspec; its command leaves a mark when it is launched."""

    def make(name, argv=BROKEN):
        spec = home.kernels / name
        spec.mkdir(parents=True)
        (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": "python"}))
        return spec

    return make


@pytest.fixture
def marked(home, kernel):
    """A kernel, and whether it was launched."""
    mark = home.path / "launched"
    kernel("marked", ["/bin/sh", "-c", f"touch '{mark}'; exit 3", "{connection_file}"])
    return mark


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--timeout", "0"], "0 is no number of seconds above 0"),
        (["--timeout", "-3"], "-3 is no number of seconds above 0"),
        (["--timeout", "nan"], "nan is no number of seconds above 0"),
        (["--timeout", "soon"], "'soon' is not a valid float"),
        (["-j", "0"], "0 is not in the range"),
        (["--junit", "missing/report.xml"], "the report cannot be written: No such file or directory"),
        (["--json", "."], "the report cannot be written: Is a directory"),
        (["--json", "report", "--junit", "./report"], "two reports cannot be one file"),
        (["markt"], "no kernel is called 'markt'"),
        (["nothing-*"], "no kernel is called 'nothing-*'"),
        (["./no-such-folder"], "is no kernelspec: there is no kernel.json in it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_refused_before_anything_is_launched(home, marked, args, words):
    result = home.kernelkit("test", *args)
    assert (result.code, result.out) == (2, ""), result
    assert words in result.err
    assert not marked.exists()


def test_no_kernels(home):
    """On a machine that has none: this one's own, in /usr/share and beside this Python, are taken off the path."""
    code = (
        "from kernelkit import kernelspecs; kernelspecs.search_path = list; from kernelkit.__main__ import main; main()"
    )

    def run(*args):
        return subprocess.run(
            [sys.executable, "-c", code, "test", *args], env=home.env, capture_output=True, text=True, check=False
        )

    refused = run()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "there is no kernel here" in refused.stderr and "kernelkit definitions" in refused.stderr
    allowed = run("--allow-none")
    assert allowed.returncode == 0
    assert allowed.stdout.startswith("no kernels in ")


def test_names_patterns_and_folders_select_each_once(home, kernel, tmp_path):
    for name in ("one", "only", "two"):
        kernel(name)
    staged = tmp_path / "staged"
    (home.kernels / "two").rename(staged)
    report = json.loads(home.kernelkit("test", "o*", "one", "../staged", "--json", "-").out)
    assert report["format"] == 1
    assert [verdict["name"] for verdict in report["verdicts"]] == ["one", "only", "staged"]
    assert {verdict["cause_id"] for verdict in report["verdicts"]} != {""}


def test_fail_fast_and_the_reports(home, kernel):
    for name in ("a", "b", "c"):
        kernel(name)
    result = home.kernelkit("test", "--fail-fast", "-j", "1", "--json", "report.json", "--junit", "report.xml")
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith("FAIL a\n") and "FAIL b" not in result.out
    (verdict,) = json.loads((home.path / "report.json").read_text())["verdicts"]
    root = ElementTree.parse(home.path / "report.xml").getroot()
    assert [suite.get("name") for suite in root] == [verdict["name"]] == ["a"]
    assert root.find(".//failure").get("type") == verdict["cause_id"]


def test_two_runs_at_once_write_one_report(home, kernel):
    kernel("good", KERNEL)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(home.kernelkit, "test", "good", "--json", "report.json") for _ in range(2)]
        assert [run.result().code for run in runs] == [0, 0]
    assert json.loads((home.path / "report.json").read_text())["verdicts"][0]["passed"]
    assert not list(home.path.glob(".report*"))


def on_a_terminal(home, *args, columns, **env):
    """What a command writes to a terminal, both of its streams."""
    leader, follower = pty.openpty()
    argv = [sys.executable, "-m", "kernelkit", *args]
    env = home.env | {"COLUMNS": str(columns), "TERM": "xterm"} | env
    process = subprocess.Popen(argv, env=env, cwd=home.path, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    said = b""
    try:
        while chunk := os.read(leader, 65536):
            said += chunk
    except OSError:  # how a terminal whose other end is closed answers
        pass
    os.close(leader)
    process.wait(60)
    return said.decode()


def test_a_terminal_of_forty_columns(home, kernel):
    long = "a-kernel-with-a-name-that-is-longer-than-the-terminal-is-wide"
    kernel(long)
    kernel("short")
    said = on_a_terminal(home, "test", long, "short", columns=40)
    progress, report = said[: said.index("FAIL")], said[said.index("FAIL") :]
    shown = [line for line in progress.split("\r\x1b[K") if line]
    assert shown and all(len(line.replace("\x1b[31m", "")) < 40 for line in shown)
    assert shown[0].startswith("[0/2] testing a-kernel")
    assert "\x1b[31mFAIL\x1b[0m short" in said
    for line in re.sub(r"\x1b\[\d+m", "", report).splitlines():
        assert len(line) <= 40 or long in line, line


def test_no_colour_and_a_dumb_terminal(home, kernel):
    kernel("short")
    said = on_a_terminal(home, "test", "short", columns=80, NO_COLOR="1", TERM="dumb")
    assert "\x1b" not in said
    assert "FAIL short" in said


class TestPhases:
    """What takes long is told from what does not, by comparing the phases of one launch."""

    SLOW = 1.5  # seconds, against the tenths that all else takes on a machine that is busy

    @pytest.fixture
    def phases(self, home):
        """Makes a kernel with a wrapper, tests it, and returns its phases up to the first reply, all in all the time reported."""

        def make(script):
            spec = home.kernels / "timed"
            spec.mkdir(parents=True)
            (spec / "setup.sh").write_text(f"{script}\n")
            argv = ["/bin/bash", "{resource_dir}/setup.sh", "-f", "{connection_file}"]
            document = {"argv": argv, "display_name": "x", "language": "python"}
            (spec / "kernel.json").write_text(json.dumps(document))
            home.ok("test", "timed", "--json", "report.json", "-v")
            (verdict,) = json.loads((home.path / "report.json").read_text())["verdicts"]
            found = {phase["name"]: phase["seconds"] for phase in verdict["phases"]}
            return {name: found[name] for name in found if name not in ("shutdown", "restart", "parent")}

        return make

    @pytest.fixture
    def slow_start(self, home):
        """A folder that makes a Python slow which has it on its path."""
        folder = home.path / "slow"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(f"import time; time.sleep({self.SLOW})\n")
        return folder

    def test_slow_steps(self, phases):
        found = phases(f"sleep {self.SLOW}; exec {PYTHON}")
        assert list(found) == ["spawn", "steps", "interpreter", "kernel_info", "first reply"]
        assert found["steps"] > self.SLOW / 2 and found["steps"] == max(found.values())

    def test_a_slow_interpreter(self, phases, slow_start):
        found = phases(f"export PYTHONPATH='{slow_start}'; exec {PYTHON}")
        assert list(found) == ["spawn", "steps", "interpreter", "kernel_info", "first reply"]
        assert found["interpreter"] > self.SLOW / 2 and found["interpreter"] == max(found.values())

    def test_slow_start_up_files(self, phases, home):
        """They run when the kernel listens already."""
        startup = home.path / ".ipython/profile_default/startup"
        startup.mkdir(parents=True)
        (startup / "slow.py").write_text(f"import time; time.sleep({self.SLOW})\n")
        found = phases(f"exec {PYTHON}")
        assert found["kernel_info"] > self.SLOW / 2 and found["kernel_info"] == max(found.values())

    def test_both_are_slow(self, phases, slow_start):
        found = phases(f"sleep {self.SLOW}; export PYTHONPATH='{slow_start}'; exec /usr/bin/env {PYTHON}")
        assert min(found["steps"], found["interpreter"]) > self.SLOW / 2
        assert found["spawn"] + found["kernel_info"] + found["first reply"] < found["steps"] + found["interpreter"]

    def test_a_start_that_lost_its_port_counts_for_nothing(self, phases, home):
        mark = home.path / "tried"
        clash = f"if [[ ! -e '{mark}' ]]; then touch '{mark}'; sleep {2 * self.SLOW}; echo 'Address already in use'; exit 1; fi"
        found = phases(f"{clash}\nexec {PYTHON}")
        assert list(found) == ["spawn", "steps", "interpreter", "kernel_info", "first reply"]
        assert sum(found.values()) < 2 * self.SLOW

    def test_a_wrapper_that_stays_between(self, home, kernel):
        """Nobody knows when it became the interpreter, since it did not."""
        kernel("stays", ["/bin/bash", "-c", f"{PYTHON} || exit", "bash", "-f", "{connection_file}"])
        home.kernelkit("test", "stays", "--json", "report.json")
        (verdict,) = json.loads((home.path / "report.json").read_text())["verdicts"]
        assert [phase["name"] for phase in verdict["phases"]][:3] == ["spawn", "kernel_info", "first reply"]
