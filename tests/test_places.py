"""What else kernels on the nodes of a real Slurm must withstand: other users, slow folders, odd kernels and servers."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
from lab import TOKEN, ask, running_lab
from test_slurm import (
    LIMIT,
    PLACES,
    closed_partition,
    interrupted,
    job_of,
    manager_of,
    run,
    running,
    until,
    until_async,
)

from kernelkit.provisioners.mailbox import Mailbox
from kernelkit.provisioners.place import PlaceError, State
from kernelkit.provisioners.places import place_of
from kernelkit.provisioners.watch import GivenUpError, Job, Watch

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("places"), pytest.mark.timeout(600)]


def settle(more):
    """Settings of the site besides those of all tests here."""
    Path(os.environ["KERNELKIT_PLACES"]).write_text(PLACES + more)


def program(folder, name, text):
    """A shell script that stands for a program of the batch system."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


# ---- another user on the node

# Run as another user, with what that user could know or guess: addresses and names, and no key but one of its own.
OTHER = """
import json, os, subprocess, sys
import zmq
from jupyter_client.session import Session
known = json.load(sys.stdin)
info = known["connection"]
session = Session(key=b"a guess")
session.msg_id  # made before this process is another user's
os.setgroups([])
os.setgid(65534)
os.setuid(65534)

def read(path):
    try:
        return os.listdir(path) if os.path.isdir(path) else open(path, "rb").read().decode(errors="replace")
    except OSError as error:
        return error.errno

def answers(keys, key):
    context = zmq.Context()
    heard = []
    session.key = key
    for name, kind in (("shell_port", zmq.DEALER), ("control_port", zmq.DEALER), ("iopub_port", zmq.SUB)):
        one = context.socket(kind)
        if keys:
            one.curve_serverkey, one.curve_publickey, one.curve_secretkey = keys
        if kind == zmq.SUB:
            one.subscribe(b"")
        one.connect(f"tcp://{info['ip']}:{info[name]}")
        heard.append((name, one))
    for name, one in heard[:2]:
        one.send_multipart(session.serialize(session.msg("kernel_info_request")))
    told = [name for name, one in heard if one.poll(2000)]
    context.destroy(linger=0)
    return told

own = zmq.curve_keypair()
theirs = [info[f"curve_{kind}key"].encode() for kind in ("public", "secret")] if "curve_publickey" in info else []
right = (theirs[0], *theirs) if theirs else ()
tried = {
    "nothing": answers((), b"a guess"), "another key pair": answers((own[0], *own), b"a guess"),
    "the right pair, another key": answers(right, b"a guess"), "all": answers(right, info["key"].encode()),
} if theirs else {"nothing": answers((), b"a guess"), "all": answers((), info["key"].encode())}
asked = [subprocess.run(argv, capture_output=True, text=True, env=known["environment"]).stdout for argv in known["commands"]]
print(json.dumps({"user": os.getuid(), "read": {path: read(path) for path in known["paths"]}, "asked": asked, "answers": tried}))
"""


