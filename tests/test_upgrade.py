"""Kernels made again from what was asked for then and what there is today."""

import json
import os
import shutil
import sys

import pytest

from kernelkit.releases import ALRB


@pytest.fixture
def stack(tmp_path):
    folder = tmp_path / "stack"
    for release in ("4.1", "4.2"):
        (folder / release).mkdir(parents=True)
    definition = tmp_path / "definitions/ourstack.toml"
    definition.parent.mkdir()
    definition.write_text(
        f'display_name = "Our stack {{{{ release }}}}"\n[options.release]\ndefault = "newest"\n'
        f'releases = {{ from = "directory", path = "{folder}" }}\n[launch]\npython = "{sys.executable}"\n'
    )
    return folder


@pytest.fixture
def at(home, stack):
    class At:
        kernels = home.kernels

        def run(self, *args):
            return home.kernelkit(*args, KERNELKIT_PATH=str(stack.parent / "definitions"))

        def ok(self, *args):
            result = self.run(*args)
            assert result.code == 0, result
            return result.out

        def shown(self, name):
            return json.loads((home.kernels / name / "kernel.json").read_text())["display_name"]

    return At()


def test_a_newer_release_is_taken_and_what_was_asked_for_stays(at, stack):
    at.ok("install", "ourstack")
    at.ok("install", "ourstack", "--release", "4", "--env", "A=b c")
    at.ok("install", "ourstack", "--release", "4.1", "--name", "old")
    assert at.ok("upgrade").splitlines() == ["unchanged old", "unchanged ourstack", "unchanged ourstack-4"]
    (stack / "4.3").mkdir()
    out = at.ok("upgrade", "--dry-run")
    assert '+  "display_name": "Our stack 4.3"' in out
    assert "would upgrade ourstack-4" in out
    assert at.shown("ourstack") == "Our stack 4.2"
    at.ok("upgrade")
    assert [at.shown(name) for name in ("ourstack", "ourstack-4", "old")] == [
        "Our stack 4.3",
        "Our stack 4.3",
        "Our stack 4.1",
    ]
    assert json.loads((at.kernels / "ourstack-4/kernel.json").read_text())["env"] == {"A": "b c"}


def test_one_that_cannot_be_made_again_keeps_no_other_from_it(at, stack):
    at.ok("install", "ourstack", "--release", "4.1")
    at.ok("install", "ourstack")
    shutil.rmtree(stack / "4.1")
    (stack / "4.3").mkdir()
    result = at.run("upgrade")
    assert result.code == 4
    assert "ourstack-4.1: no release '4.1'" in result.err
    assert at.shown("ourstack") == "Our stack 4.3"
    assert at.shown("ourstack-4.1") == "Our stack 4.1"


def test_an_edited_one_and_a_foreign_one_are_left(at):
    at.ok("install", "ourstack")
    setup = at.kernels / "ourstack/setup.sh"
    setup.write_text(setup.read_text() + "# mine\n")
    result = at.run("upgrade", "ourstack")
    assert (result.code, "has been edited" in result.err) == (5, True)
    assert at.run("upgrade", "python3").code == 5
    assert at.run("upgrade", "nothing").code == 2


def test_a_moved_default_of_alrb(home, sandbox, tmp_path):
    """`recommended` moves on in the software area: the kernel follows."""
    cvmfs = tmp_path / "cvmfs"
    shutil.copytree(sandbox, cvmfs, symlinks=True)
    home.ok("install", "atlas", "--cvmfs", cvmfs)
    index = cvmfs / ALRB / os.uname().machine / "root/.alrb/mapfile.txt"
    text = index.read_text().replace("|recommended|", "|").replace("|current|", "|recommended|")
    index.write_text(text)
    assert "6.28.08" in home.ok("upgrade", "atlas")
    assert "1 passed" in home.ok("test", "atlas")
