"""Kernels whose start fails: the notebook says why, no code is run, and a restart tries the real thing again."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from pythons import OTHERS

from kernelkit.causes import ADVICE

ENAME = "KernelDidNotStart"
HOSTILE = "<script>alert(1)</script> & 'single' \"double\" \x1b[31mred\x1b[0m \x07 line\u2028end é"


@dataclass(frozen=True)
class Site:
    """A home with one kernel in it, called sample, whose one step sources ``script``."""

    home: object
    script: Path
    python: Path

    @property
    def wrapper(self):
        return self.home.kernels / "sample/setup.sh"

    @property
    def log(self):
        return self.home.path / ".local/state/kernelkit/sample"

    def manager(self, **options):
        return KernelManager(
            kernel_name="sample", kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(self.home.kernels)]), **options
        )

    def launch(self, *args, **env):
        """The wrapper itself, with what a server would give it."""
        return subprocess.run(
            ["/bin/bash", "-p", self.wrapper, *(args or ["-f", "x"])], env=self.home.env | env, cwd=self.home.path,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def site(home, tmp_path):
    script, python = tmp_path / "set up.sh", tmp_path / "python"
    script.write_text("export FINE=yes\n")
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "sample.toml").write_text(
        f'display_name = "Sample"\n[[steps]]\nuse = "script"\npath = "{script}"\nexpects = {{ variables = ["FINE"] }}\n'
    )
    home.ok("install", "--from", tmp_path / "sample.toml", "--python", python)
    return Site(home, script, python)


@contextmanager
def running(site, manager=None, **env):
    manager = manager or site.manager()
    manager.start_kernel(env=site.home.env | env, cwd=str(site.home.path))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def execute(client, code="1 + 1", **options):
    """The reply to some code, and what was published about it."""
    published = []
    reply = client.execute_interactive(
        code,
        output_hook=lambda m: published.append((m["msg_type"], m["content"])),
        timeout=60,
        allow_stdin=False,
        **options,
    )
    return reply["content"], published


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


class TestInTheNotebook:
    def test_a_notebook_fails_with_the_reason(self, site):
        site.script.write_text("echo its last words\nreturn 3\n")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in ("1 + 1", "2 + 2")])
        client = NotebookClient(notebook, km=site.manager(), resources={"metadata": {"path": str(site.home.path)}})
        with pytest.raises(CellExecutionError) as raised:
            client.execute(env=site.home.env)
        reason = "step 1 of 1, script: FINE is not set afterwards (the script returned 3)"
        assert (raised.value.ename, raised.value.evalue) == (ENAME, reason)
        shown, error = notebook.cells[0].outputs
        assert shown.output_type == "display_data"
        assert reason in shown.data["text/plain"]
        assert "its last words" in shown.data["text/html"]
        text = "\n".join(error.traceback)
        assert reason in text
        assert "its last words" in text
        assert "What to do [step-failed]: " + ADVICE["step-failed"] in text
        assert "restart the kernel" in text
        assert str(next(site.log.iterdir())) in text
        assert notebook.cells[1].outputs == []
        assert notebook.metadata.language_info.name == "python"
        assert notebook.metadata.language_info.version == ".".join(map(str, sys.version_info[:3]))

    def test_nbconvert_fails_with_it_too(self, site):
        site.script.unlink()
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell("1")], metadata={"kernelspec": {"name": "sample", "display_name": "x"}}
        )
        nbformat.write(notebook, site.home.path / "n.ipynb")
        done = subprocess.run(
            [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "n.ipynb"], env=site.home.env,
            cwd=site.home.path, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode != 0
        assert f"{site.script}: No such file or directory" in done.stderr

    def test_a_python_that_is_gone(self, site):
        site.python.unlink()
        with running(site) as (_, client):
            reply, _ = execute(client)
        assert reply["evalue"] == f"{site.python}: this Python is gone or cannot be run; was the release removed?"
        assert "[release-gone]" in "\n".join(reply["traceback"])

    @pytest.mark.parametrize("version", OTHERS)
    def test_a_python_that_refuses_becomes_the_fallback_in_the_same_process(self, site, version):
        site.python.write_text(f'#!/bin/sh\nexec {OTHERS[version]} "$@"\n')
        # Python 2 knows no such option, and ends before it could refuse.
        site.wrapper.write_text(site.wrapper.read_text().replace(" '-Xfrozen_modules=off'", ""))
        with running(site) as (manager, client):
            reply, _ = execute(client)
            pid = manager.provisioner.pid
            assert Path(f"/proc/{pid}/exe").resolve() == Path(sys.executable).resolve()
        assert f" is Python {version}, not " in reply["evalue"]
        assert "step 1 of 1, script" not in reply["evalue"]
        launches = json.loads(site.home.ok("log", "sample", "-n", "9", "--json"))["launches"]
        assert [(launch["result"], launch["pid"]) for launch in launches] == [("failed", pid)]
        assert launches[0]["reason"] == reply["evalue"]

    def test_libraries_of_the_software_do_not_follow(self, site, tmp_path):
        """A step may set what makes bash and kernelkit's own Python fail to start."""
        bare, broken = tmp_path / "bare", tmp_path / "libc.so.6"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
        broken.write_text("no library")
        site.script.write_text("export FINE=yes PYTHONPATH=/nowhere\n")
        start = tmp_path / "start.py"
        start.write_text(
            "import os, sys\nos.environ['LD_LIBRARY_PATH'] = os.path.dirname(__file__)\n"
            "at = sys.argv.index('-c')\ncode = sys.argv[at + 1]\nsys.argv[:at + 2] = ['-c']\nexec(code)\n"
        )
        site.python.write_text(f'#!/bin/sh\nexec {bare}/bin/python {start} "$@"\n')
        with running(site) as (manager, client):
            reply, _ = execute(client)
            environment = Path(f"/proc/{manager.provisioner.pid}/environ").read_bytes()
        assert "cannot import ipykernel" in reply["evalue"]
        assert b"LD_LIBRARY_PATH" not in environment
        assert b"PYTHONPATH" not in environment
        assert b"FINE" not in environment

    def test_an_ipykernel_that_is_gone(self, site, tmp_path):
        bare = tmp_path / "bare"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
        site.python.write_text(f'#!/bin/sh\nexec {bare}/bin/python "$@"\n')
        with running(site) as (_, client):
            reply, _ = execute(client)
        assert "cannot import ipykernel: ModuleNotFoundError" in reply["evalue"]

    def test_nothing_in_the_notebooks_folder_or_profile_reaches_it(self, site):
        site.script.unlink()
        for name in ("random.py", "kernelkit.py", "ipykernel.py", "sitecustomize.py"):
            (site.home.path / name).write_text("raise SystemExit('shadowed')")
        profile = site.home.path / ".ipython/profile_default"
        profile.mkdir(parents=True)
        (profile / "ipython_kernel_config.py").write_text("raise SystemExit('configured')")
        hostile = {"PYTHONPATH": str(site.home.path), "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "/nowhere"}
        with running(site, **hostile) as (_, client):
            assert execute(client)[0]["ename"] == ENAME

    def test_hostile_words_are_words(self, site):
        site.script.write_text(f"cat <<'END' >&2\n{HOSTILE}\nEND\nexport FINE=\nfalse")
        with running(site) as (_, client):
            reply, published = execute(client)
        data = dict(published)["display_data"]["data"]
        assert "<script" not in data["text/html"]
        assert (
            "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#x27;single&#x27; &quot;double&quot; red" in data["text/html"]
        )
        assert "<script>alert(1)</script> & 'single' \"double\" red" in data["text/plain"]
        text = data["text/plain"] + "".join(reply["traceback"]) + reply["evalue"]
        assert not {"\x1b", "\x07", "\0"} & set(text)
        assert "é" in text

    def test_a_reason_of_many_lines_is_one_line(self, site):
        site.script.write_text("export FINE=$'a\\nb\\xff<b>'\n")
        definition = site.home.path.parent / "sample.toml"
        definition.write_text(definition.read_text().replace('variables = ["FINE"]', 'values = { FINE = "x" }'))
        site.script.write_text("export FINE=x\n")
        site.home.ok("install", "--from", definition, "--python", site.python)
        site.script.write_text("export FINE=$'a\\nb\\xff<b>'\n")
        with running(site) as (_, client):
            reply, published = execute(client)
        assert reply["evalue"].startswith("step 1 of 1, script: FINE is 'a b\ufffd<b>' afterwards and not 'x'")
        assert "a b\ufffd&lt;b&gt;" in dict(published)["display_data"]["data"]["text/html"]

    def test_noise_shows_its_end(self, site):
        site.script.write_text(
            "for i in {1..5000}; do echo noise $i; done; head -c 100000 /dev/zero | tr '\\0' x; echo; echo end; false"
        )
        with running(site) as (_, client):
            reply, _ = execute(client)
        assert "  | end" in reply["traceback"]
        assert sum(map(len, reply["traceback"])) < 40_000
        assert max(file.stat().st_size for file in site.log.iterdir()) < 40_000


class TestProtocol:
    """What a front end asks of any kernel is answered."""

    @pytest.fixture
    def failed(self, site):
        site.script.unlink()
        with running(site) as (manager, client):
            yield manager, client

    def test_every_request_has_its_reply(self, failed):
        _, client = failed
        for ask in (
            client.kernel_info, client.comm_info, lambda: client.complete("pri"), lambda: client.inspect("print"),
            lambda: client.is_complete("1 +"), lambda: client.history(hist_access_type="tail", n=5),
        ):  # fmt: skip
            asked = ask()
            reply = client.get_shell_msg(timeout=30)
            assert reply["parent_header"]["msg_id"] == asked
            assert reply["content"]["status"] in ("ok", "complete"), reply

    def test_it_describes_itself_as_the_kernelspecs_language(self, failed):
        _, client = failed
        client.kernel_info()
        info = client.get_shell_msg(timeout=30)["content"]
        assert info["language_info"]["name"] == "python"
        assert info["language_info"]["file_extension"] == ".py"
        assert info["implementation"] == "kernelkit-fallback"
        assert "did not start" in info["banner"]
        assert "debugger" not in info.get("supported_features", [])

    def test_a_debugger_is_refused_and_not_left_waiting(self, failed):
        _, client = failed
        message = client.session.msg("debug_request", {"type": "request", "seq": 7, "command": "debugInfo"})
        client.control_channel.send(message)
        reply = client.get_control_msg(timeout=30)["content"]
        assert (reply["success"], reply["request_seq"], reply["command"]) == (False, 7, "debugInfo")

    def test_code_is_counted_and_shown_once_each_time(self, failed):
        _, client = failed
        for count in (1, 2):
            reply, published = execute(client, "open('ran', 'w')", stop_on_error=False)
            assert (reply["status"], reply["execution_count"]) == ("error", count)
            assert [kind for kind, _ in published if kind in ("display_data", "error")] == ["display_data", "error"]
        assert not (Path.cwd() / "ran").exists()

    def test_silent_code_publishes_nothing(self, failed):
        _, client = failed
        reply, published = execute(client, silent=True)
        assert reply["status"] == "error"
        assert not [kind for kind, _ in published if kind in ("display_data", "error", "execute_input")]

    def test_an_interrupt_does_not_end_it(self, failed):
        manager, client = failed
        manager.interrupt_kernel()
        assert execute(client)[0]["ename"] == ENAME
        client.session.send(client.control_channel.socket, client.session.msg("interrupt_request", {}))
        assert client.get_control_msg(timeout=30)["content"]["status"] == "ok"
        assert execute(client)[0]["ename"] == ENAME

    def test_it_ends_when_asked(self, failed):
        manager, client = failed
        client.shutdown()
        wait_until(lambda: not manager.is_alive())

    def test_it_is_the_process_that_jupyter_started(self, failed):
        manager, _ = failed
        command = Path(f"/proc/{manager.provisioner.pid}/cmdline").read_bytes().split(b"\0")
        assert command[0] == sys.executable.encode()
        assert b"No such file" not in b"".join(command)

    def test_encrypted_where_the_kernelspec_promises_it(self, site):
        if "supported_encryption" not in json.loads((site.wrapper.parent / "kernel.json").read_text())["metadata"]:
            pytest.skip("this ipykernel knows no encryption")
        site.script.unlink()
        manager = site.manager(transport_encryption="required")
        with running(site, manager) as (_, client):
            assert execute(client)[0]["ename"] == ENAME

    def test_a_language_other_than_python(self, site, tmp_path):
        definition = tmp_path / "sample.toml"
        definition.write_text('language = "c++"\n' + definition.read_text())
        site.home.ok("install", "--from", definition, "--python", site.python)
        site.script.unlink()
        with running(site) as (_, client):
            client.kernel_info()
            assert client.get_shell_msg(timeout=30)["content"]["language_info"]["name"] == "c++"

    def test_it_ends_with_its_server(self, site):
        site.script.unlink()
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(site.home.kernels)], env=site.home.env, cwd=site.home.path,
            stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        with server.stdout as told:
            pid = int(told.readline())
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        wait_until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])


