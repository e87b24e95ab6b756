"""Packages of a user's own, through the command line: over any environment, from files, shared, gone with the last."""

import functools
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import time

import pytest
from wheels import fill, only, wheel

from kernelkit import packages


@pytest.fixture
def index(tmp_path, monkeypatch):
    (tmp_path / "whéels").mkdir()
    only(monkeypatch, tmp_path / "whéels")
    return fill(tmp_path / "whéels")


@pytest.fixture
def software(home):
    """An environment that exists, with a package in it that has no wheel anywhere."""
    folder = home.path / "soft ware"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "nowhere-2.5.dist-info").mkdir()
    (site / "nowhere-2.5.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: nowhere\nVersion: 2.5\n")
    (site / "nowhere.py").write_text("version = 2.5")
    return folder


def made(home, name="python"):
    """The environments that a kernel's record names."""
    document = json.loads((home.kernels / name / "kernel.json").read_text())
    return document["metadata"]["kernelkit"]["environments"]


def printed(home, name, code):
    """What the kernel's Python prints in the kernel's environment."""
    document = json.loads((home.kernels / name / "kernel.json").read_text())
    python = document["metadata"]["kernelkit"]["interpreter"]["path"]
    argv = ["/bin/bash", "-p", home.kernels / name / "setup.sh", "--kernelkit-environment", python, "-c", code]
    done = subprocess.run(argv, env=home.env, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


def nothing_was_written(home):
    store = home.kernels.parent / "kernelkit/environments"
    return not home.kernels.exists() and not list(store.glob("[!.]*"))


class TestOver:
    """``--with``."""

    def test_an_environment_keeps_what_it_has_in_sight(self, home, index, software):
        home.ok("install", "python", "--venv", software, "--with", "thing", "--with", "ipykernel")
        assert printed(home, "python", "import thing, nowhere; print(thing.version, nowhere.version)") == ["2", "2.5"]
        assert made(home)[0]["lock"] == ["ipykernel==6.99", "thing==2.0"]

    @pytest.mark.parametrize("definition", ["atlas", "lcg", "belle2"])
    def test_the_experiments_software(self, home, index, sandbox, definition):
        home.ok("install", definition, "--cvmfs", sandbox, "--with", "thing<2")
        assert printed(home, definition, "import thing; print(thing.version)") == ["1"]
        assert "1 passed" in home.ok("test", definition)

    def test_what_is_there_is_agreed_with(self, home, index, software):
        wheel(index, "needs_old", "1.0", {}, ["nowhere<3"])
        wheel(index, "needs_new", "1.0", {}, ["nowhere>=3"])
        refused = home.kernelkit("install", "python", "--venv", software, "--with", "needs-new")
        assert refused.code == 4
        assert "nowhere" in refused.err
        assert nothing_was_written(home)
        home.ok("install", "python", "--venv", software, "--with", "needs-old", "--with", "ipykernel")
        assert made(home)[0]["lock"] == ["ipykernel==6.99", "needs-old==1.0"]

    def test_pip_alone_does_it_too(self, home, index, software, monkeypatch):
        from kernelkit import environments, requirements, venvs

        monkeypatch.setattr(packages, "find_uv", lambda: None)
        pip = home.path / "store/cache" / "pip-for-python{}.{}".format(*sys.version_info)
        pip.mkdir(parents=True)
        (pip / "pip").symlink_to(os.path.dirname(pytest.importorskip("pip").__file__))
        wheel(index, "needs_old", "1.0", {}, ["nowhere<3", "thing"])
        base = venvs.over(str(software / "bin/python"), {"PATH": "/usr/bin:/bin", "HOME": str(home.path)})
        found = environments.prepare(requirements.read(["needs-old"]), base, home.path / "store", say=[].append)
        assert found.lock == ("needs-old==1.0", "thing==2.0")

    def test_no_requirement(self, home, index):
        refused = home.kernelkit("install", "python", "--with", "two words")
        assert (refused.code, nothing_was_written(home)) == (2, True)
        assert "not a requirement" in refused.err

    def test_is_asked_for_again_by_an_upgrade_which_takes_newer_releases(self, home, index):
        (index / "thing-2.0-py3-none-any.whl").rename(index / "later")
        home.ok("install", "python", "--with", "thing")
        (index / "later").rename(index / "thing-2.0-py3-none-any.whl")
        assert "unchanged" in home.ok("install", "python", "--with", "thing")
        assert "thing==1.0" in made(home)[0]["lock"]
        old = made(home)[0]["path"]
        assert "thing: 1.0 -> 2.0" in home.ok("upgrade", "python")
        assert "thing==2.0" in made(home)[0]["lock"]
        assert not os.path.exists(old)


class TestFiles:
    """``--requirements``."""

    def test_a_list_with_another_in_it(self, home, index):
        (home.path / "more.txt").write_text("thing<2\n")
        (home.path / "list.txt").write_text("# ours\n-r more.txt\n")
        home.ok("install", "python", "--requirements", "list.txt")
        first = made(home)[0]
        assert first["lock"] == ["ipykernel==6.99", "thing==1.0"]
        assert "unchanged" in home.ok("install", "python", "--requirements", "list.txt")
        (home.path / "more.txt").write_text("thing\n")
        assert "updated" in home.ok("install", "python", "--requirements", "list.txt")
        assert made(home)[0]["lock"] == ["ipykernel==6.99", "thing==2.0"]
        assert not os.path.exists(first["path"])

    def test_a_site_file_asks_for_one_and_sees_its_change(self, home, index):
        (home.path / "list.txt").write_text("thing<2\n")
        site = home.path / "site.toml"
        site.write_text(
            f'[[kernels]]\ndefinition = "python"\nrequirements = "{home.path}/list.txt"\nwith = ["thing"]\n'
        )
        home.ok("apply", site)
        assert home.kernelkit("apply", site, "--check").code == 0
        (home.path / "list.txt").write_text("thing>=2\n")
        changed = home.kernelkit("apply", site, "--check")
        assert changed.code == 1
        assert "list.txt has changed" in changed.out
        home.ok("apply", site)
        assert "thing==2.0" in made(home)[0]["lock"]

    def test_a_lock_file(self, home, index):
        (home.path / "pylock.toml").write_text(
            'lock-version = "1.0"\n[[packages]]\nname = "thing"\nversion = "1.0"\n'
            '[[packages]]\nname = "windows-only"\nversion = "3"\nmarker = "sys_platform == \'win32\'"\n'
        )
        home.ok("install", "python", "--requirements", "pylock.toml")
        assert made(home)[0]["lock"] == ["ipykernel==6.99", "thing==1.0"]

    def test_hashes_are_demanded(self, home, index):
        digest = hashlib.sha256((index / "thing-1.0-py3-none-any.whl").read_bytes()).hexdigest()
        (home.path / "list.txt").write_text(f"thing==1.0 --hash=sha256:{'0' * 64}\n")
        refused = home.kernelkit("install", "python", "--requirements", "list.txt")
        assert (refused.code, nothing_was_written(home)) == (4, True)
        assert "ash" in refused.err
        (home.path / "list.txt").write_text(f"thing==1.0 --hash=sha256:{digest}\n")
        home.ok("install", "python", "--requirements", "list.txt")
        assert made(home)[0]["lock"] == ["thing==1.0"]

    def test_one_that_cannot_be_resolved_has_the_resolvers_words(self, home, index):
        (home.path / "list.txt").write_text("thing>=2\nthing<2\n")
        refused = home.kernelkit("install", "python", "--requirements", "list.txt")
        assert refused.code == 4
        assert "thing<2" in refused.err
        assert len(refused.err.splitlines()) <= 3
        assert nothing_was_written(home)

    @pytest.mark.parametrize(
        ("name", "told"),
        [("gone.txt", "No such file"), ("uv.lock", "uv export"), ("pylock.toml", "not a valid lock file")],
    )
    def test_none(self, home, index, name, told):
        if name != "gone.txt":
            (home.path / name).write_text("packages = 3\n")
        refused = home.kernelkit("install", "python", "--requirements", name)
        assert refused.code == 2
        assert told in refused.err
        assert nothing_was_written(home)


def test_a_python_must_be_named(home):
    refused = home.kernelkit("install", "python")
    assert refused.code == 2
    assert "--requirements" in refused.err


def test_a_dry_run_makes_nothing_and_says_so(home, index):
    result = home.kernelkit("install", "python", "--with", "thing", "--dry-run")
    assert result.code == 0
    assert "an environment with thing would be made" in result.err
    assert nothing_was_written(home)


class TestShared:
    """Kernels with the same lock have one environment, and the last one takes it away."""

    def test_until_the_last_goes(self, home, index):
        home.ok("install", "python", "--with", "thing", "--name", "one")
        home.ok("install", "python", "--with", "thing>=2", "--name", "two")
        (first,), (second,) = made(home, "one"), made(home, "two")
        assert first == second
        home.ok("remove", "one")
        assert os.path.exists(first["path"])
        home.ok("remove", "two")
        assert not os.path.exists(first["path"])

    def test_not_from_under_a_kernel_that_runs(self, home, index):
        home.ok("install", "python", "--with", "thing")
        (environment,) = made(home)
        with subprocess.Popen(
            [environment["path"] + "/bin/python", "-c", "print(1, flush=True); input()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as running:  # fmt: skip
            assert running.stdout.readline() == b"1\n"
            home.ok("remove", "python")
            assert os.path.exists(environment["path"])
            running.communicate(b"\n")

    def test_not_while_a_kernel_cannot_be_read(self, home, index):
        home.ok("install", "python", "--with", "thing")
        (environment,) = made(home)
        (home.kernels / "broken").mkdir()
        (home.kernels / "broken/kernel.json").write_text("{")
        home.ok("remove", "python")
        assert os.path.exists(environment["path"])


class TestWithoutNetwork:
    """What uv has in its cache still installs."""

    @pytest.fixture
    def server(self, index, monkeypatch, tmp_path):
        """The folder of wheels as an index on loopback; it can be ended."""
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        for file in list(index.glob("*.whl")):
            name = file.name.split("-")[0]
            (index / name).mkdir(exist_ok=True)
            file.rename(index / name / file.name)
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        handler = functools.partial(Quiet, directory=str(index))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
            thread = threading.Thread(target=serving.serve_forever)
            thread.start()
            monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{serving.server_port}/")
            monkeypatch.setenv("UV_HTTP_RETRIES", "0")
            monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
            yield serving
            serving.shutdown()
            thread.join()

    def test_what_is_cached_installs_and_what_is_not_is_said(self, home, server):
        home.ok("install", "python", "--with", "thing<2")
        server.shutdown()
        server.socket.close()
        home.ok("remove", "python")
        result = home.kernelkit("install", "python", "--with", "thing < 2", "--with", "ipykernel")
        assert result.code == 0, result.err
        assert "the package index cannot be reached: trying with what is cached" in result.err
        assert "thing==1.0" in made(home)[0]["lock"]
        missing = home.kernelkit("install", "python", "--with", "thing>=2", "--name", "other")
        assert missing.code == 4
        assert "what is cached is not enough" in missing.err
        assert "index can be reached" in missing.err
        assert not (home.kernels / "other").exists()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


MAKER = (
    "import sys, kernelkit.__main__ as m; sys.argv = ['kernelkit', 'install', 'python', '--with', 'thing']; m.main()"
)


def test_progress_is_heard_while_it_lasts(home, index):
    """Each line comes when it is said, not at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", MAKER], env=home.env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as running:
        heard = [(time.monotonic(), line) for line in running.stderr]
    assert [line.split()[0] for _, line in heard if not line.startswith(" ")][:3] == [
        "Resolved",
        "making",
        "installing",
    ]
    assert heard[0][0] < heard[-1][0]