def as_another_user(manager, paths, job):
    commands = [
        ["scontrol", "-dd", "show", "job", job],
        ["scontrol", "write", "batch_script", job, "-"],
        ["ps", "-ef", "ww"],
    ]
    info = {name: _text(value) for name, value in manager.get_connection_info().items()}
    known = {
        "connection": info, "paths": [str(path) for path in paths], "commands": commands,
        "environment": {"PATH": "/usr/bin:/bin", "SLURM_CONF": os.environ["SLURM_CONF"]},
    }  # fmt: skip
    argv = [sys.executable, "-W", "ignore", "-c", OTHER]
    done = subprocess.run(
        argv, input=json.dumps(known), capture_output=True, text=True, check=False, timeout=LIMIT, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


@pytest.fixture
def open_to_all(open_path, slurm):
    """The folders that hold those of kernels are open to all: what protects a kernel is its own."""
    jobs = Path(os.environ["XDG_STATE_HOME"], "kernelkit/.jobs")
    jobs.mkdir(parents=True)
    for folder in (open_path, *jobs.parents[:2], jobs):
        folder.chmod(0o755)
    slurm.temporary.chmod(0o1777)
    return jobs


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("encryption", ["auto", "disabled"])
def test_another_user_on_the_node_reads_nothing_and_gets_no_answer(slurm, open_to_all, encryption):
    settle(f'encryption = "{encryption}"\n')

    async def live():
        async with running() as (manager, client):
            await run(client, "import threading, time\ndef talk():\n    while True: print('x', flush=True); time.sleep(.2)\n"
                              "threading.Thread(target=talk, daemon=True).start()")  # fmt: skip
            (private,), mailbox = slurm.private_folders(), manager.provisioner.job.mailbox.folder
            assert {file.name for file in private.iterdir()} >= {"connection.json", "pid"}
            secret = [private, *private.iterdir(), mailbox, *mailbox.iterdir(), Path(manager.connection_file)]
            told = await asyncio.to_thread(as_another_user, manager, secret, job_of(manager))
            assert told["user"] == 65534
            assert not [path for path, read in told["read"].items() if read != errno.EACCES]
            keys = [key for key in (manager.session.key, manager.curve_secretkey) if key]
            assert not any(_text(key) in said for key in keys for said in told["asked"])
            assert job_of(manager) in told["asked"][0]
            # That who has the keys gets an answer shows that the others could have got one.
            assert set(told["answers"].pop("all")) == {"shell_port", "control_port", "iopub_port"}
            unencrypted = {"iopub_port"} if encryption == "disabled" else set()
            heard = {name: set(ports) - unencrypted for name, ports in told["answers"].items()}
            heard.pop("the right pair, another key", None)
            assert not any(heard.values()), heard
            if encryption == "auto":
                assert not set(told["answers"]["the right pair, another key"]) & {"shell_port", "control_port"}

    asyncio.run(live())


# ---- kernels that are slow to tell, and folders that are slow to read

LATE = (
    "import time; time.sleep(3); import sys; from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
)
HALF = """
import json, socket, sys, time
from ipykernel.kernelapp import launch_new_instance
file = sys.argv[2]
info = json.load(open(file))
sockets = {name: socket.socket() for name in info if name.endswith("_port")}
for one in sockets.values():
    one.bind((info["ip"], 0))
info |= {name: one.getsockname()[1] for name, one in sockets.items()}
for one in sockets.values():
    one.close()
text = json.dumps(dict(sorted(info.items(), key=lambda item: not item[0].endswith("_port"))))
with open(file, "w") as stream:
    for part in (text[: text.index('"key"') + 9], text[text.index('"key"') + 9 :]):
        stream.write(part)
        stream.flush()
        time.sleep(2)
launch_new_instance()
"""


@pytest.mark.parametrize("code", [LATE, HALF], ids=["late", "half-written"])
def test_a_connection_file_that_comes_late_or_in_two_parts_is_waited_for(slurm, code):
    async def live():
        manager = manager_of([sys.executable, "-c", code, "-f", "{connection_file}"])
        async with asyncio.timeout(LIMIT), running(manager) as (manager, client):
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")

    asyncio.run(live())


# Every file of the folder is opened, and looked at, after a while only; a library put before the C library's calls does it.
SLOW = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void slow(const char *path) {
    const char *folder = getenv("SLOW_FOLDER");
    if (path && folder && strstr(path, folder)) usleep(400000);
}
#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); slow(path); \
    return ((int (*)(const char *, int, int)) dlsym(RTLD_NEXT, #name))(path, flags, mode); }
#define OPENAT(name) int name(int at, const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); slow(path); \
    return ((int (*)(int, const char *, int, int)) dlsym(RTLD_NEXT, #name))(at, path, flags, mode); }
#define STAT(name) int name(const char *path, void *into) { slow(path); \
    return ((int (*)(const char *, void *)) dlsym(RTLD_NEXT, #name))(path, into); }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64) STAT(stat) STAT(stat64)
"""


def slowly(method):
    def slow(*args):
        threading.Event().wait(0.3)
        return method(*args)

    return slow


def test_a_folder_on_a_slow_file_system(slurm, tmp_path, monkeypatch):
    (tmp_path / "slow.c").write_text(SLOW)
    library = tmp_path / "slow.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "slow.c"], check=True)
    program(
        tmp_path / "programs", "sbatch", f'LD_PRELOAD={library} SLOW_FOLDER=kernelkit/.jobs exec /usr/bin/sbatch "$@"'
    )
    settle(f'programs = "{tmp_path / "programs"}"\n')
    for name in ("answers", "order"):
        monkeypatch.setattr(Mailbox, name, slowly(getattr(Mailbox, name)))

    async def live():
        async with running() as (manager, client):
            job = job_of(manager)
            assert await run(client, "import os; print(os.environ['SLOW_FOLDER'])") == ("ok", "kernelkit/.jobs\n")
            assert await interrupted(manager, client) == "KeyboardInterrupt"
            await manager.restart_kernel(now=True)
            await client.wait_for_ready(timeout=LIMIT)
            assert job_of(manager) == job
            await asyncio.sleep(20)  # three times as long as the job waits for a sign of life
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")

    asyncio.run(live())


@pytest.fixture
def little(tmp_path):
    """A file system of one page."""
    folder = tmp_path / "little"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "little", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("state", ["full", "read-only", "no folder"])
def test_a_folder_for_jobs_that_cannot_be_written_is_said_and_no_job_is_handed_in(slurm, little, state):
    place = little / "jobs"
    if state == "full":
        (little / "all there is").write_bytes(b"x" * 4096)
    elif state == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", little], check=True)
    else:
        place.write_text("")
    settle(f'folder = "{place}"\n')

    async def live():
        with pytest.raises(PlaceError, match=str(place)) as refused:
            await manager_of().start_kernel()
        assert "folder" in refused.value.advice

    asyncio.run(live())
    assert slurm.ask("squeue", "-h", "--states=all", "--name=kernelkit", "-o", "%A %Z").count(str(place)) == 0
    assert not place.is_dir() or not list(place.iterdir())


def test_a_sign_of_life_that_cannot_be_written_keeps_no_other_from_its_own(tmp_path):
    broken, sound = (Mailbox.create(tmp_path, name) for name in ("broken", "sound"))
    (broken.folder / "orders").unlink()
    (broken.folder / "orders").mkdir()
    watch = Watch(place_of("slurm"))
    for number, mailbox in enumerate((broken, sound)):
        job = Job(str(number), mailbox)
        watch.add(job, 0.6)
        job.state = State("ended")
    until((sound.folder / "orders").read_text, "the sound one is not told")
    before = (sound.folder / "orders").read_text()
    until(lambda: (sound.folder / "orders").read_text() != before, "the sound one is told but once")
    for job in list(watch._jobs):
        watch.forget(job)


# ---- programs


def test_a_wrapped_sbatch_on_the_users_path_is_not_used(slurm, tmp_path, monkeypatch):
    used = tmp_path / "used"
    program(tmp_path / "bin", "sbatch", f'touch "{used}"; echo noise; LD_LIBRARY_PATH=/x exec /usr/bin/sbatch "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    async def live():
        async with running() as (_, client):
            printed = await run(client, "import os; print('LD_LIBRARY_PATH' in os.environ)")
            assert printed == ("ok", "False\n")

    asyncio.run(live())
    assert not used.exists()


def test_the_programs_that_a_site_names_are_used(slurm, tmp_path):
    used = tmp_path / "used"
    for name in ("sbatch", "squeue", "scancel"):
        program(tmp_path / "site", name, f'echo {name} >>"{used}"; exec /usr/bin/{name} "$@"')
    settle(f'programs = "{tmp_path / "site"}"\n')

    async def live():
        async with running() as (manager, client):
            assert await run(client, "print(6 * 7)") == ("ok", "42\n")
            manager.provisioner.watch.ask_now()

    asyncio.run(live())
    assert set(used.read_text().split()) >= {"sbatch", "scancel"}


# ---- those who start kernels


@pytest.fixture
def installed(slurm, home, sandbox):
    """A home with a kernel for Slurm in it, and the variables that its programs need."""
    more = {name: os.environ[name] for name in ("SLURM_CONF", "KERNELKIT_PLACES", "TMPDIR")}
    home.ok("install", "belle2", "--cvmfs", sandbox, "--on", "slurm", "--partition", "short", **more)
    yield home, more
    until(lambda: not list(home.path.glob(".local/state/kernelkit/.jobs/*")), "mailboxes are left")


@pytest.fixture
def notebook(installed):
    home, _ = installed
    kernelspec = {"name": "belle2-slurm", "display_name": "Slurm: Belle II", "language": "python"}
    parameters = nbformat.v4.new_code_cell("number = 6", metadata={"tags": ["parameters"]})
    cell = nbformat.v4.new_code_cell("import os, basf2\nprint(os.environ['SLURM_JOB_PARTITION'], number * 7)")
    book = nbformat.v4.new_notebook(cells=[parameters, cell], metadata={"kernelspec": kernelspec})
    nbformat.write(book, home.path / "in.ipynb")
    return home.path / "in.ipynb"


@pytest.mark.parametrize("by", ["papermill", "nbclient"])
def test_notebooks_are_run_in_a_job(slurm, installed, notebook, by):
    home, more = installed
    out = home.path / "out.ipynb"
    argv = {
        "papermill": ["papermill", "in.ipynb", "out.ipynb", "-p", "number", "7", "--no-progress-bar"],
        "nbclient": ["nbconvert", "--execute", "--to", "notebook", "in.ipynb", "--output", "out.ipynb"],
    }[by]
    env = home.env | more | {"IPYTHONDIR": str(home.path / "ipython")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *argv], env=env, cwd=home.path, capture_output=True, text=True,
        check=False, timeout=LIMIT * 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    printed = nbformat.read(out, as_version=4).cells[-1].outputs[0]["text"]
    assert printed == ("short 49\n" if by == "papermill" else "short 42\n")


@pytest.mark.parametrize("moment", ["job", "_handing"])
def test_a_start_whose_kernel_is_cleaned_up_meanwhile_ends_and_leaves_no_job(slurm, tmp_path, moment):
    """As nbclient does when a signal ends it: nobody cancels the start."""
    program(tmp_path / "programs", "sbatch", 'sleep 1; exec /usr/bin/sbatch "$@"')
    settle(f'programs = "{tmp_path / "programs"}"\n')

    async def live():
        with closed_partition(slurm):
            manager = manager_of(partition="short")
            starting = asyncio.ensure_future(manager.start_kernel())
            await until_async(lambda: getattr(manager.provisioner, moment, None), "it is not there")
            await manager.cleanup_resources()
            with pytest.raises(GivenUpError):
                await asyncio.wait_for(starting, LIMIT)

    asyncio.run(live())


def test_a_notebook_that_is_interrupted_while_its_kernel_waits_leaves_no_job(slurm, installed, notebook):
    home, more = installed
    argv = [sys.executable, "-W", "ignore", "-m", "nbconvert", "--execute", "--to", "notebook", "in.ipynb"]
    with closed_partition(slurm):
        with subprocess.Popen(argv, env=home.env | more, cwd=home.path, stderr=subprocess.PIPE, text=True) as process:
            until(slurm.jobs, "no job is queued")
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=LIMIT)
        assert process.returncode
        assert "NoneType" not in said, said
        until(lambda: not slurm.jobs(), "the job waits on")


# ---- a Jupyter server


@pytest.fixture(params=[True, False], ids=["pending", "not pending"])
def server(request, installed):
    """The address of a server with pending kernels on or off, and whether they are."""
    home, more = installed
    (home.path / ".jupyter").mkdir()
    setting = f"c.MappingKernelManager.use_pending_kernels = {request.param}\n"
    (home.path / ".jupyter/jupyter_server_config.py").write_text(setting)
    with running_lab(home, **more) as address:
        yield address, request.param


def api(server, path="", method="GET", **body):
    answer = ask(f"{server}/api/kernels{path}", method, json.dumps(body).encode() if body else None)
    return json.loads(answer) if answer else None


def executed(server, kernel, code):
    """What a cell prints or shows, asked for as a browser does."""
    import websocket

    address = f"{server.replace('http', 'ws')}/api/kernels/{kernel}/channels?token={TOKEN}"
    talk = websocket.create_connection(address, timeout=LIMIT)
    try:
        header = {"msg_id": "one", "msg_type": "execute_request", "username": "", "session": "s", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
        talk.send(
            json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})
        )
        while True:
            told = json.loads(talk.recv())
            if told["parent_header"].get("msg_id") == "one" and told["msg_type"] in ("stream", "display_data"):
                return told["content"].get("text") or told["content"]["data"]["text/plain"]
    finally:
        talk.close()


class Ask(threading.Thread):
    """A request whose answer may take as long as the queue does; ``told`` is its status or its answer."""

    def __init__(self, server, path="", method="GET", **body):
        super().__init__(daemon=True)
        self.asked = (server, path, method, body)
        self.told = None
        self.start()

    def run(self):
        server, path, method, body = self.asked
        try:
            self.told = api(server, path, method, **body)
        except OSError as error:
            self.told = error


def test_a_server_starts_restarts_and_ends_a_kernel_that_was_queued(slurm, server):
    address, pending = server
    with closed_partition(slurm):
        start = Ask(address, method="POST", name="belle2-slurm")
        until(lambda: len(slurm.jobs()) == 1, "no job is queued")
        start.join(3)
        assert start.is_alive() is not pending
        # Other requests are answered meanwhile; a kernel that is not pending is listed once it runs.
        assert [one["execution_state"] for one in api(address)] == ["starting"] * pending
    start.join(LIMIT)
    kernel = start.told["id"]
    until(slurm.processes, "the job does not start")
    job = executed(address, kernel, "import os; print(os.environ['SLURM_JOB_ID'])")
    assert [job.strip()] == slurm.jobs()
    api(address, f"/{kernel}/restart", "POST", again="please")
    assert executed(address, kernel, "import os; print(os.environ['SLURM_JOB_ID'])") == job
    api(address, f"/{kernel}", "DELETE")
    until(lambda: api(address) == [], "the kernel is listed still")
    until(lambda: not slurm.jobs(), "the job goes on")


@pytest.mark.parametrize("server", [True], indirect=True, ids=["pending"])
def test_a_queued_kernel_that_is_deleted_ends_as_soon_as_it_has_started(slurm, server):
    address, _ = server
    with closed_partition(slurm):
        Ask(address, method="POST", name="belle2-slurm").join(LIMIT)
        until(lambda: len(slurm.jobs()) == 1, "no job is queued")
        (queued,) = api(address)
        delete = Ask(address, f"/{queued['id']}", "DELETE")
        delete.join(3)
        assert delete.is_alive(), "jupyter_client waits no longer: places.md can say so"
        assert len(slurm.jobs()) == 1
    until(lambda: api(address) == [], "the kernel lives on")
    until(lambda: not slurm.jobs(), "the job goes on")


def test_a_queued_kernel_whose_job_is_cancelled_is_told(slurm, server, home):
    address, _ = server
    with closed_partition(slurm):
        start = Ask(address, method="POST", name="belle2-slurm")
        until(lambda: len(slurm.jobs()) == 1, "no job is queued")
        slurm.ask("scancel", *slurm.jobs())
        start.join(LIMIT)
        log = home.path / "lab.log"
        until(lambda: "it was cancelled" in log.read_text(), log.read_text)
        kernel = start.told["id"]
        assert "it was cancelled" in executed(address, kernel, "1 + 1")
        api(address, f"/{kernel}", "DELETE")
        until(lambda: api(address) == [], "what tells is listed still")


def test_a_server_that_ends_while_a_kernel_is_queued_leaves_no_job(slurm, installed):
    home, more = installed
    with closed_partition(slurm), running_lab(home, **more) as address:
        Ask(address, method="POST", name="belle2-slurm")
        until(lambda: len(slurm.jobs()) == 1, "no job is queued")
    until(lambda: not slurm.jobs(), "the job goes on without its server")
