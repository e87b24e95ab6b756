"""The shipped kernels on the sandbox: installed, launched, checked, and in the face of what vendor scripts do."""

import json
import subprocess

import pytest
from pythons import OTHERS

from kernelkit.sandbox import find_python2

INSTALLED = {
    "atlas": ["atlas"],
    "atlas-6.28": ["atlas", "--root", "6.28"],
    "atlas-analysis-analysisbase-24.2.35": ["atlas-analysis", "--release", "AnalysisBase,24.2.35"],
    "belle2": ["belle2"],
    "belle2-externals": ["belle2-externals"],
    "belle2-release-09-00-15": ["belle2", "--release", "release-09-00-15"],
    "key4hep": ["key4hep"],
    "lcg": ["lcg"],
    "lcg-lcg_107": ["lcg", "--view", "LCG_107"],
}


@pytest.fixture(scope="module")
def site(sandbox, tmp_path_factory):
    """A home with the shipped kernels that need no network, as a user installs them."""
    from conftest import Home

    home = Home(tmp_path_factory.mktemp("a user's home"))
    for args in INSTALLED.values():
        home.ok("install", *args, "--cvmfs", sandbox)
    return home


def test_each_passes_every_check(site):
    report = json.loads(site.ok("test", *INSTALLED, "--json", "-", "-j", "2"))
    assert {verdict["name"] for verdict in report["verdicts"]} == set(INSTALLED)
    for verdict in report["verdicts"]:
        # ipykernel now and then answers the request to end and does not, which is a note.
        odd = {check["id"] for check in verdict["checks"] if check["status"] not in ("passed", "skipped")}
        assert verdict["passed"] and odd <= {"shutdown"}, verdict
        phases = {phase["name"]: phase["seconds"] for phase in verdict["phases"]}
        assert 0 < phases["steps"] < phases["steps"] + phases["kernel_info"], verdict
        assert list(phases)[:5] == ["spawn", "steps", "interpreter", "kernel_info", "first reply"]


def environment(home, name, **incoming):
    """What the kernel of that name would find, given what a server has."""
    argv = ["/bin/bash", "-p", home.kernels / name / "setup.sh", "--kernelkit-environment"]
    done = subprocess.run(argv, env=home.env | incoming, capture_output=True, check=True, timeout=60)
    return dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)


def test_belle2_leaves_jupyters_configuration_alone(site):
    assert "JUPYTER_CONFIG_DIR" not in environment(site, "belle2")
    assert environment(site, "belle2", JUPYTER_CONFIG_DIR="/ours")["JUPYTER_CONFIG_DIR"] == "/ours"


def test_a_view_sets_pythonhome_and_a_servers_own_does_not_arrive(site, sandbox):
    found = environment(site, "lcg", PYTHONHOME="/server", PYTHONPATH="/server")
    assert found["PYTHONHOME"].startswith(str(sandbox))
    assert "/server" not in found["PYTHONPATH"]
    assert "PYTHONHOME" not in environment(site, "atlas", PYTHONHOME="/server")


@pytest.mark.parametrize("variant", ["", "1"])
def test_alrb_that_destroys_the_arguments_and_alrb_that_does_not(home, sandbox, variant):
    home.ok("install", "atlas", "--cvmfs", sandbox, "--env", f"ALRB_SANDBOX_NO_NESTED_SOURCE={variant}")
    assert "1 passed" in home.ok("test", "atlas")


@pytest.mark.download
@pytest.mark.skipif(find_python2() is None, reason="no Python 2.7 at hand")
def test_root_6_08_is_python_2_7(home, sandbox):
    home.ok("install", "atlas", "--root", "6.08", "--cvmfs", sandbox)
    home.ok("install", "atlas-gridscan", "--cvmfs", sandbox)
    home.ok("install", "atlas-gridscan", "--cvmfs", sandbox, "--python", find_python2(), "--name", "foreign")
    for name in ("atlas-6.08", "atlas-gridscan", "foreign"):
        record = json.loads((home.kernels / name / "kernel.json").read_text())["metadata"]["kernelkit"]
        assert record["interpreter"]["version"][:2] == [2, 7]
        assert record["ipykernel"]["version"].startswith("4.")
    assert record["interpreter"]["path"] == str(find_python2())
    assert "3 passed" in home.ok("test", "atlas-6.08", "atlas-gridscan", "foreign")


def test_a_python_that_the_software_was_not_built_for_is_refused(home, sandbox):
    release = "6.28" if find_python2() else "6.08"
    other = find_python2() or next((path for version, path in OTHERS.items()), None)
    result = home.kernelkit("install", "atlas", "--root", release, "--cvmfs", sandbox, "--python", other)
    assert result.code == 4
    assert f"{other} is Python " in result.err
    assert "and the software was built for Python " in result.err
    assert not home.kernels.exists()


def test_a_release_that_vanished_says_so_and_starts_nothing(home, sandbox, tmp_path):
    import shutil

    cvmfs = tmp_path / "cvmfs"
    shutil.copytree(sandbox, cvmfs, symlinks=True)
    home.ok("install", "belle2", "--cvmfs", cvmfs)
    for folder in cvmfs.glob("belle.cern.ch/*/releases/light-2603-ina"):
        folder.rename(folder.with_name("gone"))
    result = home.kernelkit("test", "belle2")
    assert result.code == 1
    assert "BELLE2_RELEASE is '' afterwards and not 'light-2603-ina'" in result.out.replace("\n      ", " ")


def test_a_foreign_python_is_taken_only_when_named(home, sandbox):
    """As the talk's wrapper did: the interpreter of another distribution in the experiment's environment."""
    import sys

    home.ok("install", "atlas", "--cvmfs", sandbox, "--python", sys.executable, "--name", "atlas-foreign")
    record = json.loads((home.kernels / "atlas-foreign/kernel.json").read_text())["metadata"]["kernelkit"]
    assert (record["interpreter"]["path"], record["interpreter"]["source"]) == (sys.executable, "flag")
    assert "1 passed" in home.ok("test", "atlas-foreign")
