"""Real kernelspecs, healthy and broken, launched and judged; afterwards nothing of them is left."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kernelkit.verify import Target, leftovers, verify

TAG = "KERNELKIT_TEST_TAG"
KERNEL = f'"{sys.executable}" -m ipykernel_launcher "$@"'
PATIENCE = 30


def tagged(tag):
    """Pids of this test's kernels and of what they started, found without the code under test."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"{TAG}={tag}".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


class Bench:
    """Makes kernelspecs, verifies them, and sees to it that nothing is left."""

    def __init__(self, folder):
        self.folder = folder
        self.tag = str(folder)
        self.runtime = folder / "runtime"
        self.handed = folder / "handed"  # every connection file that a wrapper was given
        self.temporary = folder / "tmp"
        self.temporary.mkdir()

    def kernel(self, script, name="kernel", **fields):
        path = self.folder / "specs" / name
        path.mkdir(parents=True)
        (path / "setup.sh").write_text(f'#!/bin/bash\ncat -- "$2" >>"{self.handed}" 2>/dev/null; {script}\n')
        argv = ["/bin/bash", "{resource_dir}/setup.sh", "-f", "{connection_file}"]
        document = {"argv": argv, "display_name": name.title(), "language": "python"} | fields
        (path / "kernel.json").write_text(json.dumps({k: v for k, v in document.items() if v is not None}))
        return Target(name, path)

    def recorded(self, script, **record):
        return self.kernel(script, metadata={"kernelkit": record})

    def verify(self, *targets, jobs=2, timeout=PATIENCE, **more):
        verdicts = verify(targets, jobs=jobs, timeout=timeout, **more)
        self.assert_nothing_left()
        return verdicts

    def verdict(self, script, timeout=PATIENCE, **fields):
        return self.verify(self.kernel(script, **fields), timeout=timeout)[0]

    def assert_nothing_left(self):
        assert not tagged(self.tag)
        assert not list(self.temporary.iterdir())
        assert not self.runtime.exists() or not list(self.runtime.iterdir())
        assert not {port for port in self.ports() if self.is_ours(port)}

    def ports(self):
        """Every port that a kernel of this test was given."""
        text = self.handed.read_text() if self.handed.exists() else ""
        return {int(port) for port in re.findall(r'"\w+_port": (\d+)', text)}

    def is_ours(self, port):
        """Whether this process or a kernel of this test listens there: a number may be somebody else's by now."""
        sockets = listening(port)
        return bool(sockets) and any(
            f"socket:[{socket}]" in open_files(pid) for pid in [os.getpid(), *tagged(self.tag)] for socket in sockets
        )


