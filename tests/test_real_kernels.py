"""Kernels that are not kernelkit's: the server's own Python, an old one, and R from the distribution."""

import json
import shutil
import subprocess

import pytest

from kernelkit.sandbox import find_python2

PYTHON2 = find_python2()
# The last ipykernel for Python 2.7 and what of its needs pip for 2.7 would choose too new.
IPYKERNEL4 = ["ipykernel==4.10.1", "ipython<6", "jupyter_client<6.2", "tornado<6", "pyzmq<20"]


def verdict(home, name, *args, **env):
    report = json.loads(home.kernelkit("test", name, "--json", "-", *args, **env).out)
    (one,) = report["verdicts"]
    return one


def statuses(verdict):
    return {check["id"]: check["status"] for check in verdict["checks"]}


def test_the_servers_own_python(home):
    one = verdict(home, "python3")
    assert one["passed"], one
    found = statuses(one)
    assert [found[name] for name in ("interrupt", "children", "restart", "parent")] == ["passed"] * 4


@pytest.mark.skipif(shutil.which("R") is None, reason="no R here: apt-get install r-cran-irkernel")
def test_r(home):
    one = verdict(home, "ir")
    assert one["passed"], one
    found = statuses(one)
    assert [found[name] for name in ("execute", "shutdown", "restart")] == ["passed"] * 3
    assert found["pid"] == "skipped"
    assert found["parent"] == "note"  # IRkernel does not look after its parent
    strict = verdict(home, "ir", "--strict")
    assert (strict["passed"], strict["cause_id"]) == (False, "outlives-server")


@pytest.mark.download
@pytest.mark.skipif(PYTHON2 is None, reason="no Python 2.7 here")
def test_python_2_with_its_last_ipykernel(home, tmp_path):
    packages = tmp_path / "packages"
    pip = [str(PYTHON2), "-m", "pip", "install", "--quiet", "--target", str(packages), *IPYKERNEL4]
    subprocess.run(pip, check=True, capture_output=True, env=home.env)
    spec = home.kernels / "python2"
    spec.mkdir(parents=True)
    argv = [str(PYTHON2), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    document = {"argv": argv, "display_name": "Python 2", "language": "python", "env": {"PYTHONPATH": str(packages)}}
    (spec / "kernel.json").write_text(json.dumps(document))
    one = verdict(home, "python2")
    assert one["passed"], one
    found = statuses(one)
    assert [found[name] for name in ("streams", "interrupt", "restart", "parent")] == ["passed"] * 4
