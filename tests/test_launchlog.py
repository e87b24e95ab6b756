"""What a start leaves on record, what `kernelkit log` says of it, and that the record never costs a launch."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from kernelkit import launchlog
from kernelkit.causes import ADVICE

SECRET = "hunter2-of-the-server"


@dataclass(frozen=True)
class Site:
    """A home with one kernel in it, called sample, of two steps; its Python is a script that says what it was given."""

    home: object
    first: Path
    python: Path

    @property
    def log(self):
        return self.home.path / ".local/state/kernelkit/sample"

    def launch(self, *, argv=("-f", "x"), limit="", **env):
        """A start whose interpreter only prints its environment."""
        wrapper = self.home.kernels / "sample/setup.sh"
        script = f'{limit}\nexec /bin/bash -p "$@"'
        return subprocess.run(
            ["/bin/bash", "-c", script, "sh", wrapper, *argv],
            env={name: value for name, value in (self.home.env | env).items() if value is not None}, cwd=self.home.path,
            capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=60, check=False,
        )  # fmt: skip

    def started(self, **options):
        done = self.launch(**options)
        assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["the kernel"]), done
        return done

    def failed(self, **options):
        done = self.launch(KERNELKIT_FALLBACK="0", **options)
        assert done.returncode == 78, done
        return done

    def launches(self, *args):
        return json.loads(self.home.ok("log", "sample", "--json", "-n", "99", *args))["launches"]


@pytest.fixture
def site(home, tmp_path):
    first, second, python = tmp_path / "first.sh", tmp_path / "second.sh", tmp_path / "python"
    first.write_text("echo from the first step\nexport A=1\n")
    second.write_text("sleep 0.2\n")
    python.write_text(f'#!/bin/sh\n[ "$PRETEND" ] || exec {sys.executable} "$@"\numask\necho the kernel\n')
    python.chmod(0o755)
    steps = "".join(f'[[steps]]\nuse = "script"\npath = "{path}"\n' for path in (first, second))
    (tmp_path / "sample.toml").write_text('display_name = "Sample"\n' + steps)
    home.ok("install", "--from", tmp_path / "sample.toml", "--python", python)
    second.write_text("export PRETEND=1\nsleep 0.2\n")
    return Site(home, first, python)


class TestRecord:
    def test_a_start_is_on_record(self, site):
        site.started()
        (launch,) = site.launches()
        assert (launch["name"], launch["result"], launch["reason"]) == ("sample", "started", "")
        assert (launch["ran"], launch["interpreter"]) == ("steps", str(site.python))
        assert "from the first step" in launch["output"]
        phases = {phase["name"]: phase["milliseconds"] for phase in launch["phases"]}
        assert list(phases) == ["step 1 of 2, script", "step 2 of 2, script", "environment", "whole launch"]
        assert phases["step 2 of 2, script"] >= 200
        assert phases["whole launch"] >= sum(list(phases.values())[:-1])

    def test_installing_is_no_start(self, site):
        assert site.launches() == []
        assert "no launch of sample is on record" in site.home.kernelkit("log", "sample").err

    def test_a_failure_names_its_step(self, site):
        site.first.write_text("echo its last words; exit 5")
        site.failed()
        (launch,) = site.launches()
        assert (launch["result"], launch["step"]) == ("failed", "1 of 2, script")
        assert launch["reason"] == "step 1 of 2, script: the steps ended early, with code 5"
        assert launch["output"][-1] == "its last words"

    def test_a_python_that_cannot_be_started_is_a_failure_on_the_same_record(self, site):
        site.python.write_text("#!/no/such/interpreter\n")
        site.failed()
        (launch,) = site.launches()
        assert launch["result"] == "failed"
        assert "could not be started" in launch["reason"]

    def test_a_failure_says_what_to_do_as_a_test_of_the_kernel_does(self, site):
        site.first.unlink()
        site.failed()
        (launch,) = site.launches()
        assert (launch["cause_id"], launch["advice"]) == ("release-gone", ADVICE["release-gone"])
        assert f"what to do:  {ADVICE['release-gone']} [release-gone]" in site.home.ok("log", "sample")

    def test_any_value_is_kept_as_it_is(self, site):
        site.first.write_text(
            "printf '%s\\n' 'result=started' '%s $(id) `id` \\ \" end'\nprintf 'a\\0b \\033[31mred\\033[0m \\377 é\\n'; exit 1"
        )
        site.failed()
        (launch,) = site.launches()
        assert launch["result"] == "failed"
        assert launch["output"][-3:] == ["result=started", '%s $(id) `id` \\ " end', "ab red \ufffd é"]

    def test_noise_is_cut_to_its_end(self, site):
        site.first.write_text(
            "for i in {1..20000}; do echo noise $i; done; head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"
        )
        site.started()
        (launch,) = site.launches()
        assert launch["output"][-2:] == ["end", "kernelkit: step 2 of 2, script"]
        assert len(launch["output"]) <= 20
        assert next(site.log.iterdir()).stat().st_size < 40_000

    def test_nothing_that_came_in_is_on_record(self, site):
        secrets = {
            "JUPYTERHUB_API_TOKEN": SECRET,
            "PATH": f"/usr/bin:/bin:/{SECRET}",
            "KRB5CCNAME": SECRET,
            "JPY_PARENT_PID": "1",
        }
        site.started(**secrets)
        site.first.write_text("env; set; exit 1")
        site.failed(**secrets)
        for file in site.log.iterdir():
            assert SECRET.encode() not in file.read_bytes()

    def test_only_the_user_can_read_it(self, site):
        site.started(limit="umask 000")
        assert stat.S_IMODE(next(site.log.iterdir()).stat().st_mode) == 0o600
        for folder in (site.log, site.log.parent, site.log.parent.parent):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_the_kernel_has_the_mask_it_would_have(self, site):
        assert site.started(limit="umask 027").stdout.splitlines()[0] == "0027"

    def test_twenty_are_kept(self, site):
        site.log.mkdir(parents=True)
        for number in range(30):
            (site.log / f"17000000000000{number:02}-1.log").touch()
        (site.log / "notes of the user.txt").touch()
        site.started()
        left = sorted(file.name for file in site.log.iterdir())
        assert left[:-2] == [f"17000000000000{number:02}-1.log" for number in range(11, 30)]
        assert left[-1] == "notes of the user.txt"
        assert len(left) == 21


class TestNeverAtThePriceOfALaunch:
    """Whatever stands where the log should go, the kernel starts, and says nothing of it."""

    def quiet(self, site, **options):
        assert site.started(**options).stderr == ""
        site.first.write_text("exit 1")
        assert site.failed(**options).stderr.splitlines()[-1].startswith("kernelkit: step 1 of 2, script: ")

    def test_without_a_home(self, site):
        self.quiet(site, HOME=None)

    def test_a_home_that_is_not_there_is_not_made(self, site, tmp_path):
        self.quiet(site, HOME=str(tmp_path / "nobody"))
        assert not (tmp_path / "nobody").exists()

    @pytest.mark.parametrize("state", ["/proc/nowhere", "/dev/null", "relative", "", "/sys", "/dev/full"])
    def test_a_state_folder_that_cannot_be(self, site, state):
        self.quiet(site, XDG_STATE_HOME=state)
        assert not (site.home.path / "relative").exists()

    def test_another_state_folder(self, site, tmp_path):
        place = tmp_path / "the state é"
        site.started(XDG_STATE_HOME=str(place))
        assert json.loads(site.home.ok("log", "sample", "--json", XDG_STATE_HOME=str(place)))["launches"]
        assert site.launches() == []

    @pytest.mark.parametrize("depth", [0, 1, 2])
    def test_a_fifo_in_place_of_a_folder(self, site, depth):
        place = [site.log, site.log.parent, site.log.parent.parent][depth]
        place.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(place)
        self.quiet(site)
        assert site.launches() == []

    def test_fifos_links_and_folders_among_the_logs(self, site):
        site.log.mkdir(parents=True)
        os.mkfifo(site.log / "9999999999999999-1.log")
        (site.log / "9999999999999998-1.log").symlink_to("/dev/zero")
        (site.log / "9999999999999997-1.log").mkdir()
        (site.log / "9999999999999996-1.log").write_bytes(b"kernelkit-launch=1\0result=torn")
        (site.log / "9999999999999995-1.log").write_bytes(os.urandom(5000))
        (site.log / "9999999999999994-1.log").write_bytes(b"kernelkit-launch=1\0pid=\xb2\0started=x\0mark=\0end\0")
        site.started()
        assert [launch["result"] for launch in site.launches()] == ["", "started"]
        site.home.ok("log", "sample")
        site.home.ok("show", "sample")

    def test_a_name_that_is_taken_is_not_written_through(self, site, tmp_path):
        """What the process would call its file is there already, and is a link, a fifo, a folder."""
        victim = tmp_path / "victim"
        victim.write_text("precious")
        site.log.mkdir(parents=True)
        wrapper = site.home.kernels / "sample/setup.sh"
        text = wrapper.read_text()
        assert text.count("kernelkit_started=$kernelkit_clock") == 1
        wrapper.write_text(text.replace("kernelkit_started=$kernelkit_clock", "kernelkit_started=1700000000000000"))
        for place in (f"ln -s '{victim}'", f"ln -s '{tmp_path / 'dangling'}'", "mkfifo", "mkdir"):
            done = subprocess.run(
                ["/bin/bash", "-pc", f'{place} "$1/1700000000000000-$$.log" && exec /bin/bash -p "$2" -f x', "sh", site.log,
                 wrapper], env=site.home.env, capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert done.stdout.endswith("the kernel\n"), done
        assert victim.read_text() == "precious"
        assert not (tmp_path / "dangling").exists()

    def test_a_folder_of_somebody_else(self, site):
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        site.log.mkdir(parents=True)
        os.chown(site.log, 12345, 12345)
        self.quiet(site)
        assert list(site.log.iterdir()) == []

    def test_a_limit_on_the_size_of_files(self, site):
        for limit in ("ulimit -S -f 0", "ulimit -S -f 0; trap '' XFSZ"):
            (site.home.path.parent / "second.sh").write_text("export PRETEND=1\n")
            site.first.write_text("")
            assert site.launch(limit=limit).returncode in (0, 78)

    def test_a_full_disk(self, site, tmp_path):
        """The file can be made and nothing be written to it: its folder lies on a file system without room."""
        if os.geteuid() != 0:
            pytest.skip("only root can mount")
        place = tmp_path / "full"
        place.mkdir()
        mount = ["unshare", "-m", "--", "/bin/sh", "-c"]
        fill = 'mount -t tmpfs -o size=16k none "$1" && mkdir -p "$1/kernelkit/sample" && head -c 16384 /dev/zero >"$1/fill" 2>/dev/null; shift; exec "$@"'
        probe = subprocess.run([*mount, fill, "sh", place, "true"], capture_output=True, check=False)
        if probe.returncode:
            pytest.skip("no mounts here")
        wrapper = site.home.kernels / "sample/setup.sh"
        done = subprocess.run(
            [*mount, fill, "sh", place, "/bin/bash", "-p", wrapper, "-f", "x"],
            env=site.home.env | {"XDG_STATE_HOME": str(place)}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.stdout.endswith("the kernel\n"), done
        assert done.stderr == ""


class TestReading:
    def test_the_last_first(self, site):
        site.started()
        site.first.write_text("exit 1")
        site.failed()
        assert [launch["result"] for launch in site.launches()] == ["failed", "started"]
        out = site.home.ok("log", "sample")
        assert "failed after" in out
        assert "started after" not in out
        assert "started after" in site.home.ok("log", "sample", "-n", "2")

    def test_show_has_the_last_three_on_a_line_each(self, site):
        for _ in range(4):
            site.started()
        lines = [line for line in site.home.ok("show", "sample").splitlines() if "launched:" in line]
        assert len(lines) == 3
        assert len(json.loads(site.home.ok("show", "sample", "--json"))["kernelspecs"][0]["launches"]) == 3

    def test_a_kernel_that_is_not_there(self, site):
        done = site.home.kernelkit("log", "sampel")
        assert (done.code, done.out) == (2, "")
        assert "did you mean 'sample'?" in done.err

    def test_a_kernel_that_was_removed_keeps_its_record(self, site):
        site.started()
        site.home.ok("remove", "sample")
        assert "started after" in site.home.ok("log", "sample")

    @pytest.mark.parametrize("name", ["../kernelkit/sample", "/etc", "..", "a/../sample"])
    def test_a_name_is_no_path(self, site, name):
        site.started()
        assert site.home.kernelkit("log", name).code == 2

    def test_times_of_any_locale_and_clock(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        folder = tmp_path / "kernelkit/k"
        folder.mkdir(parents=True)
        records = ["kernelkit-launch=1", "name=k", "pid=5", "started=1700000000000000", "ran=steps", "why=", "mark=1700000000,250000 1 of 1, env",
                   "ended=1700000001000000", "result=started", "reason=", "interpreter=/p", "output=", "end"]  # fmt: skip
        (folder / "1700000000000000-5.log").write_text("".join(record + "\0" for record in records))
        (launch,) = launchlog.launches("k", 5)
        assert launch.started == 1_700_000_000
        assert launch.phases == (("step 1 of 1, env", 0.75), ("whole launch", 1.0))