def listening(port):
    """The sockets of this machine that listen on a port, by inode: proc_pid_net(5), state 0A."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[3] == "0A" and int(row[1].partition(":")[2], 16) == port}


def open_files(pid):
    found = set()
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # the one that lists them is gone by now
                found.add(os.readlink(entry))
    return found


@pytest.fixture
def bench(tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    monkeypatch.setenv(TAG, bench.tag)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(bench.runtime))
    monkeypatch.setenv("TMPDIR", str(bench.temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return bench


def statuses(verdict):
    return {check.id: check.status for check in verdict.checks}


def failures(verdict):
    return [check.id for check in verdict.failed_checks]


# ---- healthy kernels


def test_healthy_without_a_wrapper(bench):
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (verdict,) = bench.verify(bench.kernel("", argv=argv))
    assert verdict.passed, verdict
    assert (verdict.cause, verdict.advice) == ("", "")
    assert [check.id for check in verdict.checks] == [
        "spec", "files", "start", "execute", "output", "streams", "pid", "interpreter", "environment", "snapshot", "interrupt",
        "children", "shutdown", "restart", "parent",
    ]  # fmt: skip
    assert {name for name, status in statuses(verdict).items() if status == "skipped"} == {
        "interpreter",
        "environment",
        "snapshot",
    }
    assert [phase.name for phase in verdict.phases] == [
        "spawn",
        "interpreter",
        "kernel_info",
        "first reply",
        "shutdown",
        "restart",
        "parent",
    ]
    assert 0 < verdict.first_reply < PATIENCE


def test_healthy_through_a_wrapper_that_is_noisy(bench):
    noise = 'head -c 10000000 /dev/zero | tr "\\0" x; echo; echo the last word\n'
    verdict = bench.verdict(noise + "exec " + KERNEL)
    assert verdict.passed, verdict
    assert len(verdict.output) <= 64 * 1024
    assert "the last word" in verdict.output


def test_launched_as_a_server_does_and_restarted(bench):
    note = bench.folder / "note"
    says = 'pwd; ls -A; echo "$JPY_PARENT_PID"; echo "$PPID"; echo "$KERNELKIT_FALLBACK"; cat "$2"; echo; ps -o sid= $$'
    verdict = bench.verdict(
        f'{{ {says}; }} >"{note}.$(ls "{note}".* 2>/dev/null | wc -l)"; stat -c %a "{bench.runtime}" >"{note}"\nexec {KERNEL}'
    )
    assert verdict.passed, verdict
    first, second = ((bench.folder / f"note.{number}").read_text().split("\n") for number in (0, 1))
    folder, told, parent, fallback = first[:4]
    assert Path(folder).is_relative_to(bench.temporary)  # and empty: ls printed nothing
    assert (told, parent, fallback, note.read_text()[-4:-1]) == (str(os.getpid()), str(os.getpid()), "0", "700")
    assert int(first[-2]) != os.getsid(0)
    # The second start has the same folder, ports and key, and another server, which is told of as truthfully.
    assert (second[0], second[3:-2]) == (first[0], first[3:-2])
    assert second[1] == second[2] != told


def test_does_not_start_again(bench):
    verdict = bench.verdict(
        'if [[ -e "$HOME/lock" ]]; then echo locked; exit 9; fi; touch "$HOME/lock"\nexec ' + KERNEL
    )
    assert failures(verdict) == ["restart"]
    assert (verdict.cause_id, verdict.failed_checks[0].detail) == (
        "restart-fails",
        "after a restart it ended with exit code 9",
    )
    assert statuses(verdict)["parent"] == "skipped"
    assert "locked" in verdict.output


def test_a_restart_has_the_whole_time_anew(bench):
    """Both starts together take longer than the limit."""
    slow = f"sleep 6\nexec {KERNEL}"
    verdict = bench.verdict(slow, timeout=11)
    assert statuses(verdict)["restart"] == "passed"
    assert sum(phase.seconds for phase in verdict.phases) > 12


def test_hangs_on_its_second_start(bench):
    hang = 'if [[ -e "$HOME/second" ]]; then sleep 1000; fi; touch "$HOME/second"\nexec '
    verdict = bench.verdict(hang + KERNEL, timeout=6)
    assert failures(verdict) == ["restart"]
    assert verdict.failed_checks[0].detail == "after a restart: no answer within 6 s"


def test_a_port_taken_before_the_restart_is_not_the_kernels_fault(bench):
    clash = 'echo >>"$HOME/starts"; if (($(wc -l <"$HOME/starts") == 2)); then echo "Address already in use"; exit 1; fi\nexec '
    verdict = bench.verdict(clash + KERNEL)
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("script", "cause_id", "words"),
    [
        (f"unset JPY_PARENT_PID; exec {KERNEL}", "parent-lost", "JPY_PARENT_PID was lost"),
        (f"JPY_PARENT_PID=1 exec {KERNEL}", "outlives-server", "and the server process 1"),
    ],
    ids=["lost", "wrong"],
)
def test_outlives_its_server(bench, script, cause_id, words):
    verdict = bench.verdict(script)
    assert failures(verdict) == ["parent"]
    assert verdict.cause_id == cause_id
    assert words in verdict.failed_checks[0].detail


def test_what_was_recorded_holds(bench):
    record = {
        "interpreter": {"path": sys.executable, "version": list(sys.version_info[:3])},
        "expects": {"variables": ["SET"], "commands": ["mine"], "values": {"VALUE": "a $b 'c' é"}},
        "checks": [{"name": "sums", "code": "print(1 + 2)", "prints": "3"}, {"name": "quiet", "code": "import json"}],
    }
    tools = bench.folder / "tools"
    tools.mkdir()
    (tools / "mine").write_text("")
    (tools / "mine").chmod(0o755)
    script = f"export SET=1 VALUE='a $b '\\''c'\\'' é' PATH=\"$PATH:{tools}\"\nexec {KERNEL}"
    (verdict,) = bench.verify(bench.recorded(script, **record))
    assert verdict.passed, verdict
    assert {name for name, status in statuses(verdict).items() if status != "passed"} == {"snapshot"}
    assert {"check:sums", "check:quiet"} <= set(statuses(verdict))


def test_what_was_recorded_does_not_hold(bench):
    record = {
        "interpreter": {"path": "/usr/bin/true", "version": [3, 99]},
        "expects": {"variables": ["UNSET"], "commands": ["no-such-command"], "values": {"VALUE": "wanted"}},
        "checks": [{"name": "sums", "code": "print(4)", "prints": "3"}, {"name": "fails", "code": "import no_such"}],
    }
    (verdict,) = bench.verify(bench.recorded(f"export VALUE=given\nexec {KERNEL}", **record))
    assert failures(verdict) == ["interpreter", "environment", "check:sums", "check:fails"]
    details = {check.id: check.detail for check in verdict.failed_checks}
    for words in ("UNSET is not set", "no-such-command is not on the path", "VALUE is 'given', not 'wanted'"):
        assert words in details["environment"]
    assert details["check:sums"] == "it printed '4' and should print '3'"
    assert "No module named 'no_such'" in details["check:fails"]


def test_wrong_version_of_the_right_interpreter(bench):
    record = {"interpreter": {"path": sys.executable, "version": [2, 7, 18]}}
    (verdict,) = bench.verify(bench.recorded("exec " + KERNEL, **record))
    assert failures(verdict) == ["interpreter"]
    assert "2.7.18 is recorded" in verdict.failed_checks[0].detail


def test_a_port_taken_meanwhile_is_not_the_kernels_fault(bench):
    clash = (
        'if [[ ! -e "$HOME/tried" ]]; then touch "$HOME/tried"; echo "zmq: Address already in use" >&2; exit 1; fi\n'
    )
    verdict = bench.verdict(clash + "exec " + KERNEL)
    assert verdict.passed, verdict


# ---- kernels that do not start


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("echo oops >&2; exit 3", "the wrapper ended itself with exit code 3: oops"),
        ("echo oops >&2; sh -c 'exit $((1 + 2))'", "it ended with exit code 3 before its first reply: oops"),
        ("echo 'kernelkit: the first reason'; echo 'kernelkit: release 6.08 is gone' >&2; exit 78", "release 6.08 is gone"),
        ("kill -9 $$", "was killed by SIGKILL"),
        ("exec /no/such/python", "a command could not be run: .*/no/such/python: No such file"),
        (f"exec '{sys.executable}' -S -m ipykernel_launcher \"$@\"", "no module named ipykernel"),
        ("echo 'bind: Address already in use'; exit 1", "a port that the kernel was given was in use"),
    ],
    ids=["exit", "unknown", "wrapper", "signal", "command", "module", "port"],
)  # fmt: skip
def test_death_before_the_first_reply(bench, script, cause):
    verdict = bench.verdict(script)
    assert failures(verdict) == ["start"]
    assert statuses(verdict)["shutdown"] == statuses(verdict)["pid"] == "skipped"
    assert verdict.first_reply is None
    assert re.search(cause, verdict.cause), verdict
    assert verdict.advice
    assert "\n" not in verdict.cause + verdict.advice


def test_never_answers(bench):
    verdict = bench.verdict("echo still sourcing; sleep 1000", timeout=1)
    assert failures(verdict) == ["start"]
    assert "no reply within 1 s" in verdict.cause
    assert "sleep 1000" in verdict.cause
    assert "still sourcing" in verdict.cause


def test_arguments_lost(bench):
    verdict = bench.verdict(f'exec "{sys.executable}" -m ipykernel_launcher', timeout=4)
    assert failures(verdict) == ["start"]
    assert "did not hand on its arguments" in verdict.cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"display_name": "x"}', "argv is missing"),
        ('{"argv": "bash"}', "argv is not a list"),
        ('{"argv": ["bash", 1]}', r"argv\[1\] is not a text"),
        ('{"argv": ["bash"], "env": {"A": 1}}', "the value of A is not a text"),
        ('{"argv": ["/no/such", "{connection_file}"]}', "/no/such does not exist"),
        ('{"argv": ["no-such-command", "{connection_file}"]}', "no-such-command is not on the path"),
        ('{"argv": ["{resource_dir}/setup.sh", "{connection_file}"]}', "is not executable"),
        ('{"argv": ["bash"], "metadata": {"kernel_provisioner": {"provisioner_name": "nowhere"}}}', "'nowhere' is not installed"),
        ('{"argv": ["bash", "/no/such/wrapper.sh", "{connection_file}"]}', "/no/such/wrapper.sh does not exist"),
        ('{"argv": ["/bin/false"]}', "argv names no {connection_file}"),
    ],
)  # fmt: skip
def test_kernel_json_at_fault(bench, text, cause):
    target = bench.kernel("exit 5")
    (target.path / "kernel.json").write_text(text)
    (verdict,) = bench.verify(target)
    assert not verdict.passed
    assert re.search(cause, verdict.cause), verdict.cause
    assert verdict.advice


def test_no_kernel_json(bench):
    (verdict,) = bench.verify(Target("gone", bench.folder / "gone"))
    assert failures(verdict) == ["spec"]
    assert "kernel.json cannot be read: No such file" in verdict.cause


def test_a_changed_wrapper_is_noted_and_blamed_only_when_it_fails(bench):
    works = bench.kernel("exec " + KERNEL, name="works", metadata={"kernelkit": {"digests": {"setup.sh": "0" * 64}}})
    broken = bench.kernel("", name="broken", metadata={"kernelkit": {"digests": {"setup.sh": "0" * 64}}})
    verdicts = bench.verify(works, broken)
    assert [verdict.passed for verdict in verdicts] == [True, False]
    assert statuses(verdicts[0])["files"] == "note"
    assert verdicts[1].cause == "setup.sh is not the one that was installed"


# ---- kernels that start and do not work


def test_wrapper_without_exec(bench):
    verdict = bench.verdict(KERNEL + "\nexit $?")
    assert failures(verdict) == ["pid", "parent"]
    assert "exec" in verdict.advice


def test_interrupt_ignored(bench):
    verdict = bench.verdict("trap '' INT\n" + f'exec "{sys.executable}" "{ignoring(bench)}" "$@"')
    assert failures(verdict) == ["interrupt"]
    assert "interrupt did not arrive" in verdict.failed_checks[0].detail


def test_interrupt_that_does_not_reach_what_a_cell_started(bench):
    verdict = bench.verdict(KERNEL + "\nexit $?", interrupt_mode="message")
    assert failures(verdict) == ["pid", "children", "parent"]
    assert "ran on" in verdict.failed_checks[1].detail


def ignoring(bench):
    """An ipykernel that takes SIGINT for no matter while a cell runs."""
    path = bench.folder / "ignoring.py"
    path.write_text(
        "import signal, sys\n"
        "from ipykernel import kernelbase\n"
        "kernelbase.default_int_handler = signal.SIG_IGN\n"
        "from ipykernel.kernelapp import launch_new_instance\n"
        "launch_new_instance()\n"
    )
    return path


def test_daemon_left_behind_is_told_and_ended(bench):
    verdict = bench.verdict(f"setsid sleep 1000 >/dev/null 2>&1 &\nexec {KERNEL}")
    assert failures(verdict) == ["shutdown"]
    assert "it left running: sleep 1000" in verdict.failed_checks[0].detail


def test_daemon_without_our_environment_is_ended_too(bench):
    daemon = f"env -i {TAG}={bench.tag} setsid sleep 1000"
    verdict = bench.verdict(f"{daemon} >/dev/null 2>&1 &\nexec {KERNEL}")
    assert failures(verdict) == ["shutdown"]


def test_a_process_that_only_looks_alike_is_left_alone(bench):
    stranger = subprocess.Popen(["sleep", "1000"], env={"KERNELKIT_VERIFY": "another round"})
    try:
        assert bench.verdict("exec " + KERNEL).passed
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def stubborn(bench, *lines):
    path = bench.folder / "stubborn.py"
    path.write_text("\n".join([*lines, "from ipykernel.kernelapp import launch_new_instance", "launch_new_instance()"]))
    return bench.verdict(f'exec "{sys.executable}" "{path}" "$@"')


HANGS = "import atexit, time; atexit.register(time.sleep, 60)"


def test_hangs_at_its_end_until_the_server_sends_sigterm(bench):
    verdict = stubborn(bench, HANGS)
    assert verdict.passed, verdict
    assert statuses(verdict)["shutdown"] == "note"


def test_does_not_end_on_sigterm_either(bench):
    verdict = stubborn(bench, HANGS, "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert failures(verdict) == ["shutdown"]
    assert "did not end within 5 s" in verdict.failed_checks[0].detail


def test_ignores_the_request_to_end(bench):
    ignore = (
        "from ipykernel.kernelbase import Kernel; Kernel.shutdown_request = lambda *a: __import__('asyncio').sleep(0)"
    )
    verdict = stubborn(bench, ignore)
    assert failures(verdict) == ["shutdown"]
    assert "did not answer the request" in verdict.failed_checks[0].detail


def test_death_in_a_check(bench):
    checks = [{"name": "crash", "code": "import os; os.abort()"}, {"name": "after", "code": "1"}]
    (verdict,) = bench.verify(bench.recorded("ulimit -c 0\nexec " + KERNEL, checks=checks))
    assert failures(verdict) == ["check:crash"]
    assert statuses(verdict)["check:after"] == statuses(verdict)["interrupt"] == "skipped"
    assert "SIGABRT" in verdict.cause


def test_another_language_is_asked_for_a_reply_only(bench):
    path = bench.folder / "other.py"
    path.write_text(
        "from ipykernel.kernelbase import Kernel\nfrom ipykernel.kernelapp import IPKernelApp\n"
        "class Other(Kernel):\n"
        "    implementation = 'other'; implementation_version = '1'; banner = ''\n"
        "    language_info = {'name': 'other', 'mimetype': 'text/plain', 'file_extension': '.o'}\n"
        "    def do_execute(self, code, *args, **more):\n"
        "        return {'status': 'ok', 'execution_count': 1, 'payload': [], 'user_expressions': {}}\n"
        "IPKernelApp.launch_instance(kernel_class=Other)\n"
    )
    verdict = bench.verdict(f'exec "{sys.executable}" "{path}" "$@"', language="other")
    assert verdict.passed, verdict
    found = statuses(verdict)
    assert (found["execute"], found["streams"], found["restart"]) == ("passed", "skipped", "passed")
    assert found["shutdown"] in ("passed", "note")


# ---- many


def test_many_side_by_side_in_order(bench):
    names = [f"kernel-{number}" for number in range(5)]
    targets = [
        bench.kernel("exit 4" if number == 2 else "exec " + KERNEL, name=name) for number, name in enumerate(names)
    ]
    events = []
    verdicts = bench.verify(*targets, jobs=2, on_event=events.append)
    assert [verdict.name for verdict in verdicts] == names
    assert [verdict.passed for verdict in verdicts] == [True, True, False, True, True]
    assert sorted(event.kind for event in events) == ["finished"] * 5 + ["started"] * 5
    assert (events[-1].done, events[-1].total, str(events[-1])[:5]) == (5, 5, "[5/5]")


def test_two_of_one_name(bench):
    first = bench.kernel("exec " + KERNEL, name="one")
    other = bench.kernel("exit 4", name="other")
    verdicts = bench.verify(first, Target("one", other.path))
    assert [(verdict.name, verdict.passed) for verdict in verdicts] == [("one", True), ("one", False)]


def test_fail_fast_starts_no_more(bench):
    targets = [bench.kernel(f'touch "$HOME/{name}"; exit 4', name=name) for name in ("one", "two", "three")]
    verdicts = bench.verify(*targets, jobs=1, fail_fast=True)
    assert [verdict.name for verdict in verdicts] == ["one"]
    assert not (bench.folder / "two").exists()


ENDLESS = 'setsid sleep 1000 &\ntouch "{flag}"\nsleep 1000'
# Without our mark in its environment, and in the start that a process of ours, the server, is the parent of.
SECOND = 'if [[ -e "{flag}.first" ]]; then\n{endless}\nfi\ntouch "{flag}.first"\nexec env -u KERNELKIT_VERIFY {kernel}'


@pytest.mark.parametrize("start", ["first", "second"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_an_interrupted_or_killed_run_leaves_nothing(bench, number, start):
    flags = [bench.folder / name for name in ("flag-one", "flag-two")]
    targets = []
    for flag in flags:
        endless = ENDLESS.format(flag=flag)
        script = endless if start == "first" else SECOND.format(flag=flag, endless=endless, kernel=KERNEL)
        targets.append(bench.kernel(script, name=flag.name))
    code = (
        "import sys; from kernelkit.verify import verify, Target; from pathlib import Path\n"
        "verify([Target('k', Path(folder)) for folder in sys.argv[1:]], jobs=2, timeout=60)"
    )
    argv = [sys.executable, "-W", "error", "-c", code, *(str(target.path) for target in targets)]
    run = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)
    wait_for(lambda: all(flag.exists() for flag in flags))
    os.kill(run.pid, number)
    _, errors = run.communicate(timeout=PATIENCE)
    if number == signal.SIGKILL:
        assert run.returncode == -signal.SIGKILL
    else:
        assert errors.rstrip().endswith("KeyboardInterrupt"), errors
        assert "never retrieved" not in errors and "Exception ignored" not in errors, errors
    wait_for(lambda: not tagged(bench.tag))  # what has been killed may take a moment to be gone
    wait_for(lambda: not list(bench.temporary.iterdir()))
    bench.assert_nothing_left()


def test_a_port_that_is_left_would_be_seen(bench):
    with socket.create_server(("127.0.0.1", 0)) as left:
        port = left.getsockname()[1]
        bench.handed.write_text(f'{{"shell_port": {port}}}')
        assert bench.ports() == {port}
        with pytest.raises(AssertionError):
            bench.assert_nothing_left()
    bench.assert_nothing_left()


def test_two_rounds_at_once(bench):
    """Each counts and ends its own processes only."""
    code = (
        "import sys; from kernelkit.verify import verify, Target; from pathlib import Path\n"
        "sys.exit(not verify([Target('k', Path(sys.argv[1]))], jobs=1, timeout=60)[0].passed)"
    )
    target = bench.kernel("exec " + KERNEL)
    argv = [sys.executable, "-c", code, str(target.path)]
    rounds = [subprocess.Popen(argv, cwd=Path(__file__).parent.parent) for _ in range(2)]
    assert [one.wait(2 * PATIENCE) for one in rounds] == [0, 0]
    bench.assert_nothing_left()


# ---- what is never touched


@pytest.mark.parametrize(
    "leader",
    [(0, 0), (1, 0), (os.getpid(), 0), (os.getsid(0), 1 << 60)],
    ids=["kernel", "init", "ourselves", "session"],
)
def test_nobody_elses_process_can_lead(leader):
    """Session 0 holds, in a container, all that was begun outside: taken for a kernel's, everything would be ended."""
    footprint = leftovers.Footprint("0123456789abcdef.")
    with pytest.raises(ValueError, match="was not spawned here"):
        footprint.lead_as(leader)
    footprint.leader = leader  # and should it happen nevertheless, nothing is counted
    assert footprint.look() == []


