"""A site file: planned, done, checked, pruned; one bad kernel keeps no other from its place."""

import json
import shutil
import signal
import subprocess
import sys

import pytest


@pytest.fixture
def at(home, tmp_path):
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    (definitions / "plain.toml").write_text(
        f'display_name = "Plain {{{{ what }}}}"\n[options.what]\ndefault = "d"\n[launch]\npython = "{sys.executable}"\n'
    )

    class At:
        kernels = home.kernels
        file = tmp_path / "site.toml"
        env = home.env | {"KERNELKIT_PATH": str(definitions)}

        def write(self, *entries):
            self.file.write_text("".join(f'[[kernels]]\ndefinition = "plain"\n{entry}\n' for entry in entries))

        def run(self, *args):
            return home.kernelkit(*args, KERNELKIT_PATH=str(definitions))

        def apply(self, *args, code=0):
            result = self.run("apply", self.file, *args)
            assert result.code == code, result
            return result.out.splitlines()

    return At()


def test_a_second_run_changes_nothing(at):
    at.write("", 'what = "x"', 'what = "y"\nname = "why"\nenv = { A = "1 2" }')
    assert at.apply("--check", code=1) == ["would create plain", "would create plain-x", "would create why"]
    assert not at.kernels.exists()
    assert at.apply() == ["installed plain", "installed plain-x", "installed why"]
    assert at.apply() == at.apply("--check") == ["unchanged plain", "unchanged plain-x", "unchanged why"]
    assert json.loads((at.kernels / "why/kernel.json").read_text())["env"] == {"A": "1 2"}


def test_prune_removes_only_what_kernelkit_made(at):
    at.write("", 'what = "x"')
    at.apply()
    (at.kernels / "foreign").mkdir()
    (at.kernels / "foreign/kernel.json").write_text("{}")
    at.write("")
    assert at.apply() == ["unchanged plain"]
    assert at.apply("--prune", "--check", code=1) == ["unchanged plain", "would remove plain-x"]
    assert at.apply("--prune") == ["unchanged plain", "removed plain-x"]
    assert sorted(folder.name for folder in at.kernels.iterdir()) == ["foreign", "plain"]


def test_one_bad_kernel_does_not_stop_the_rest(at):
    at.write('python = "/nowhere/python"\nname = "bad"', "")
    result = at.run("apply", at.file)
    assert result.code == 4
    assert "kernelkit: bad: /nowhere/python" in result.err
    assert result.out == "installed plain\n"


@pytest.mark.parametrize(("text", "words"), [
    ("kernels = 3", "must be a list of tables"), ("[[kernel]]", "did you mean 'kernels'"), ("[[kernels]]", "'definition' must name"),
    ('[[kernels]]\ndefinition = "plan"', "did you mean 'plain'"), ('[[kernels]]\ndefinition = "plain"\nwat = "x"', "did you mean 'what'"),
    ('[[kernels]]\ndefinition = "plain"\nwhat = 3', "must be a string"), ('[[kernels]]\ndefinition = "plain"\nenv = "A=b"', "a table of strings"),
    ("x = ", "not valid TOML"),
])  # fmt: skip
def test_every_fault_is_told_before_anything_is_done(at, text, words):
    at.file.write_text(text)
    result = at.run("apply", at.file)
    assert (result.code, words in result.err) == (3, True), result
    assert not at.kernels.exists()


def test_the_same_kernel_twice(at):
    at.write("", "")
    result = at.run("apply", at.file)
    assert (result.code, "kernels[1] and kernels[2] would both be called 'plain'" in result.err) == (3, True)
    assert not at.kernels.exists()


def test_no_file(at):
    assert at.run("apply", "/nowhere.toml").code == 3


def test_what_an_entry_says_now_is_what_there_is(at):
    """Another value under the same name is a change; what somebody edited is not, unless it is said."""
    at.write('name = "one"\nenv = { A = "1" }')
    at.apply()
    at.write('name = "one"\nenv = { A = "2" }\nwhat = "x"')
    assert at.apply("--check", code=1) == ["would change one: env.A: 1 -> 2; what: not given -> x"]
    at.apply()
    document = json.loads((at.kernels / "one/kernel.json").read_text())
    assert (document["env"], document["display_name"]) == ({"A": "2"}, "Plain x")
    setup = at.kernels / "one/setup.sh"
    setup.write_text(setup.read_text() + "# mine\n")
    result = at.run("apply", at.file)
    assert (result.code, "has been edited (setup.sh)" in result.err) == (5, True)
    assert at.apply("--replace") == ["changed one: it has been edited (setup.sh)"]
    assert at.apply() == ["unchanged one"]


