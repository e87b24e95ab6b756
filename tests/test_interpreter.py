"""Foreign interpreters are asked in the environment they will have, and say why when they cannot be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pythons import PYTHONS

from kernelkit.errors import SoftwareError
from kernelkit.interpreter import probe

BARE = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


@pytest.fixture
def bare(tmp_path):
    """An interpreter of our own version with nothing installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    return str(tmp_path / "bare/bin/python")


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def module(folder, name, text=""):
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


@pytest.mark.parametrize("version", PYTHONS)
def test_every_interpreter_says_what_it_is(version):
    found = probe(PYTHONS[version], BARE)
    assert "{}.{}".format(*found.version[:2]) == version
    assert found.path == PYTHONS[version]
    assert found.implementation == "CPython"
    assert found.machine == os.uname().machine
    digits = version.replace(".", "")
    assert found.abi.startswith(f"cpython-{digits}") if digits[0] == "3" else found.abi in ("cp27m", "cp27mu")
    assert Path(found.prefix, "bin").is_dir()


@pytest.mark.parametrize("version", PYTHONS)
def test_every_kind_of_distribution_is_found_and_the_first_wins(version, tmp_path):
    first, second = tmp_path / "first ö", tmp_path / "second"
    (first / "Modern_Name-1.2.3.dist-info").mkdir(parents=True)
    (first / "old_one-4.5-py2.7.egg-info").mkdir()
    (first / "a_file-0.1.egg-info").write_text("Name: a_file\n")
    (first / "in_place.egg-info").mkdir()
    (first / "in_place.egg-info/PKG-INFO").write_text("Metadata-Version: 2.1\nName: In.Place\nVersion: 9.0+local\n")
    (first / "empty.dist-info").mkdir()
    (second / "modern.name-9.9.dist-info").mkdir(parents=True)
    egg = tmp_path / "zipped-7.0-py3.6-linux-x86_64.egg"
    (egg / "EGG-INFO").mkdir(parents=True)
    found = probe(PYTHONS[version], {**BARE, "PYTHONPATH": os.pathsep.join(map(str, (first, second, egg)))})
    expected = {"modern-name": "1.2.3", "old-one": "4.5", "a-file": "0.1", "in-place": "9.0+local", "zipped": "7.0"}
    assert expected.items() <= found.distributions.items()
    assert "empty" not in found.distributions


def test_search_path_comes_last(bare, tmp_path):
    (tmp_path / "env/thing-1.dist-info").mkdir(parents=True)
    (tmp_path / "ö added/thing-2.dist-info").mkdir(parents=True)
    (tmp_path / "ö added/other-3.dist-info").mkdir(parents=True)
    environment = {**BARE, "PYTHONPATH": str(tmp_path / "env")}
    found = probe(bare, environment, search_path=[tmp_path / "ö added"]).distributions
    assert (found["thing"], found["other"]) == ("1", "3")


@pytest.mark.parametrize("version", PYTHONS)
def test_noise_of_a_sitecustomize_hides_nothing(version, tmp_path):
    text = (
        "import atexit, os, sys\n"
        "os.write(1, b'welcome\\xff {\"version\": 1} no newline')\n"
        "sys.stdout = open(os.devnull, 'w')\n"
        "atexit.register(os.write, 1, b'bye')\n"
    )
    site = module(tmp_path, "sitecustomize", text)
    assert probe(PYTHONS[version], {**BARE, "PYTHONPATH": str(site)}).version


def test_runs_in_exactly_that_environment_and_in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKED", "yes")
    monkeypatch.chdir(module(tmp_path / "here", "json", "raise SystemExit('shadowed')"))
    text = f"import os\nopen({str(tmp_path / 'seen')!r}, 'w').write(repr((sorted(os.environ), os.listdir('.'))))\n"
    site = module(tmp_path / "site", "sitecustomize", text)
    probe(sys.executable, {"ONLY": "this", "PYTHONPATH": str(site)})
    names, listing = eval((tmp_path / "seen").read_text())
    assert {"ONLY", "PYTHONPATH"} <= set(names) <= {"ONLY", "PYTHONPATH", "LC_CTYPE"}
    assert listing == []


