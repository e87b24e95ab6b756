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


def test_check_says_why_and_changes_nothing(at, stack):
    at.ok("install", "ourstack", "--release", "4")
    at.ok("upgrade", "--check")
    (stack / "4.3").mkdir()
    result = at.run("upgrade", "--check")
    assert result.code == 1
    assert result.out.splitlines()[-1] == "would upgrade ourstack-4: release (4): 4.2 -> 4.3"
    assert at.shown("ourstack-4") == "Our stack 4.2"
    rows = json.loads(at.ok("upgrade", "--json"))["kernels"]
    assert [(row["name"], row["action"], row["why"]) for row in rows] == [
        ("ourstack-4", "change", "release (4): 4.2 -> 4.3")
    ]
    assert at.shown("ourstack-4") == "Our stack 4.3"


def test_the_new_one_is_launched_before_it_replaces_the_old(at, stack):
    definition = stack.parent / "definitions/ourstack.toml"
    definition.write_text(
        definition.read_text()
        + '[[checks]]\nname = "the one that works"\ncode = "print(4.2)"\nprints = "{{ release }}"\n'
    )
    at.ok("install", "ourstack", "--verify")
    (stack / "4.3").mkdir()
    result = at.run("upgrade", "--verify")
    assert (result.code, "ourstack does not work, and was not installed" in result.err) == (1, True), result
    assert at.shown("ourstack") == "Our stack 4.2"
    definition.write_text(definition.read_text().replace("print(4.2)", "print(4.3)"))
    assert "its definition or a template has changed" in at.ok("upgrade", "--verify")
    assert at.shown("ourstack") == "Our stack 4.3"


def test_what_differs_is_told_in_words():
    from kernelkit import __version__, differences

    made = {
        "version": "0.0.1", "fallback": "/old/python", "asked": {"root": "6.08"}, "definition": {"name": "a", "digest": "1"},
        "choice": {"root": {"value": "6.08.06", "asked": "6.08"}},
        "interpreter": {"path": "/p", "version": [3, 9, 1]}, "ipykernel": {"version": "6.1", "overlay": None},
    }  # fmt: skip
    new = {
        **made, "version": __version__, "fallback": "/new/python", "definition": {"name": "a", "digest": "2"},
        "choice": {"root": {"value": "6.08.07", "asked": "6.08"}}, "interpreter": {"path": "/p", "version": [3, 9, 2]},
        "ipykernel": {"version": "6.2", "overlay": "/o"},
    }  # fmt: skip
    assert differences.of_records(made, made | {"version": "0.0.1"}) == [f"kernelkit: 0.0.1 -> {__version__}"]
    assert differences.of_records(made, new) == [
        "root (6.08): 6.08.06 -> 6.08.07",
        "its definition or kernelkit's templates have changed",
        f"kernelkit: 0.0.1 -> {__version__}",
        "kernelkit's Python: /old/python -> /new/python",
        "interpreter: /p (3.9.1) -> /p (3.9.2)",
        "ipykernel: 6.1 -> 6.2 in /o",
    ]
