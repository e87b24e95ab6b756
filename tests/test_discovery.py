"""What a machine has and no kernel is made of yet, each with a command that installs it; and definitions to begin with."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from kernelkit import drafting, reading


def found(home, *args, **env):
    rows = json.loads(home.ok("definitions", "--found", "--json", *args, **env))["found"]
    return {(row["kind"], row["name"]): row["argv"] for row in rows}


def venv(path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    return path


def conda(prefix):
    """A prefix as conda lays it out."""
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "bin").mkdir()
    (prefix / "bin/python").symlink_to(sys.executable)
    return prefix


class TestFound:
    def test_each_command_installs_it_and_then_it_is_found_no_more(self, home):
        """On a shell's line, as it stands there."""
        mine = venv(home.path / "my analysis/.venv")
        rows = home.ok("definitions", "--found").splitlines()
        (line,) = [row for row in rows if row.startswith(f"venv\t{mine}\t")]
        words = shlex.split(line.split("\t")[2])
        assert words[:2] == ["kernelkit", "install"]
        home.ok(*words[1:])
        assert "1 passed" in home.ok("test", "python-my-analysis")
        assert ("venv", str(mine)) not in found(home)

    def test_conda_by_its_list_and_in_its_usual_places(self, home):
        listed, usual = conda(home.path / "else where"), conda(home.path / "miniforge3/envs/ml")
        (home.path / ".conda").mkdir()
        (home.path / ".conda/environments.txt").write_text(f"{listed}\n/gone\n")
        rows = found(home)
        assert rows["conda", str(listed)][2:] == ["conda", "--conda-prefix", str(listed), "--name", "conda-else-where"]
        assert ("conda", str(usual)) in rows
        assert ("conda", "/gone") not in rows

    def test_one_that_somebody_elses_kernelspec_starts_has_a_kernel(self, home):
        mine = venv(home.path / "mine")
        assert ("venv", str(mine)) in found(home)
        spec = home.kernels / "by-hand/kernel.json"
        spec.parent.mkdir(parents=True)
        argv = [f"{mine}/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec.write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
        assert ("venv", str(mine)) not in found(home)

    def test_modules_with_a_python(self, home):
        for name in ("python/3.11", "python/3.12.lua", "gcc/12", "python-tools/1", "anaconda3"):
            file = home.path / "modules" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        rows = found(home, MODULEPATH=f"{home.path}/modules:/no/such")
        assert {name for kind, name in rows if kind == "module"} == {"python/3.11", "python/3.12", "anaconda3"}
        assert rows["module", "python/3.12"][2:] == ["modules", "--load", "python/3.12"]

    def test_releases_that_fit(self, home, sandbox):
        rows = found(home, "--cvmfs", sandbox)
        root = "6.30.02-x86_64-el9-gcc13-opt"
        assert rows["release", root][2:] == ["atlas", "--root", root, "--cvmfs", str(sandbox)]
        assert {("release", "light-2601-hyperion"), ("release", "LCG_107")} <= rows.keys()
        assert not any("aarch64" in name for _, name in rows)
        home.ok(*rows["release", root][1:])
        assert ("release", root) not in found(home, "--cvmfs", sandbox)

    def test_no_software_area_is_said_and_no_fault(self, home, tmp_path):
        result = home.kernelkit("definitions", "--found", "--cvmfs", tmp_path / "nowhere")
        assert (result.code, result.out) == (0, "")
        assert f"{tmp_path}/nowhere/atlas.cern.ch" in result.err


class TestNew:
    def test_it_installs_as_it_is(self, home):
        mine = venv(home.path / "en v")
        file = home.ok("new", "mine", VIRTUAL_ENV=str(mine)).strip()
        assert file == str(home.path / ".config/kernelkit/kernels/mine.toml")
        home.ok("install", "mine")
        assert "1 passed" in home.ok("test", "mine")

    def test_its_comments_are_keys_that_exist(self, tmp_path):
        """Taken out of their comments they make a definition, too."""
        text = drafting.text("mine", {"PATH": os.environ["PATH"]})
        keys = ("[", "help =", "releases =", "default =", "use =", "path =", "expects =")
        kept = [bare if (bare := line.removeprefix("# ")).startswith(keys) else line for line in text.splitlines()]
        file = tmp_path / "mine.toml"
        file.write_text("\n".join(line for line in kept if not line.startswith("#")))
        definition = reading.read(file)
        assert list(definition.options) == ["release"]
        assert [step.use for step in definition.steps] == ["script"]

    @pytest.mark.parametrize("environment", [
        {"VIRTUAL_ENV": "/a {{ b }} 'c' \"d\""}, {"CONDA_PREFIX": "/opt/conda/envs/x"},
        {"LOADEDMODULES": "gcc/12:python/3.11"}, {"PATH": os.environ["PATH"]},
    ], ids=lambda environment: next(iter(environment)))  # fmt: skip
    def test_any_shell_makes_one_that_can_be_read(self, tmp_path, environment):
        file = drafting.write("mine", tmp_path / "mine.toml", environment)
        assert reading.read(file).checks[0].prints == "42"

    def test_nothing_is_overwritten(self, home):
        home.ok("new", "mine", "-o", "mine.toml")
        again = home.kernelkit("new", "mine", "-o", "mine.toml")
        assert again.code == 5
        assert "exists already" in again.err
        taken = home.kernelkit("new", "atlas")
        assert taken.code == 5
        assert 'extends = "atlas"' in taken.err

    def test_a_bad_name(self, home):
        result = home.kernelkit("new", "My Kernel")
        assert result.code == 2
        assert "cannot be a definition's name" in result.err
