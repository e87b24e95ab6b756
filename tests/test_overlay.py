"""ipykernel beside a Python that has none: which packages win, what cannot break the start, how it is built."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from pythons import OTHERS

from kernelkit import bootstrap, copying, overlay, storage
from kernelkit.choice import Runtime
from kernelkit.errors import RefusedError, SoftwareError
from kernelkit.interpreter import probe

OWN = metadata.version("ipykernel")
# An index that refuses at once, for tests that need no network to prove it.
UNREACHABLE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/", "PIP_RETRIES": "0",
    "UV_HTTP_RETRIES": "0",
}  # fmt: skip


def environment(**more):
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": os.environ["HOME"], **more}


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """An experiment's Python of our own version: nothing is installed in it."""
    folder = tmp_path_factory.mktemp("software ö") / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return str(folder / "bin/python")


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("störe of mine")


@pytest.fixture
def offline(monkeypatch):
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_INDEX", "UV_FIND_LINKS", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in UNREACHABLE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def prepare(python, store, env=None, said=None):
    env = environment() if env is None else env
    return overlay.prepare(probe(python, env), env, store, say=(said if said is not None else []).append)


class Started:
    """A kernel started through the bootstrap by jupyter_client, and the values of expressions in it."""

    def __init__(self, python, made, env, folder):
        version = probe(python, env).version
        runtime = Runtime(python, version, "", str(made.path) if made else None, bool(made and made.isolated))
        self.manager = KernelManager()
        argv = [python, *bootstrap.arguments(runtime), "-f", "{connection_file}"]
        self.manager._kernel_spec = KernelSpec(argv=argv, language="python", display_name="tried")
        self.env, self.folder = env, folder

    def __enter__(self):
        self.manager.start_kernel(env=self.env, cwd=str(self.folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def run(self, code):
        told = []

        def hook(message):
            content = message["content"]
            told.append(content.get("text") or "\n".join(content.get("traceback", [])))

        reply = self.client.execute_interactive(code, output_hook=hook, timeout=60, allow_stdin=False)
        assert reply["content"]["status"] == "ok", "".join(told)
        return "".join(told)

    def value(self, expression, setup=""):
        return json.loads(self.run(f"{setup}\nimport json; print(json.dumps({expression}))"))


def distribution(folder, name, version, files):
    (folder / f"{name}-{version}.dist-info").mkdir(parents=True)
    metadata_text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (folder / f"{name}-{version}.dist-info/METADATA").write_text(metadata_text)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


class TestPlain:
    def test_is_copied_without_network_and_starts_as_ipykernel_does(self, bare, store, tmp_path, offline):
        said = []
        made = prepare(bare, store, said=said)
        assert said == [f"copying ipykernel {OWN} for Python {sys.version_info[0]}.{sys.version_info[1]}"]
        assert not made.isolated
        assert made.facts.version == OWN
        assert f"ipykernel=={OWN}" in made.requirements
        (tmp_path / "mine.py").write_text("value = 42")
        with Started(bare, made, environment(), tmp_path) as kernel:
            assert kernel.value("[sys.executable, sys.path[-1], len(sys.argv)]", "import sys") == [
                bare,
                str(made.path),
                3,
            ]
            assert kernel.value("sys.argv[:2]") == [str(made.path / "ipykernel_launcher.py"), "-f"]
            assert kernel.value("mine.value", "import mine") == 42
            assert kernel.value("os.getcwd()", "import os") == str(tmp_path)
            pool = "import multiprocessing as m; p = m.get_context('fork').Pool(1); v = p.map(abs, [-3]); p.terminate()"
            assert kernel.value("v", pool) == [3]
            (tmp_path / "script.py").write_text("import sys; print(__name__, sys.argv[1:])")
            assert kernel.run("%run script.py a b").strip() == "__main__ ['a', 'b']"
            # Other programs started from the notebook see nothing of the overlay.
            assert "No module named 'zmq'" in kernel.run(f"!'{bare}' -c 'import zmq'")

    def test_is_shared_and_not_made_again(self, bare, store):
        first = prepare(bare, store)
        before = (first.path / overlay.MARKER).stat().st_mtime_ns
        said = []
        assert prepare(bare, store, environment(ANOTHER="one"), said) == first
        assert said == []
        assert (first.path / overlay.MARKER).stat().st_mtime_ns == before

    def test_holds_byte_code_of_its_own_place(self, bare, store):
        made = prepare(bare, store)
        compiled = list(made.path.glob("ipykernel/__pycache__/kernelapp.*.pyc"))
        assert len(compiled) == 1
        assert os.fsencode(made.path / "ipykernel/kernelapp.py") in compiled[0].read_bytes()
        assert not (made.path / "bin").exists()

    @pytest.mark.parametrize("lost", ["jedi/api/refactoring/__init__.py", "kernelkit.json"])
    def test_one_that_lost_a_file_is_built_again(self, bare, store, lost):
        path = prepare(bare, store).path
        (path / lost).unlink()
        said = []
        assert prepare(bare, store, said=said).path == path
        assert len(said) == 1
        assert (path / lost).exists()

    def test_a_file_cut_short_is_built_again(self, bare, store):
        path = prepare(bare, store).path
        (path / "jedi/api/keywords.py").write_text("")
        prepare(bare, store)
        assert (path / "jedi/api/keywords.py").stat().st_size


class TestWhoWins:
    def test_the_environments_own_package(self, bare, store, tmp_path, offline):
        import comm

        files = {f"comm/{path.name}": path.read_text() for path in Path(comm.__file__).parent.glob("*.py")}
        files["comm/__init__.py"] += "\nwhose = 'environment'\n"
        folder = distribution(tmp_path / "site", "comm", "0.2.1", files)
        env = environment(PYTHONPATH=str(folder))
        made = prepare(bare, store, env)
        assert made.path != prepare(bare, store).path
        assert not made.isolated
        with Started(bare, made, env, tmp_path) as kernel:
            assert kernel.value("[comm.whose, comm.__file__]", "import comm") == [
                "environment", str(folder / "comm/__init__.py")
            ]  # fmt: skip
            assert kernel.value("m.version('comm')", "from importlib import metadata as m") == "0.2.1"

    def test_packages_no_ipykernel_goes_with_are_kept_from_the_start_alone(self, bare, store, tmp_path, offline):
        folder = distribution(tmp_path / "site", "pyzmq", "16.0", {"zmq/__init__.py": "raise OSError('old libzmq')"})
        distribution(folder, "decorator", "3.0", {"decorator.py": "whose = 'environment'"})
        (folder / "comm.py").write_text("raise RuntimeError('no metadata says I am here')")
        env = environment(PYTHONPATH=str(folder))
        said = []
        made = prepare(bare, store, env, said)
        assert made.isolated
        assert made.path == prepare(bare, store).path  # the same files serve both
        assert "do not go with any ipykernel" in said[-1]
        with Started(bare, made, env, tmp_path) as kernel:
            assert kernel.value("[sys.path[-1], sys.path.count(sys.path[-1])]", "import sys") == [str(made.path), 1]
            assert kernel.value("decorator.whose", "import decorator") == "environment"
            assert str(made.path) in kernel.value("zmq.__file__", "import zmq")

    def test_a_broken_package_without_metadata_too(self, bare, store, tmp_path, offline):
        (tmp_path / "traitlets").mkdir()
        (tmp_path / "traitlets/__init__.py").write_text("import nothing_of_that_name")
        env = environment(PYTHONPATH=str(tmp_path))
        assert prepare(bare, store, env).isolated

    def test_a_version_that_is_none_is_left_out(self, bare, tmp_path):
        env = environment(PYTHONPATH=str(distribution(tmp_path, "six", "unknown", {})))
        assert overlay.constraints(probe(bare, env)) == {}

    def test_what_a_differing_package_needs_must_be_there_too(self):
        own = copying.closure("ipykernel")
        present = {name: one.version for name, one in own.items()}
        assert copying.clash(own, {}) == ""
        assert copying.clash(own, present) == ""
        assert copying.clash(own, {**present, "debugpy": "99.0"}) == ""
        assert "without" in copying.clash(own, {"jedi": "0.99"})
        assert "needs" in copying.clash(own, {"traitlets": "4.3.3"})


SHADOWS = [
    "zmq",
    "random",
    "ipykernel_launcher",
    "runpy",
    "json",
    "ipykernel",
    "traitlets",
    "IPython",
    "os",
    "platform",
    "asyncio",
]


class TestNotebookFolder:
    @pytest.fixture
    def folder(self, tmp_path):
        for name in SHADOWS:
            (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of the notebook folder was imported')")
        (tmp_path / "sitecustomize_is_not.py").write_text("value = 1")
        return tmp_path

    def test_shadows_nothing_at_the_start(self, bare, store, folder):
        with Started(bare, prepare(bare, store), environment(), folder) as kernel:
            assert kernel.value("m.value", "import sitecustomize_is_not as m") == 1

    def test_shadows_nothing_where_ipykernel_is_the_environments_own(self, folder):
        with Started(sys.executable, None, environment(), folder) as kernel:
            assert kernel.value("1") == 1

    @pytest.mark.parametrize("entries", ["", ":", "/nowhere:", ".", "/nowhere::/no"])
    def test_an_empty_entry_of_pythonpath_means_it_too(self, bare, store, folder, entries):
        for name in (
            "os",
            "platform",
            "random",
            "runpy",
            "asyncio",
            "json",
        ):  # what Python itself then imports from there
            (folder / f"{name}.py").unlink()
        env = environment(PYTHONPATH=entries)
        with Started(bare, prepare(bare, store), env, folder) as kernel:
            plain = subprocess.run(
                [bare, "-c", "import json, sys; print(json.dumps(sys.path[1:]))"], env=env, cwd=folder,
                capture_output=True, check=True,
            )  # fmt: skip
            there = [entry for entry in kernel.value("sys.path", "import sys") if entry != ""]
            assert there[:-1] == json.loads(plain.stdout)


class TestRefusal:
    def refusal(self, python, runtime, env=None):
        argv = [python, *bootstrap.arguments(runtime), "-f", "connection.json"]
        done = subprocess.run(argv, env=env or environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 78, done
        return done.stderr.splitlines()[-1]

    def test_another_python(self, bare):
        said = self.refusal(bare, Runtime(bare, (2, 7, 18), "4.10"))
        found = "{}.{}".format(*sys.version_info)
        assert said == f"kernelkit: {bare} is Python {found}, not 2.7 as when the kernel was installed"

    def test_an_overlay_that_is_gone(self, bare, tmp_path):
        runtime = Runtime(bare, sys.version_info[:3], OWN, str(tmp_path / "gone ö"))
        assert self.refusal(bare, runtime).startswith(f"kernelkit: {tmp_path}/gone ö: ")

    def test_no_ipykernel(self, bare):
        said = self.refusal(bare, Runtime(bare, sys.version_info[:3], OWN))
        assert said.startswith(f"kernelkit: {bare} cannot import ipykernel: ModuleNotFoundError: No module")

    def test_one_that_raises_anything(self, bare, tmp_path):
        (tmp_path / "ipykernel.py").write_text("raise OSError('libzmq.so.5: cannot open')")
        said = self.refusal(bare, Runtime(bare, sys.version_info[:3], OWN), environment(PYTHONPATH=str(tmp_path)))
        assert said.endswith("cannot import ipykernel: OSError: libzmq.so.5: cannot open")

    @pytest.mark.parametrize("version", OTHERS)
    def test_in_every_python(self, version, tmp_path):
        python = OTHERS[version]
        major, minor = map(int, version.split("."))
        assert "is Python" in self.refusal(python, Runtime(python, (3, 99, 0), OWN))
        gone = Runtime(python, (major, minor, 0), OWN, str(tmp_path / "gone ö"), True)
        assert "gone ö: this overlay is gone" in self.refusal(python, gone)


BUILDER = """
import os, sys
from pathlib import Path
from kernelkit import overlay
from kernelkit.interpreter import probe
env = dict(PATH="/usr/bin:/bin", LANG="C.UTF-8", HOME=os.environ["HOME"])
made = overlay.prepare(probe(sys.argv[1], env), env, Path(sys.argv[2]), say=lambda text: print(text, file=sys.stderr))
print(made.path)
"""


def builder(bare, store, **options):
    return subprocess.Popen(
        [sys.executable, "-c", BUILDER, bare, store], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).parent.parent, start_new_session=True, **options,
    )  # fmt: skip


class TestBuilding:
    def test_three_at_once_build_one(self, bare, tmp_path):
        builders = [builder(bare, tmp_path) for _ in range(3)]
        told = [one.communicate() for one in builders]
        assert [one.returncode for one in builders] == [0, 0, 0], told
        assert len({out for out, _ in told}) == 1
        assert sum("copying" in err for _, err in told) == 1
        assert [path.name for path in (tmp_path / "overlays").iterdir() if not path.name.endswith(".lock")] == [
            Path(told[0][0].strip()).name
        ]

    def test_one_that_was_killed_is_never_used_and_swept_away(self, bare, tmp_path):
        killed = builder(bare, tmp_path)
        try:
            while not list(tmp_path.glob("overlays/.*.new-*/zmq/*.py")):
                assert killed.poll() is None, killed.communicate()
                time.sleep(0.005)
        finally:
            os.killpg(killed.pid, signal.SIGKILL)
            killed.communicate()
        assert not list(tmp_path.glob("overlays/[!.]*"))
        made = prepare(bare, tmp_path)
        assert {path for path in (tmp_path / "overlays").iterdir() if path.is_dir()} == {made.path}

    def test_everybody_may_read_it_whatever_the_umask(self, bare, tmp_path):
        made = builder(bare, tmp_path / "below", umask=0o077)
        out, err = made.communicate()
        assert made.returncode == 0, err
        path = Path(out.strip())
        for below in [path, *path.rglob("*"), path.parent, path.parent.parent]:
            wanted = 0o755 if below.is_dir() else below.stat().st_mode & 0o111 | 0o644
            assert below.stat().st_mode & 0o777 == wanted, below

    def test_a_store_that_may_not_be_written(self, bare, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(RefusedError, match="Not a directory"):
            prepare(bare, tmp_path / "file/store")

    def test_one_from_a_store_that_only_others_write(self, bare, store, monkeypatch):
        path = prepare(bare, store).path
        monkeypatch.setattr(storage, "lock", None)  # so that asking for it would fail
        assert prepare(bare, store).path == path


@pytest.mark.parametrize("version", OTHERS)
def test_without_a_network_it_says_what_was_needed(version, tmp_path, offline):
    with pytest.raises(SoftwareError) as caught:
        prepare(OTHERS[version], tmp_path)
    assert "\n" not in caught.value.problem
    assert "could not be had" in caught.value.problem
    assert "index can be reached" in caught.value.advice
    assert not list(tmp_path.glob("overlays/[!.]*"))


@pytest.mark.download
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", OTHERS)
def test_a_kernel_in_every_python(version, store, tmp_path):
    python = OTHERS[version]
    made = prepare(python, store)
    (tmp_path / "mine.py").write_text("value = 42")
    for name in ("zmq", "random", "runpy", "ipykernel_launcher"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the notebook folder')")
    with Started(python, made, environment(), tmp_path) as kernel:
        major, minor = map(int, version.split("."))
        assert kernel.value("sys.version_info[:2]", "import sys") == [major, minor]
        # IPython before 8 adds folders of its own at the very end.
        entries = [one for one in kernel.value("sys.path") if not one.endswith((".ipython", "IPython/extensions"))]
        assert entries[-1] == str(made.path)
        assert kernel.value("sys.argv[:2]") == [str(made.path / "ipykernel_launcher.py"), "-f"]
        assert kernel.value("mine.value", "import mine") == 42
        pool = "import multiprocessing as m; p = m.Pool(1); v = p.map(abs, [-3]); p.terminate()"
        assert kernel.value("v", pool) == [3]


@pytest.mark.download
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", [version for version in OTHERS if version in ("2.7", "3.8", "3.9", "3.12")])
def test_is_resolved_against_what_the_environment_has(version, store, tmp_path):
    older = {"2.7": ("traitlets", "4.3.2"), "3.8": ("tornado", "6.0.4"), "3.9": ("ipython", "7.16.1+built.here")}
    name, has = older.get(version, ("platformdirs", "4.0.0"))
    env = environment(PYTHONPATH=str(distribution(tmp_path, name, has, {})))
    plan = overlay.Plan(probe(OTHERS[version], env), env, store, {name: has}, isolated=False)
    building = tmp_path / "building"
    building.mkdir()
    overlay._install(plan, building, [].append)
    assert not list(building.glob(f"{name}-*"))
    assert list(building.glob("ipykernel-*"))
