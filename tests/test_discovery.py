"""What a machine has and no kernel is made of yet, each with a command that installs it; and definitions to begin with."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import hanging
import pytest
from module_systems import SYSTEMS

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


TCL = "#%Module1.0\n"


def program(root, *, lua=False):
    """A modules program, as far as it is looked at: Lmod can read Lua, too."""
    for file in ("init/bash", *(["libexec/lmod"] if lua else [])):
        (root / file).parent.mkdir(parents=True)
        (root / file).touch()
    return root


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
        """What the modules program would read, and nothing that editors and packages leave beside it."""
        lmod, other = program(home.path / "lmod", lua=True), program(home.path / "modules-5")
        files = {"python/3.11": TCL, "python/3.12.lua": "", "gcc/12": TCL, "python-tools/1": TCL, "anaconda3": TCL}
        leavings = (
            "3.11~", "#3.11#", ".3.11.swp", "3.11.bak", ".version", ".modulerc", ".modulerc.lua", "3.10.rpmsave", "default",
        )  # fmt: skip
        files |= {f"python/{name}": TCL for name in leavings} | {"python/README": "Ask us", "python/3.9/": ""}
        for name, text in files.items():
            file = home.path / "files" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.mkdir() if name.endswith("/") else file.write_text(text)
        where = {"MODULEPATH": f"{home.path}/files:/no/such"}
        rows = found(home, **where, MODULESHOME=str(lmod))
        assert {name for kind, name in rows if kind == "module"} == {"python/3.11", "python/3.12", "anaconda3"}
        assert rows["module", "python/3.12"][2:] == ["modules", "--load", "python/3.12"]
        rows = found(home, **where, MODULESHOME=str(other))
        assert {name for kind, name in rows if kind == "module"} == {"python/3.11", "anaconda3"}

    @pytest.mark.parametrize("system", SYSTEMS)
    def test_the_command_of_a_module_installs_it(self, home, tmp_path, system):
        """Lmod takes only ASCII without blanks for the path of a Tcl file."""
        init = SYSTEMS[system]()
        mine = venv(home.path / "with python")
        file = tmp_path / "files/python/3.11"
        file.parent.mkdir(parents=True)
        file.write_text(f"{TCL}prepend-path PATH {{{mine}/bin}}\n")
        where = {"MODULEPATH": f"{tmp_path}/files", "MODULESHOME": str(init.parent.parent)}
        home.ok(*found(home, **where)["module", "python/3.11"][1:], **where)
        assert ("module", "python/3.11") not in found(home, **where)

    def test_one_whose_python_is_gone_is_left_out_and_said(self, home):
        """As after an upgrade of the system: its links dangle, and what they lead to could not be installed."""
        gone, old = venv(home.path / "gone"), conda(home.path / "miniforge3")
        for python in (gone / "bin").glob("python*"):
            python.unlink()
        (gone / "bin/python").symlink_to("/no/such/python")
        (old / "bin/python").unlink()
        (old / "bin/python").symlink_to("/no/such/python")
        result = home.kernelkit("definitions", "--found", "--json")
        assert not [row for row in json.loads(result.out)["found"] if row["name"] in (str(gone), str(old))]
        assert f"left out, since they have no Python that can be run: {old}, {gone}" in result.err
        assert home.kernelkit("install", "python", "--venv", gone).code == 4

    def test_each_has_a_name_of_its_own(self, home):
        """Among those found, and beside the kernels and the folders that are there."""
        places = [venv(home.path / name) for name in (".venvs/my-work", "My Work", "my work/.venv", "envs/taken")]
        (home.kernels / "python-my-work-2").mkdir(parents=True)
        by_hand = {"argv": ["/bin/true", "{connection_file}"], "display_name": "x", "language": "python"}
        (home.kernels / "Python-Taken").mkdir()
        (home.kernels / "Python-Taken/kernel.json").write_text(json.dumps(by_hand))
        rows = found(home)
        commands = [rows["venv", str(place)] for place in places]
        names = [command[command.index("--name") + 1] for command in commands]
        assert sorted(names) == ["python-my-work", "python-my-work-3", "python-my-work-4", "python-taken-2"]
        for command in commands:
            home.ok(*command[1:])

    def test_a_release_whose_usual_name_is_taken(self, home, sandbox):
        home.ok("install", "python", "--python", sys.executable, "--name", "lcg-lcg_107")
        rows = found(home, "--cvmfs", sandbox)
        assert rows["release", "LCG_107"][-2:] == ["--name", "lcg-lcg_107-2"]
        home.ok(*rows["release", "LCG_107"][1:])

    def test_one_folder_to_which_two_ways_lead_is_one(self, home):
        venv(home.path / "envs/mine")
        (home.path / "short").symlink_to(home.path / "envs/mine")
        assert len([name for kind, name in found(home) if kind == "venv"]) == 1

    @pytest.mark.parametrize("name", [b"of:two", b"no \xff letter", b"two\nlines"])
    def test_a_folder_that_no_command_can_name_is_left_out(self, home, name):
        place = Path(os.fsdecode(bytes(home.path) + b"/" + name))
        venv(home.path / "mine").rename(place)
        result = home.kernelkit("definitions", "--found", "--cvmfs", "/no/such", PYTHONIOENCODING="utf-8:strict")
        assert (result.code, result.out) == (0, "")

    @pytest.mark.timeout(600)
    def test_every_command_installs(self, home, sandbox):
        venv(home.path / "mine/.venv")
        conda(home.path / "miniforge3/envs/ml")
        rows = found(home, "--cvmfs", sandbox)
        assert {"venv", "conda", "release"} == {kind for kind, _ in rows}
        for command in rows.values():
            home.ok(*command[1:])
        assert not found(home, "--cvmfs", sandbox)

    def test_places_that_hang_are_said_in_time(self, home, tmp_path):
        """A folder of the home, one on JUPYTER_PATH and a software area; the rest is found."""
        hung, mine = home.path / "eos", venv(home.path / "mine")
        hung.mkdir()
        (home.path / ".conda").mkdir()
        (home.path / ".conda/environments.txt").write_text(f"{hung}/conda\n")
        spec = home.kernels / "elsewhere"
        home.kernels.mkdir(parents=True)
        spec.symlink_to(hung / "kernel")
        index = tmp_path / f"cvmfs/atlas.cern.ch/repo/ATLASLocalRootBase/{os.uname().machine}/root/.alrb/mapfile.txt"
        index.parent.mkdir(parents=True)
        os.mkfifo(index)
        argv = [sys.executable, "-m", "kernelkit", "definitions", "--found", "--cvmfs", str(tmp_path / "cvmfs")]
        env = home.env | {"JUPYTER_PATH": str(hung / "jupyter"), "MODULEPATH": str(hung / "modules")}
        begin = time.monotonic()
        done = subprocess.run(
            hanging.beside(hung, argv), env=env, cwd=home.path, capture_output=True, text=True, timeout=60, check=False
        )
        assert time.monotonic() - begin < 15
        assert done.returncode == 0, done.stderr
        assert [line.split("\t")[1] for line in done.stdout.splitlines()] == [str(mine)]
        silent = [
            line.partition(": did not answer within 8 s")[0]
            for line in done.stderr.splitlines()
            if "not answer" in line
        ]
        assert sorted(silent) == sorted([str(hung), str(spec), str(index)])

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

    @pytest.mark.parametrize("file", ["My File.txt", "mine", "other.toml", "Mine.toml", ".toml"])
    def test_a_file_that_could_not_be_installed(self, home, file):
        result = home.kernelkit("new", "mine", "-o", file)
        assert result.code == 2
        assert result.err.endswith("Give -o mine.toml, or another NAME.\n")
        assert not (home.path / file).exists()

    def test_into_a_folder(self, home):
        (home.path / "my drafts").mkdir()
        result = home.kernelkit("new", "mine", "-o", "my drafts/")
        assert (result.code, result.out) == (0, "my drafts/mine.toml\n")
        command = result.err.split("`")[1]
        home.ok(*shlex.split(command)[1:])
        again = home.kernelkit("new", "mine", "-o", "my drafts")
        assert (again.code, "my drafts/mine.toml exists already" in again.err) == (5, True)

    @pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX", "LOADEDMODULES"])
    def test_what_is_no_text_is_refused_and_nothing_written(self, home, variable):
        result = home.kernelkit("new", "mine", **{variable: os.fsdecode(b"/a/\xff")})
        assert (result.code, "is not UTF-8" in result.err) == (2, True)
        assert not (home.path / ".config").exists()

    def test_a_file_whose_folder_is_no_text(self, home):
        result = home.kernelkit("new", "mine", "-o", os.fsdecode(b"\xff/mine.toml"), PYTHONIOENCODING="utf-8:strict")
        assert (result.code, "is not UTF-8" in result.err) == (2, True)

    def test_a_disk_that_takes_nothing(self, home):
        """No half of a definition stays, which would be in the way of the next try."""
        script = f"ulimit -f 0; exec {shlex.quote(sys.executable)} -m kernelkit new mine"
        done = subprocess.run(
            ["bash", "-c", script], env=home.env, cwd=home.path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, "Traceback" in done.stderr) == (5, False), done.stderr
        assert not list(home.path.glob("**/*.toml"))
        home.ok("new", "mine")

    def test_a_bad_name(self, home):
        result = home.kernelkit("new", "My Kernel")
        assert result.code == 2
        assert "cannot be a definition's name" in result.err
