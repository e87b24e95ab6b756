"""What is built is what is meant: the wheel's exact folders, and a kernel from an installed copy."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True, capture_output=True)
    return folder


def tracked(*folders):
    done = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.split("\0") if name}


@pytest.mark.download
def test_the_wheel_holds_the_package_and_its_two_folders(built):
    (wheel,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = tracked("kernelkit") | {f"kernelkit/{name}" for name in tracked("templates", "kernels")}
    assert names == expected


@pytest.mark.download
def test_the_sdist_builds_the_same(built):
    (sdist,) = built.glob("*.tar.gz")
    names = {name.partition("/")[2] for name in tarfile.open(sdist).getnames()}
    assert tracked("kernelkit", "templates", "kernels", "tests", "docs") <= names


@pytest.mark.download
def test_an_installed_copy_finds_its_folders(built, tmp_path, home):
    (wheel,) = built.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, wheel], check=True)
    done = subprocess.run(
        [tmp_path / "venv/bin/kernelkit", "definitions"], env=home.env, capture_output=True, text=True, check=True
    )
    assert {"atlas", "belle2", "root"} <= {line.split("\t")[0] for line in done.stdout.splitlines()}