SERVER = """
import sys, time
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="sample", kernel_spec_manager=KernelSpecManager(kernel_dirs=[sys.argv[1]]))
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
print(manager.provisioner.pid, flush=True)
time.sleep(600)
"""


class TestRestart:
    def test_a_restart_after_the_repair_is_the_real_kernel(self, site):
        text = site.script.read_text()
        site.script.unlink()
        with running(site) as (manager, client):
            assert execute(client)[0]["ename"] == ENAME
            site.script.write_text(text)
            manager.restart_kernel(now=True)
            client.wait_for_ready(timeout=60)
            reply, published = execute(client, "import os; print(1 + 1, os.environ['FINE'])")
            assert reply["status"] == "ok", reply
            assert ("stream", {"name": "stdout", "text": "2 yes\n"}) in published

    def test_a_kernel_that_breaks_later_says_so_at_its_restart(self, site):
        with running(site) as (manager, client):
            assert execute(client)[0]["status"] == "ok"
            site.script.unlink()
            manager.restart_kernel(now=True)
            client.wait_for_ready(timeout=60)
            assert execute(client)[0]["ename"] == ENAME


class TestWithoutIt:
    def test_it_can_be_turned_off(self, site):
        site.script.unlink()
        done = site.launch(KERNELKIT_FALLBACK="0")
        assert (done.returncode, done.stdout) == (78, "")
        assert (
            done.stderr.splitlines()[-1] == f"kernelkit: step 1 of 1, script: {site.script}: No such file or directory"
        )

    def test_a_refusal_of_the_interpreter_can_be_too(self, site, tmp_path):
        bare = tmp_path / "bare"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
        site.python.write_text(f'#!/bin/sh\nexec {bare}/bin/python "$@"\n')
        done = site.launch(KERNELKIT_FALLBACK="0")
        assert done.returncode == 78
        assert "cannot import ipykernel" in done.stderr.splitlines()[-1]

    def test_verification_still_sees_the_failure(self, site):
        site.script.unlink()
        done = site.home.kernelkit("test", "sample")
        assert done.code == 1
        assert f"{site.script}: No such file or directory" in done.out

    @pytest.mark.parametrize("state", ["gone", "without ipykernel", "without kernelkit", "a folder"])
    def test_without_a_python_of_kernelkits_own_the_reason_is_printed(self, site, tmp_path, state):
        own = tmp_path / "own"
        if state == "a folder":
            own.mkdir()
        elif state != "gone":
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", own], check=True)
            if state == "without ipykernel":
                packages = next(own.glob("lib/python*/site-packages"))
                (packages / "kernelkit").symlink_to(Path(__file__).parent.parent / "kernelkit")
            own = own / "bin/python"
        text = site.wrapper.read_text()
        assert text.count(f"{sys.executable} -E -P") == 1
        site.wrapper.write_text(text.replace(sys.executable, str(own)))
        site.script.unlink()
        done = site.launch()
        assert done.returncode == 78
        assert f"{site.script}: No such file or directory" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_wrapper_run_by_hand_prints_the_reason(self, site):
        site.script.unlink()
        done = site.launch("--help")
        assert done.returncode == 78
        assert "No such file" in done.stderr

    def test_without_a_home_and_with_one_that_is_read_only(self, site):
        site.script.unlink()
        for home in (None, "/nowhere/at all", "/proc"):
            manager = site.manager()
            env = {name: value for name, value in site.home.env.items() if name != "HOME"} | (
                {"HOME": home} if home else {}
            )
            manager.start_kernel(env=env, cwd=str(site.home.path))
            client = manager.client()
            client.start_channels()
            try:
                client.wait_for_ready(timeout=60)
                assert execute(client)[0]["ename"] == ENAME
            finally:
                client.stop_channels()
                manager.shutdown_kernel(now=True)
                manager.cleanup_resources()
        assert not Path("/nowhere").exists()


def test_the_same_choice_gives_the_same_bytes(site, tmp_path):
    definition = tmp_path / "sample.toml"
    first = (site.wrapper.read_bytes(), (site.wrapper.parent / "kernel.json").read_bytes())
    site.home.ok("install", "--from", definition, "--python", site.python)
    assert first == (site.wrapper.read_bytes(), (site.wrapper.parent / "kernel.json").read_bytes())


def test_the_wrapper_passes_shellcheck(site):
    program = shutil.which("shellcheck")
    assert program, "shellcheck is part of the tests' machine: apt-get install shellcheck"
    done = subprocess.run([program, site.wrapper], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert stat.S_IMODE(site.wrapper.stat().st_mode) == 0o755
