"""What server and job leave for each other, and the threads that look after it: faults that no batch system shows."""

import asyncio
import os
import subprocess
import time
from pathlib import Path

import pytest
from batch.running import until

from kernelkit.processes import ProcessError
from kernelkit.provisioners import settings
from kernelkit.provisioners.mailbox import Mailbox
from kernelkit.provisioners.place import PlaceError, State
from kernelkit.provisioners.slurm import PREPARE, Slurm
from kernelkit.provisioners.slurm_queue import Queue
from kernelkit.provisioners.telling import TellingKernel
from kernelkit.provisioners.tools import Tools
from kernelkit.provisioners.watch import Job, Watch

# ---- what was printed


def test_only_the_end_of_a_long_output_is_read(tmp_path):
    mailbox = Mailbox.create(tmp_path, "one")
    with (mailbox.folder / "output").open("wb") as stream:
        stream.truncate(1 << 36)  # 64 GiB, none of it on the disk
        stream.seek(0, os.SEEK_END)
        stream.write("\nthe reason \u20ac\n".encode())
    assert mailbox.output(1) == "the reason \u20ac"


def test_a_notebook_is_told_however_much_was_printed():
    why = PlaceError("the job ended", output="\ufffd" * 60_000)

    async def live():
        kernel = TellingKernel(why, {"name": "one", "language": "python", "version": "3.11"}, os.environ, "")
        try:
            offer = {"key": "k", "transport": "tcp", "signature_scheme": "hmac-sha256"}
            assert (await kernel.start(offer))["shell_port"]
        finally:
            kernel.end()

    asyncio.run(live())


# ---- folders whose server was killed


def test_a_folder_is_swept_by_the_place_that_can_cancel_its_job(tmp_path):
    long_ago = time.time() - 7200
    for name, noted in (("ours", "slurm"), ("theirs", "htcondor"), ("nobodys", "")):
        mailbox = Mailbox.create(tmp_path, name)
        if noted:
            mailbox.note_job(noted, f"{name}-7")
        os.utime(mailbox.folder / "orders", (long_ago, long_ago))
    assert Mailbox.sweep(tmp_path, 3600, "slurm") == ["ours-7"]
    assert [folder.name for folder in tmp_path.iterdir()] == ["theirs"]
    assert Mailbox.sweep(tmp_path, 3600, "htcondor") == ["theirs-7"]


# ---- what the batch system says


class Faulty:
    """A batch system of which the first answer is nothing that anybody expected."""

    name = "faulty"

    def __init__(self):
        self.asked = 0

    def states(self, jobs):
        self.asked += 1
        if self.asked == 1:
            raise KeyError("no such user")
        return dict.fromkeys(jobs, State("running", "RUNNING"))


def test_a_fault_does_not_end_the_thread_that_asks(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("kernelkit.provisioners.watch.LATEST", 0.1)
    watch, job = Watch(Faulty()), Job("1", Mailbox.create(tmp_path, "one"))
    watch.add(job, 6.0)
    watch.ask_now()
    until(lambda: job.state.kind == "running", "nobody asks any more")
    watch.forget(job)
    assert "faulty goes on after a fault" in caplog.text
    assert "no such user" in caplog.text


class Said:
    """Programs of Slurm's that say this."""

    def __init__(self, text):
        self.text = text

    def run(self, *_, timeout):
        return self.text


class Refusing:
    """A program of Slurm's that ends like this."""

    def __init__(self, code, said):
        self.error = ProcessError(["scancel"], code, said)

    def run(self, *_, timeout):
        raise self.error


@pytest.mark.parametrize(("code", "said"), [(None, ""), (1, ""), (1, "Invalid job id specified\nSocket timed out\n")])
def test_a_silent_controller_has_cancelled_nothing(code, said):
    with pytest.raises(PlaceError):
        Slurm(Refusing(code, said)).cancel(["7", "8"])


def test_a_job_that_is_gone_is_cancelled():
    Slurm(Refusing(1, "scancel: error: Kill job error on job id 7: Invalid job id specified\n")).cancel(["7"])


def test_reasons_may_hold_anything():
    state = Slurm(Said("7|PENDING|N/A|burst buffer: a|b\nand more\n")).states({"7": ""})["7"]
    assert state == State("waiting", "waiting (burst buffer: a|b)")
    queue = Queue(lambda *_: "5|short|a|b\nin two lines\n7|short|Priority\n")
    assert (queue.before("5"), queue.before("7")) == (0, 1)


@pytest.mark.parametrize(("reason", "kind"), [("TimeLimit", "ended"), ("OutOfMemory", "ended"), ("None", "running")])
def test_a_job_whose_epilog_runs_has_ended_for_its_reason(reason, kind):
    assert Slurm(Said(f"7|COMPLETING|N/A|{reason}\n")).states({"7": ""})["7"].kind == kind


def test_a_user_of_whom_the_machine_knows_nothing_hands_in_jobs_too(monkeypatch):
    """As in a container, or while the directory of users is silent."""

    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.setenv("HOME", "/home/one")
    assert Tools().environment["HOME"] == "/home/one"


# ---- the node's address

NODE = """
scontrol() { echo "NodeName=n1 NodeAddr=$KK_ADDRESS Port=6818"; }
getent() { printf '%s STREAM %s\n' "$KK_FOUND" "$2"; }
kernelkit_address=''
find() {
local one
"""


@pytest.mark.parametrize(
    ("address", "found", "expected"),
    [
        ("n1", "10.0.0.7", "10.0.0.7"),
        ("n1", "127.0.1.1", ""),  # Debian's installer, in /etc/hosts of the node itself
        ("127.0.0.1", "", "127.0.0.1"),  # what the site itself says
    ],
)
def test_the_address_of_a_node_is_one_that_others_reach(address, found, expected):
    text = f'{NODE}{PREPARE}\n}}\nfind\necho "$kernelkit_address"'
    env = {"KK_ADDRESS": address, "KK_FOUND": found, "SLURMD_NODENAME": "n1", "PATH": os.environ["PATH"]}
    done = subprocess.run(["bash", "-c", text], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


# ---- a site's settings and a user's

SITE = """[slurm]
partitions = ["short"]
limits = { cpus = 4 }
options = ["--qos=jupyter"]
encryption = "required"
defaults = { partition = "short", memory = "4G" }
"""
OWN = """[slurm]
partitions = ["gpu"]
limits = { cpus = 400 }
options = ["--constraint=avx2"]
environment = ["X509_USER_PROXY"]
encryption = "disabled"
defaults = { memory = "8G" }
grace = 30
"""


def test_a_user_adds_to_what_a_site_sets_and_takes_nothing_away(tmp_path, monkeypatch):
    (tmp_path / "kernelkit").mkdir()
    for file, text in ((tmp_path / "site.toml", SITE), (tmp_path / "kernelkit/places.toml", OWN)):
        Path(file).write_text(text)
    monkeypatch.setenv("KERNELKIT_PLACES", str(tmp_path / "site.toml"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = settings.read("slurm")
    assert (found.partitions, found.limits, found.encryption) == (("short",), {"cpus": "4"}, "required")
    assert found.options == ("--qos=jupyter", "--constraint=avx2")
    assert (found.environment, found.grace) == (("X509_USER_PROXY",), 30)
    assert found.defaults == {"partition": "short", "memory": "8G"}
    (tmp_path / "site.toml").write_text("")
    found = settings.read("slurm")
    assert (found.partitions, found.encryption) == (("gpu",), "disabled")