def test_a_kernel_whose_entry_cannot_be_planned_is_not_pruned(at, tmp_path):
    """A software area that does not answer today must not cost anyone a kernel."""
    stack = tmp_path / "stack"
    (stack / "4.1").mkdir(parents=True)
    definition = at.file.parent / "definitions/stack.toml"
    definition.write_text(
        f'display_name = "S"\n[options.release]\ndefault = "newest"\n'
        f'releases = {{ from = "directory", path = "{stack}" }}\n[launch]\npython = "{sys.executable}"\n'
    )
    at.file.write_text('[[kernels]]\ndefinition = "stack"\n[[kernels]]\ndefinition = "stack"\nrelease = "4"\n')
    assert at.apply() == ["installed stack", "installed stack-4"]
    shutil.rmtree(stack)
    result = at.run("apply", at.file, "--prune")
    assert (result.code, result.out) == (4, ""), result
    assert sorted(folder.name for folder in at.kernels.iterdir()) == ["stack", "stack-4"]


def test_an_interpreter_that_is_gone(at, tmp_path):
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    at.write(f'python = "{python}"')
    at.apply()
    python.unlink()
    assert at.apply("--check", code=1) == [f"would change plain: {python} is gone"]


def test_an_interrupted_run_is_completed_by_the_next(at, tmp_path):
    slow = tmp_path / "python"
    slow.write_text(f'#!/bin/bash\n[[ -e {tmp_path}/go ]] || sleep 600\nexec {sys.executable} "$@"\n')
    slow.chmod(0o755)
    at.write("", *(f'python = "{slow}"\nwhat = "x{number}"' for number in range(8)), 'what = "z"')
    process = subprocess.Popen(
        [sys.executable, "-m", "kernelkit", "apply", at.file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=at.env, cwd=tmp_path,
    )  # fmt: skip
    assert process.stdout.readline() == "installed plain\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert (process.returncode, out) == (130, ""), err
    assert [folder.name for folder in at.kernels.iterdir()] == ["plain"]
    (tmp_path / "go").touch()
    done = at.apply()
    assert done == ["unchanged plain", *(f"installed plain-x{number}" for number in range(8)), "installed plain-z"]
    assert not list(at.kernels.parent.glob(".kernelkit/*.*"))


def test_json(at):
    at.write('python = "/nowhere/python"\nname = "bad"', "")
    rows = json.loads(at.run("apply", at.file, "--json").out)
    assert rows["format"] == 1
    assert [(row["name"], row["action"]) for row in rows["kernels"]] == [("bad", "failed"), ("plain", "create")]


def test_only_what_works_is_installed_when_asked_to_verify(at):
    definition = at.file.parent / "definitions/plain.toml"
    definition.write_text(definition.read_text() + '[[checks]]\nname = "is d"\ncode = "print(1)"\nprints = "2"\n')
    at.write("")
    result = at.run("apply", at.file, "--verify")
    assert (result.code, "plain does not work, and was not installed" in result.err) == (1, True), result
    assert not (at.kernels / "plain").exists()


def test_thousands_are_planned_by_reading(at, tmp_path, monkeypatch):
    """Nothing is run for any of them: the processes started are counted."""
    from kernelkit import applying, processes, site
    from kernelkit.scopes import Scope

    monkeypatch.setenv("KERNELKIT_PATH", str(at.file.parent / "definitions"))
    at.write(*(f'what = "v{number}"' for number in range(3000)))
    ran = []
    popen = processes.subprocess.Popen
    monkeypatch.setattr(processes.subprocess, "Popen", lambda *args, **rest: ran.append(args) or popen(*args, **rest))
    steps = applying.steps(site.read(at.file), Scope("data-dir", tmp_path), replace=False, prune=True, say=print)
    assert {step.action for step in steps} == {"create"}
    assert ran == []