def test_own_ipykernel_declares_itself():
    from ipykernel import __version__, kernelspec

    found = probe(sys.executable, BARE)
    spec = kernelspec.get_kernel_dict()
    assert found.ipykernel is not None and found.fault == ""
    assert found.ipykernel.version == __version__ == found.distributions["ipykernel"]
    assert found.ipykernel.supported_encryption == tuple(spec.get("metadata", {}).get("supported_encryption", ()))
    assert found.ipykernel.kernel_protocol_version == spec.get("kernel_protocol_version")


def test_encryption_declared_as_one_word(tmp_path):
    # ipykernel 7.3.0 says "curve" where 7.4.0 says ["curve"].
    package = tmp_path / "ipykernel"
    module(package, "__init__", "__version__ = '7.3.0'")
    module(package, "kernelapp")
    module(package, "kernelspec", "get_kernel_dict = lambda: {'metadata': {'supported_encryption': 'curve'}}")
    module(tmp_path, "zmq")
    facts = probe(sys.executable, {**BARE, "PYTHONPATH": str(tmp_path)}).ipykernel
    assert facts is not None
    assert (facts.supported_encryption, facts.debugger, facts.interrupt_mode) == (("curve",), False, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise ImportError('libstdc++.so.6: version `GLIBCXX_3.4.30 not found')", "GLIBCXX_3.4.30 not found"),
        ("raise OSError('bad magic')", "OSError: bad magic"),
        ("def broken(:", "SyntaxError"),
        ("import os; os.kill(os.getpid(), 11)", "signal 11"),
        ("import os; os._exit(3)", "exit code 3"),
    ],
)
def test_an_ipykernel_that_does_not_import_says_why(text, reason, tmp_path):
    environment = {**BARE, "PYTHONPATH": str(module(tmp_path, "zmq", text))}
    found = probe(sys.executable, environment)
    assert found.ipykernel is None
    assert reason in found.fault
    assert "ipykernel" in found.distributions


def test_none_at_all(bare):
    found = probe(bare, BARE)
    assert found.ipykernel is None
    assert "No module named" in found.fault


def test_a_name_is_looked_up_after_the_steps(tmp_path):
    program(tmp_path / "experiment-python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    found = probe("experiment-python", {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert found.path == str(tmp_path / "experiment-python")
    with pytest.raises(SoftwareError, match="there is no experiment-python"):
        probe("experiment-python", BARE)


class TestUnusable:
    def fault(self, path, environment=BARE, **options):
        with pytest.raises(SoftwareError) as caught:
            probe(str(path), environment, **options)
        assert str(path) in caught.value.problem
        assert "\n" not in caught.value.problem
        return caught.value

    def test_missing(self, tmp_path):
        assert "still there" in self.fault(tmp_path / "gone/python3").advice

    def test_not_executable(self, tmp_path):
        (tmp_path / "python3").write_text("#!/bin/sh\n")
        assert "Permission denied" in self.fault(tmp_path / "python3").problem

    def test_of_another_architecture(self, tmp_path):
        path = program(tmp_path / "python3", "")
        image = bytearray(Path(sys.executable).resolve().read_bytes()[:4096])
        image[18:20] = (0xF3 if image[18] != 0xF3 else 0x3E).to_bytes(2, "little")  # e_machine
        Path(path).write_bytes(image)
        fault = self.fault(path)
        assert "Exec format error" in fault.problem
        assert "architecture" in fault.advice

    def test_a_foreign_pythonhome(self, tmp_path):
        assert "PYTHONHOME" in self.fault(sys.executable, {**BARE, "PYTHONHOME": str(tmp_path)}).advice

    def test_a_newer_system(self, tmp_path):
        words = "/lib/libm.so.6: version `GLIBC_2.99' not found (required by python3)"
        fault = self.fault(program(tmp_path / "python3", f"#!/bin/sh\ncat >&2 <<'END'\n{words}\nEND\nexit 1\n"))
        assert words in fault.problem
        assert "--container" in fault.advice

    def test_silent(self, tmp_path):
        assert "exit code 7" in self.fault(program(tmp_path / "python3", "#!/bin/sh\nexit 7\n")).problem

    def test_no_python(self, tmp_path):
        assert "it printed nothing" in self.fault(program(tmp_path / "python3", "#!/bin/sh\n")).problem

    def test_hung(self, tmp_path):
        assert "within 1 s" in self.fault(program(tmp_path / "python3", "#!/bin/sh\nsleep 99\n"), timeout=1).problem
