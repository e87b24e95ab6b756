"""Real ROOT, from PyPI: in an environment kernelkit makes, and laid out as a release of ALRB."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from kernelkit.releases import ALRB

pytestmark = [pytest.mark.large, pytest.mark.timeout(1200), pytest.mark.xdist_group("root")]

CELLS = [
    "import ROOT\nh = ROOT.TH1F('h', 'h', 10, 0, 10)\nh.Fill(2.5)\nh.Fill(3.5)\nprint(int(h.GetEntries()), h.GetMean())",
    "c = ROOT.TCanvas('c', 'c', 200, 200)\nh.Draw()\nc.Draw()",
    "%%cpp\nstd::cout << 6 * 7 << std::endl;",
    "%jsroot on\nc.Draw()",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A home with `kernelkit install root` done in it."""
    from conftest import Home

    home = Home(tmp_path_factory.mktemp("root"))
    home.ok("install", "root", timeout=1000)
    return home


def executed(home, kernel, monkeypatch):
    """The outputs of the notebook's cells, run on an installed kernel."""
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IPYTHONDIR", str(home.path / "ipython"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(home.kernels.parent))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(
        notebook, kernel_name=kernel, timeout=300, resources={"metadata": {"path": str(home.path)}}
    ).execute()
    return [cell.outputs for cell in notebook.cells]


def check_outputs(filled, drawn, compiled, interactive):
    assert "2 3.0\n" in "".join(output.text for output in filled if output.get("name") == "stdout")
    (image,) = [output.data["image/png"] for output in drawn if "image/png" in output.get("data", {})]
    assert base64.b64decode(image).startswith(b"\x89PNG")
    assert "42" in "".join(output.get("text", "") for output in compiled)
    assert any("JSROOT" in output.get("data", {}).get("text/html", "") for output in interactive)


def test_the_kernel_passes_its_tests(site):
    report = json.loads(site.ok("test", "root", "--json", "-"))
    (verdict,) = report["verdicts"]
    assert verdict["passed"]
    assert "check:ROOT fills a histogram and reads it back" in {check["id"] for check in verdict["checks"]}


def test_a_notebook_draws_compiles_and_shows(site, monkeypatch):
    check_outputs(*executed(site, "root", monkeypatch))


ROOT_CONFIG = """#!/bin/sh
case $1 in --version) echo {version} ;; --python-version) echo {python} ;; --prefix) echo {prefix} ;; esac
"""


@pytest.fixture(scope="module")
def area(site, sandbox, tmp_path_factory):
    """A copy of the sandbox whose ALRB has the real ROOT as a release of its own."""
    cvmfs = tmp_path_factory.mktemp("area") / "cvmfs"
    shutil.copytree(sandbox, cvmfs, symlinks=True)
    (environment,) = (site.kernels.parent / "kernelkit/environments").glob("python3*")
    (packages,) = environment.glob("lib/python3.*/site-packages")
    python = environment / "bin/python"
    tools = cvmfs / ALRB / os.uname().machine
    version = subprocess.run(
        [python, "-c", "import ROOT; v = ROOT.gROOT.GetVersionInt(); print('%d.%02d.%02d' % (v // 10000, v // 100 % 100, v % 100))"],
        capture_output=True, text=True, check=True,
    ).stdout.split()[-1]  # fmt: skip
    name = f"{version}-{os.uname().machine}-el9-gcc13-opt"
    release = lay_out(tools / "root", name, packages)
    donor = next(row for row in (tools / "root").glob("6.30.02-*"))
    shutil.copy2(donor / "bin/thisroot.sh", release / "bin/thisroot.sh")
    config = release / "bin/root-config"
    line = subprocess.run(
        [donor / "bin/root-config", "--python-version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    config.write_text(ROOT_CONFIG.format(version=version, python=line, prefix=release))
    config.chmod(0o755)
    index = tools / "root/.alrb/mapfile.txt"
    index.write_text(index.read_text() + f"64000|S|{name}|{name}|\n")
    return cvmfs, version


def lay_out(folder: Path, name: str, packages: Path) -> Path:
    """The wheel's content where a release has it: ROOT and its libraries below lib, ROOTSYS above."""
    release = folder / name
    (release / ".alrb").mkdir(parents=True)
    (release / ".alrb/tag").touch()
    (release / "bin").mkdir()
    (release / "lib").mkdir()
    for entry in packages.iterdir():
        if entry.name.split("-")[0].lower() in {"root", "cppyy", "numpy", "root.libs", "numpy.libs"} or entry.name in {
            "cppyy",
            "cmdLineUtils.py",
        }:
            (release / "lib" / entry.name).symlink_to(entry)
    return release


def test_it_is_chosen_as_a_release_of_alrb(area, home, monkeypatch):
    cvmfs, version = area
    minor = ".".join(version.split(".")[:2])
    home.ok("install", "atlas", "--root", minor, "--cvmfs", cvmfs)
    report = json.loads(home.ok("test", f"atlas-{minor}", "--json", "-"))
    assert report["verdicts"][0]["passed"], report
    check_outputs(*executed(home, f"atlas-{minor}", monkeypatch))


def test_roots_cpp_kernel(home):
    """ROOT's own, from the same package; metakernel, which it needs, comes along."""
    home.ok("install", "root-cpp", timeout=1000)
    report = json.loads(home.kernelkit("test", "root-cpp", "--json", "-").out)
    status = {check["id"]: check["status"] for check in report["verdicts"][0]["checks"]}
    # Its shutdown is left out: now and then this kernel does not end when it is asked to.
    assert (status["start"], status["execute"], status["pid"]) == ("passed", "passed", "skipped")
    assert status["check:C++ fills a histogram and reads it back"] == "passed"
