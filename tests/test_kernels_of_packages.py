"""The shipped kernels whose software comes from PyPI: installed, launched, and judged by their own checks."""

import json

import pytest


def passed_with(home, name, *checks):
    verdict = verdict_of(home, name)
    if not verdict["passed"] and "Address already in use" in json.dumps(verdict):
        verdict = verdict_of(home, name)  # another test's kernel took the port before this one bound it
    assert verdict["passed"], verdict
    status = {check["id"]: check["status"] for check in verdict["checks"]}
    assert {f"check:{check}": "passed" for check in checks}.items() <= status.items()


def verdict_of(home, name):
    result = home.kernelkit("test", name, "--timeout", "240", "--json", "-", timeout=600)
    (verdict,) = json.loads(result.out)["verdicts"]
    return verdict


ML = (
    "uproot writes a ROOT file and reads it back",
    "a histogram is filled",
    "scikit-learn separates two clouds of points",
)


@pytest.mark.download
@pytest.mark.timeout(900)
class TestOfModestSize:
    def test_bluesky_scans(self, home):
        home.ok("install", "bluesky", timeout=600)
        passed_with(home, "bluesky", "a scan of a simulated motor finds the detector's peak")

    def test_machine_learning_on_its_own(self, home):
        home.ok("install", "atlas-ml", timeout=600)
        passed_with(home, "atlas-ml", *ML)

    def test_machine_learning_over_an_atlas_release(self, home, sandbox):
        home.ok("install", "atlas-ml", "--root", "6.30", "--cvmfs", sandbox, timeout=600)
        passed_with(home, "atlas-ml-6.30", *ML)

    def test_a_requirements_file(self, home):
        (home.path / "list.txt").write_text("cowsay\n")
        home.ok("install", "python", "--requirements", "list.txt", timeout=600)
        passed_with(home, "python", "the standard library is whole")


@pytest.mark.large
@pytest.mark.xdist_group("root")  # one large installation at a time
@pytest.mark.timeout(1800)
def test_tensorflow_trains(home):
    home.ok("install", "higgs-tensorflow", timeout=1500)
    passed_with(home, "higgs-tensorflow", "a small network learns to tell a signal from a background")
