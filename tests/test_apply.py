"""A site file: planned, done, checked, pruned; one bad kernel keeps no other from its place."""

import json
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
    assert (result.code, "two kernels would be called 'plain'" in result.err) == (3, True)
    assert not at.kernels.exists()


def test_no_file(at):
    assert at.run("apply", "/nowhere.toml").code == 3
