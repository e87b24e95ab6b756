"""Virtual environments that kernelkit makes, and the door to uv and pip behind them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pythons import OTHERS, PYTHONS
from wheels import fill, only, wheel

from kernelkit import environments, indexes, packages, requirements, storage, venvs
from kernelkit.errors import RefusedError, SoftwareError, UsageError
from kernelkit.interpreter import probe


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """A folder of wheels: a package, and a stand-in for ipykernel with what kernelkit asks of one."""
    return fill(tmp_path_factory.mktemp("whéels"))


@pytest.fixture
def local(monkeypatch, index):
    only(monkeypatch, index)


def prepare(wanted, store, said=None, python=sys.executable):
    said = said if said is not None else []
    return environments.prepare(requirements.read(wanted), venvs.alone(python), store, say=said.append)


def test_has_what_was_asked_for_and_ipykernel_and_says_so(tmp_path, local):
    said = []
    made = prepare(["thing<2"], tmp_path / "störe", said)
    assert made.path.parent == tmp_path / "störe/environments"
    assert made.path.name.startswith("python3")
    assert made.lock == ("ipykernel==6.99", "thing==1.0")
    assert (made.path / "requirements.lock").read_text() == "ipykernel==6.99\nthing==1.0\n"
    answer = subprocess.run([made.python, "-c", "import thing; print(thing.version)"], capture_output=True, check=True)
    assert answer.stdout == b"1\n"
    assert [line for line in said if line.split()[0] in ("making", "installing")] == [
        f"making the environment {made.path.name} on Python {'.'.join(map(str, sys.version_info[:3]))}",
        "installing 2 packages",
    ]


def test_is_shared_between_those_who_ask_for_the_same(tmp_path, local):
    first = prepare(["thing", "ipykernel>6"], tmp_path)
    said = []
    assert prepare(["ipykernel >6", "thing"], tmp_path, said) == first
    assert prepare(["thing>1"], tmp_path, said) == first
    assert not [line for line in said if line.startswith(("making", "installing"))]
    assert prepare(["thing<2"], tmp_path).path != first.path


def test_one_that_lost_a_package_is_made_again(tmp_path, local):
    made = prepare(["thing"], tmp_path)
    info = next(made.path.glob("lib/python*/site-packages/thing-2.0.dist-info"))
    for path in info.iterdir():
        path.unlink()
    info.rmdir()
    said = []
    assert prepare(["thing"], tmp_path, said) == made
    assert said
    assert info.is_dir()


def test_what_somebody_adds_later_does_no_harm(tmp_path, local, index):
    made = prepare(["ipykernel"], tmp_path)
    added = next(made.path.glob("lib/python*/site-packages")) / "added-1.dist-info"
    added.mkdir()
    said = []
    assert prepare(["ipykernel"], tmp_path, said) == made
    assert said == []


def test_what_was_half_made_is_never_used_and_removed(tmp_path, local):
    path = prepare(["thing"], tmp_path).path
    (path / storage.COMPLETE).unlink()
    (path / "left").write_text("by one that was killed")
    said = []
    assert prepare(["thing"], tmp_path, said).path == path
    assert said
    assert not (path / "left").exists()


MAKER = """
import sys
from pathlib import Path
from kernelkit import environments, requirements, venvs
def say(text):
    print(text, flush=True)
