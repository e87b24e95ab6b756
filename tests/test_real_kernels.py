"""Kernels that are not kernelkit's: the server's own Python, and R from the distribution."""

import json
import shutil

import pytest


def verdict(home, name):
    report = json.loads(home.kernelkit("test", name, "--json", "-").out)
    (one,) = report["verdicts"]
    return one


def status(verdict, check):
    return next(entry["status"] for entry in verdict["checks"] if entry["id"] == check)


def test_the_servers_own_python(home):
    one = verdict(home, "python3")
    assert one["passed"]
    assert status(one, "interrupt") == "passed"


@pytest.mark.skipif(shutil.which("R") is None, reason="no R here: apt-get install r-cran-irkernel")
def test_r(home):
    one = verdict(home, "ir")
    assert one["passed"]
    assert (status(one, "execute"), status(one, "shutdown")) == ("passed", "passed")
    assert status(one, "pid") == "skipped"