def test_a_marker_that_would_fit_others_is_refused():
    with pytest.raises(ValueError, match="too short"):
        leftovers.Footprint("")


def test_a_sibling_is_not_taken_for_the_kernel():
    stranger = subprocess.Popen(["sleep", "1000"])
    try:
        footprint = leftovers.Footprint("0123456789abcdef.")
        footprint.lead(stranger.pid, os.getpid())  # our child, but in our session
        assert footprint.leader is None
        assert footprint.look() == []
    finally:
        stranger.kill()
        stranger.wait()


# ---- the conversation


def test_a_reply_that_comes_while_something_is_sent_is_not_lost(bench, monkeypatch):
    """A send can swallow the wake-up for a reply that arrives at that moment."""
    from kernelkit.verify import checks

    async def hammer(launch, limit):
        for number in range(60):
            launch.talk.ask_kernel_info()
            end = time.perf_counter() + number % 10 * 0.0004
            while time.perf_counter() < end:
                pass  # the event loop is kept busy while the reply arrives
            await launch.talk.execute("", limit)
        return checks.PASSED

    monkeypatch.setattr(checks, "PYTHON", (("hammer", hammer),))
    verdict = bench.verdict("exec " + KERNEL, timeout=10)
    assert statuses(verdict)["hammer"] == "passed"
