"""Recordings behind a launch, what a credential looks like, and file systems that refuse."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from recordings import Site, quoted, rewrite, settle, state, write
from wrappers import wrapper_of

HOUR = 3600 * 1_000_000


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    for process in recorders(made):
        process.kill()


class Process:
    """What /proc says of a process; nothing once it is gone."""

    def __init__(self, folder):
        self.folder = folder

    def read(self, name):
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return b""

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(self.folder.name), signal.SIGKILL)

    @property
    def fields(self):
        """Those of stat(5) from the state on."""
        return self.read("stat").rpartition(b") ")[2].split()


def recorders(site):
    found = [Process(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    words = (os.fsencode(site.wrapper), b"--kernelkit-record")
    return [process for process in found if all(word in process.read("cmdline").split(b"\0") for word in words)]


def until(condition):
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < 100
        time.sleep(0.05)


class TestBehind:
    @pytest.fixture
    def kept(self, site):
        site.setup("export FOO=1")
        assert site.record() == "confirmed"
        (file,) = site.kept
        return file

    def test_past_half_of_its_time_it_is_recorded_anew(self, site, kept):
        runs = site.runs
        rewrite(kept, -11 * HOUR)
        site.seen(KERNELKIT_BACKGROUND="")
        assert not recorders(site)
        rewrite(kept, -2 * HOUR)
        old = kept.read_bytes()
        site.seen(KERNELKIT_BACKGROUND="")
        assert site.runs == runs
        until(lambda: not recorders(site))
        assert kept.read_bytes() != old
        assert (state(kept), site.runs) == ("confirmed", runs + 1)
        site.seen(KERNELKIT_BACKGROUND="")
        assert not recorders(site)

    def test_it_keeps_out_of_the_way_and_shows_nothing(self, site):
        site.setup("export FOO=1")
        text = 'base = ["LET_IN"]\n' + (site.folder / "sample.toml").read_text()
        wrapper_of(site.folder, text)
        settle(site.wrapper)
        planted = {"LET_IN": "planted-1", "JPY_API_TOKEN": "planted-2", "odd.name": "planted-3"}
        assert site.value("FOO", KERNELKIT_BACKGROUND="", **planted) == "1"
        found = recorders(site)
        assert found
        assert not [process for process in found if b"planted" in process.read("cmdline")]
        until(lambda: any(process.fields[16:17] == [b"19"] for process in recorders(site)))  # nice
        for process in recorders(site):
            group, session = map(int, process.fields[2:4])
            assert group != os.getpgrp()
            assert session != os.getsid(0)
            assert b"planted-2" not in process.read("environ")
            assert b"planted-3" not in process.read("environ")

    def test_it_gives_way_to_another_recorder(self, site, kept):
        rewrite(kept, -13 * HOUR)
        old, runs = kept.read_bytes(), site.runs
        (lock,) = site.cache.glob("*.lock")
        with lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            site.seen(KERNELKIT_BACKGROUND="")
            assert recorders(site)
            until(lambda: not recorders(site))
        assert (kept.read_bytes(), site.runs) == (old, runs)

    def test_of_many_one_records(self, site):
        site.setup("export FOO=1; sleep 0.2")
        argv = site.argv("--kernelkit-environment", "true")
        launched = [subprocess.Popen(argv, env=site.env(KERNELKIT_BACKGROUND=""), cwd=site.home) for _ in range(5)]
        assert [process.wait(60) for process in launched] == [0] * 5
        runs = site.runs
        until(lambda: not recorders(site))
        assert site.runs == runs + 1
        assert state(*site.kept) == "confirmed"
        late = site.run("--kernelkit-record", "behind")
        assert (late.returncode, site.runs) == (0, runs + 1)

    def test_one_that_is_ended_leaves_no_trace(self, site):
        going = site.folder / "going"
        site.setup(f"export MADE=planted; touch {quoted(str(going))}; exec sleep 100")
        argv = site.argv("--kernelkit-record")
        recorder = subprocess.Popen(argv, env=site.env(), stdout=subprocess.DEVNULL, start_new_session=True)
        until(going.exists)
        assert list((site.folder / "tmp").iterdir())
        os.killpg(recorder.pid, signal.SIGTERM)
        recorder.wait(60)
        assert not list((site.folder / "tmp").iterdir())

    def test_a_lock_that_is_a_planted_link_is_not_followed(self, site, kept):
        (lock,) = site.cache.glob("*.lock")
        target = site.folder / "target"
        target.write_text("kept")
        lock.unlink()
        lock.symlink_to(target)
        assert site.record() == "no snapshot: its folder cannot be written"
        assert target.read_text() == "kept"


CREDENTIALS = [
    "https://user:planted@host/x", "a:root://u:planted@host//", "-----BEGIN RSA PRIVATE KEY-----\nplanted", "ghp_planted" + "a1" * 16,
    "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.planted", "x glpat-planted1234567890", "AKIAPLANTED123456789",
]  # fmt: skip
INNOCENT = [
    "(serverurl=http://atlasfrontier-ai.cern.ch:8000/atlr)(proxyurl=http://ca-proxy.cern.ch:3128)(forcereload=long)",
    "http://host:8000/a:http://me@other:80/b", "/a@b:/c:d@e", "git@github.com:root-project/root", "AKIA", "ghp_", "-----BEGIN CERTIFICATE-----",
    "http://one:80|http://two:80|u@v", "root://eos.cern.ch//eos/user/a@b",
]  # fmt: skip


class TestCredentials:
    @pytest.mark.parametrize("value", CREDENTIALS)
    def test_a_value_that_looks_like_one_is_nowhere(self, site, value):
        site.setup(f"export SETTINGS={quoted(value)}")
        assert [site.value("SETTINGS") for _ in range(2)] == [value] * 2
        assert not site.kept
        assert b"the value of SETTINGS, which the steps set, looks like a credential" in site.refused[0].read_bytes()
        assert not self.holding(site, b"lanted", b"PLANTED")

    @pytest.mark.parametrize("value", INNOCENT)
    def test_one_that_does_not_is_kept(self, site, value):
        site.setup(f"export SETTINGS={quoted(value)}")
        assert site.value("SETTINGS") == value
        assert len(site.kept) == 1

    @pytest.mark.parametrize("text", ["export FOO=1", "unset http_proxy"])
    def test_nor_is_one_that_the_definition_lets_in(self, site, text):
        site.setup(text)
        wrapper_of(site.folder, 'base = ["http_proxy"]\n' + (site.folder / "sample.toml").read_text())
        settle(site.wrapper)
        site.seen(http_proxy="http://u:planted@proxy:3128")
        assert site.why().startswith("there was no snapshot")
        assert not site.kept
        assert not self.holding(site, b"planted")
        site.seen(http_proxy="http://proxy:3128")
        assert len(site.kept) == 1

    def holding(self, site, *texts):
        files = [path for path in site.home.rglob("*") if path.is_file()]
        return [path for path in files if any(text in path.read_bytes() for text in texts)]


def mounts():
    """How a command gets mounts of its own; nothing where this machine forbids it."""
    for argv in (["unshare", "-m"], ["unshare", "-rm"]):
        tried = [*argv, "mount", "-t", "tmpfs", "none", "/mnt"]
        if shutil.which("unshare") and subprocess.run(tried, capture_output=True, check=False).returncode == 0:
            return argv
    return []


def after(script):
    """Words before a command: it runs where ``script`` has changed what is mounted."""
    return [*mounts(), "/bin/sh", "-ec", f'{script}\nexec "$@"', "-"]


NO_MOUNTS = pytest.mark.skipif(not mounts(), reason="this machine forbids mounts")


class TestFileSystems:
    @NO_MOUNTS
    def test_a_home_that_is_read_only(self, site):
        site.setup("export FOO=1")
        frozen = after('mount --bind "$HOME" "$HOME"; mount -o remount,bind,ro "$HOME"; ! touch "$HOME/x" 2>/dev/null')
        assert site.seen(prefix=frozen)[0]["FOO"] == "1"
        assert site.runs == 1
        done = site.run("--kernelkit-record", prefix=frozen)
        assert done.stdout == b"no snapshot: its folder cannot be made or is not ours alone\n"
        assert site.value("FOO") == "1"
        runs = site.runs
        assert (site.seen(prefix=frozen)[0]["FOO"], site.runs) == ("1", runs)
        assert len(site.kept) == 1

    @NO_MOUNTS
    @pytest.mark.parametrize("room", [0, 4096, 8192])
    def test_a_disk_that_is_full(self, site, room):
        """What was half written is gone; after the launch there is as much room as before."""
        site.setup("export FOO=1 BIG=" + "x" * 20_000)
        full = after(
            'mount -t tmpfs -o size=256k none "$HOME"; mkdir -p "$HOME/.cache/kernelkit/snapshots/sample"\n'
            f'chmod -R 700 "$HOME/.cache"; head -c {room} /dev/zero >"$HOME/room"\n'
            'cat /dev/zero >"$HOME/fill" 2>/dev/null || :; rm "$HOME/room"'
        )
        look = '"$@"; status=$?; find "$HOME/.cache" -type f; exit $status'
        again = ("/bin/sh", "-c", look, "-")
        done = site.run("--kernelkit-environment", "printenv", "FOO", prefix=[*full, *again])
        assert (done.returncode, done.stdout) == (0, b"1\n"), done.stderr
        assert site.runs == 1

    @NO_MOUNTS
    def test_a_trace_that_is_cut_short_is_no_list_of_what_was_read(self, site):
        site.setup("export FOO=1\n" + ": more to trace\n" * 2000)
        full = after(f"mount -t tmpfs -o size=32k none {quoted(str(site.folder / 'tmp'))}")
        assert site.seen(prefix=full)[0]["FOO"] == "1"
        done = site.run("--kernelkit-record", prefix=full)
        assert done.stdout == b"no snapshot: not all that the steps read is known; is the disk full?\n", done
        assert not site.kept
        runs = site.runs
        assert (site.value("FOO"), site.value("FOO"), site.runs) == ("1", "1", runs + 1)

    @pytest.mark.skipif(not shutil.which("strace"), reason="strace makes system calls fail")
    @pytest.mark.parametrize("error", ["ESTALE", "EIO", "EACCES"])
    def test_names_that_cannot_be_changed(self, site, error):
        """A draft is renamed over the snapshot; where a network's file system refuses that, nothing is left of it."""
        calls = "rename,renameat,renameat2"
        failing = (
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            f"trace={calls}",
            "-e",
            f"inject={calls}:error={error}",
        )
        if subprocess.run([*failing, "true"], capture_output=True, check=False).returncode:
            pytest.skip("strace is not allowed here")
        site.setup("export FOO=1")
        done = site.run("--kernelkit-environment", "printenv", "FOO", prefix=failing)
        assert (done.returncode, done.stdout, site.runs) == (0, b"1\n", 1), done.stderr
        assert not list(site.cache.iterdir())
        assert (site.value("FOO"), site.value("FOO"), site.runs) == ("1", "1", 2)
        write(site.script, f"export FOO=2\necho run >>{quoted(str(site.folder / 'runs'))}\n")
        done = site.run("--kernelkit-environment", "printenv", "FOO", prefix=failing)
        assert (done.returncode, done.stdout) == (0, b"2\n"), done.stderr
        assert site.value("FOO") == "2"