environments.prepare(requirements.read(["thing"]), venvs.alone(sys.executable), Path(sys.argv[1]), say=say)
"""


def maker(store, **options):
    return subprocess.Popen(
        [sys.executable, "-c", MAKER, store], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        cwd=Path(__file__).parent.parent, start_new_session=True, **options,
    )  # fmt: skip


def test_killed_in_the_middle(tmp_path, local):
    killed = maker(tmp_path)
    try:
        while not list(tmp_path.glob("environments/python3*/pyvenv.cfg")):
            assert killed.poll() is None, killed.communicate()
            time.sleep(0.002)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
    assert not list(tmp_path.glob(f"environments/*/{storage.COMPLETE}"))
    assert prepare(["thing"], tmp_path).lock == ("ipykernel==6.99", "thing==2.0")


def test_three_at_once_make_one_that_everybody_may_read(tmp_path, local):
    makers = [maker(tmp_path, umask=0o077) for _ in range(3)]
    told = [one.communicate()[0] for one in makers]
    assert [one.returncode for one in makers] == [0, 0, 0], told
    assert sum("installing" in one for one in told) == 1
    path = next(tmp_path.glob("environments/python3*"))
    for below in [path, *path.rglob("*")]:
        if not below.is_symlink():
            assert below.stat().st_mode & 0o777 in ((0o755,) if below.is_dir() else (0o644, 0o755)), below


def test_the_callers_own_python_settings_do_not_mislead_it(tmp_path, local, monkeypatch):
    (tmp_path / "leaked").mkdir()
    (tmp_path / "leaked/zmq.py").write_text("raise ImportError('leaked')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "leaked"))
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "leaked"))
    assert "thing==2.0" in prepare(["thing"], tmp_path).lock


class TestFaults:
    def test_no_requirement(self, tmp_path):
        with pytest.raises(UsageError, match="not a requirement"):
            prepare(["two words"], tmp_path)

    def test_a_package_that_is_nowhere(self, tmp_path, local):
        with pytest.raises(SoftwareError, match="no-such-package") as caught:
            prepare(["no-such-package"], tmp_path)
        assert "\n" not in caught.value.problem
        assert not list(tmp_path.glob("environments/[!.]*"))

    def test_an_index_that_cannot_be_reached(self, tmp_path, local, monkeypatch):
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", "http://somebody:secret@127.0.0.1:9/simple")
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        with pytest.raises(SoftwareError) as caught:
            prepare(["no-such-package"], tmp_path)
        assert "index can be reached" in caught.value.advice
        assert "secret" not in str(caught.value)

    def test_an_ipykernel_that_does_not_import(self, tmp_path, monkeypatch, index):
        only(monkeypatch, tmp_path)
        wheel(tmp_path, "ipykernel", "6.99", {"ipykernel/__init__.py": "", "zmq.py": "raise OSError('bad libzmq')"})
        with pytest.raises(SoftwareError, match="bad libzmq"):
            prepare(["ipykernel"], tmp_path / "store")
        assert not list((tmp_path / "store").glob("environments/[!.]*"))

    def test_a_store_that_may_not_be_written(self, tmp_path, local):
        (tmp_path / "file").write_text("")
        with pytest.raises(RefusedError):
            prepare(["thing"], tmp_path / "file")

    @pytest.mark.parametrize("version", [version for version in OTHERS if version in ("2.7", "3.6", "3.7")])
    def test_a_python_too_old(self, version, tmp_path):
        with pytest.raises(SoftwareError, match="environments need"):
            prepare(["thing"], tmp_path, python=OTHERS[version])


@pytest.mark.parametrize("version", [version for version in OTHERS if version not in ("2.7", "3.6", "3.7")])
def test_on_other_pythons(version, tmp_path, local):
    made = prepare(["thing"], tmp_path, python=OTHERS[version])
    assert "{}.{}".format(*probe(str(made.python), {}).version) == version
    assert made.lock == ("ipykernel==6.99", "thing==2.0")


class TestDoor:
    def test_pip_alone_serves_too(self, tmp_path, monkeypatch, index):
        only(monkeypatch, index)
        monkeypatch.setattr(packages, "find_uv", lambda: None)
        store = tmp_path / "store"
        self.pip_as_fetched_before(store)
        assert prepare(["thing"], store).lock == ("ipykernel==6.99", "thing==2.0")

    @pytest.mark.parametrize("uv", [True, False])
    def test_what_the_environment_has_is_agreed_with_and_not_installed(self, tmp_path, local, index, monkeypatch, uv):
        if not uv:
            monkeypatch.setattr(packages, "find_uv", lambda: None)
            self.pip_as_fetched_before(tmp_path)
        needs = {"needs_old-1.0": "nowhere<3", "needs_new-1.0": "nowhere>=3", "needs_this-1.0": "nowhere==2.5"}
        for name, need in needs.items():
            wheel(index, *name.split("-"), {}, [need])
        python = probe(sys.executable, os.environ)

        def install(*names):
            into = tmp_path / "-".join(names)
            order = packages.Order(names, python, os.environ, into, {"nowhere": "2.5+cern", "thing": "1.0"}, ())
            packages.install(order, tmp_path, say=[].append)
            return {path.name for path in into.iterdir() if path.suffix == ".dist-info"}

        assert install("needs-old", "needs-this", "thing") == {"needs_old-1.0.dist-info", "needs_this-1.0.dist-info"}
        with pytest.raises(SoftwareError, match="nowhere"):
            install("needs-new")

    def pip_as_fetched_before(self, store):
        target = store / "cache" / "pip-for-python{}.{}".format(*sys.version_info)
        target.mkdir(parents=True)
        (target / "pip").symlink_to(Path(pytest.importorskip("pip").__file__).parent)

    def test_uv_hears_what_pip_is_configured_with(self, tmp_path, monkeypatch):
        only(monkeypatch, tmp_path)
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        (tmp_path / "pip.conf").write_text(
            "[global]\nindex-url = https://mirror.example/simple\nextra-index-url =\n  https://a.example\n  https://b.example\n"
            "find-links = /never\n[install]\ntrusted-host = mirror.example\nuser = true\n"
        )
        told = indexes.uv_environment({"HOME": str(tmp_path), "PIP_TARGET": "/never", "PATH": "/bin"})
        assert told.items() >= {
            "UV_DEFAULT_INDEX": "https://mirror.example/simple", "UV_INDEX": "https://a.example https://b.example",
            "UV_FIND_LINKS": str(tmp_path), "UV_INSECURE_HOST": "mirror.example", "PATH": "/bin",
        }.items()  # fmt: skip
        assert "PIP_TARGET" not in told
        assert indexes.pip_environment({})["PIP_USER"] == "0"

    def test_uvs_own_words_come_first(self, tmp_path, monkeypatch):
        only(monkeypatch, tmp_path)
        monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example")
        told = indexes.uv_environment({})
        assert told["UV_DEFAULT_INDEX"] == "https://own.example"
        assert "UV_NO_INDEX" not in told

    def test_the_softwares_certificates_are_not_the_callers(self, monkeypatch):
        monkeypatch.delenv("SSL_CERT_DIR", raising=False)
        monkeypatch.setenv("SSL_CERT_FILE", "/callers.pem")
        monkeypatch.setenv("https_proxy", "http://proxy.example")
        software = {
            "SSL_CERT_DIR": "/cvmfs/grid",
            "SSL_CERT_FILE": "/cvmfs/file",
            "PIP_PREFIX": "/x",
            "LD_LIBRARY_PATH": "/l",
        }
        for told in (indexes.pip_environment(software), indexes.uv_environment(software)):
            assert told["SSL_CERT_FILE"] == "/callers.pem"
            assert told["https_proxy"] == "http://proxy.example"
            assert told["LD_LIBRARY_PATH"] == "/l"
            assert not told.keys() & {"SSL_CERT_DIR", "PIP_PREFIX"}

    @pytest.mark.parametrize(
        ("output", "told"),
        [
            (
                "  \N{MULTIPLICATION SIGN} No solution found:\n  ╰─▶ Because a and\n      b clash.\n",
                "No solution found: Because a and b clash.",
            ),
            ("WARNING: x\nERROR: first\nERROR: the last of them\n", "ERROR: first ERROR: the last of them"),
            ("error: at https://me:pw@host/simple\n", "error: at https://host/simple"),
            ("only\nlast line\n\n", "last line"),
            ("", ""),
        ],
    )
    def test_last_words_in_one_line(self, output, told):
        assert packages.gist(output) == told

    @pytest.mark.download
    @pytest.mark.parametrize("version", PYTHONS)
    def test_every_python_has_a_pip_that_it_runs(self, version, tmp_path):
        major, minor = map(int, version.split("."))
        said = []
        pip = packages.fetch_pip((major, minor), tmp_path, say=said.append)
        assert packages.fetch_pip((major, minor), tmp_path, say=said.append) == pip
        assert [line.split()[0] for line in said].count("fetching") == 1
        done = subprocess.run([PYTHONS[version], pip, "--version"], capture_output=True, text=True, check=True)
        assert str(pip) in done.stdout
        assert f"python {version}" in done.stdout


@pytest.mark.download
def test_the_real_ipykernel(tmp_path):
    made = prepare(["cowsay"], tmp_path)
    found = probe(str(made.python), {})
    assert found.ipykernel is not None
    assert f"ipykernel=={found.ipykernel.version}" in made.lock
    assert (made.path / "requirements.lock").read_text().split() == sorted(made.lock)
