"""The command line as a user meets it: what works, and what a mistake gets."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

ATLAS_608 = "6.08.06-HiggsComb-x86_64-slc6-gcc49-opt"


@pytest.fixture
def at(home, sandbox):
    """The command line with the sandbox as its CVMFS."""

    class At:
        kernels = home.kernels

        def kernelkit(self, *args, **env):
            return home.kernelkit(*args, **({"KERNELKIT_CVMFS": str(sandbox)} | env))

        def ok(self, *args, **env):
            result = self.kernelkit(*args, **env)
            assert result.code == 0, result
            return result.out

        def fails(self, code, *args, **env):
            result = self.kernelkit(*args, **env)
            assert (result.code, result.out) == (code, ""), result
            lines = result.err.strip().splitlines()
            assert 0 < len(lines) <= 12, result.err
            return result.err

    return At()


class TestInstall:
    def test_a_prefix_resolves_and_the_kernel_is_whole(self, at):
        at.ok("install", "belle2", "--release", "light-2603")
        spec = at.kernels / "belle2-light-2603"
        assert sorted(file.name for file in spec.iterdir()) == [
            "kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg", "setup.sh",
        ]  # fmt: skip
        document = json.loads((spec / "kernel.json").read_text())
        assert document["display_name"] == "Belle II (basf2 light-2603-ina)"
        assert document["argv"] == ["/bin/bash", "-p", "{resource_dir}/setup.sh", "-f", "{connection_file}"]
        assert document["metadata"]["kernelkit"]["choice"]["release"] == {
            "value": "light-2603-ina", "asked": "light-2603", "source": "flag",
            "note": document["metadata"]["kernelkit"]["choice"]["release"]["note"],
        }  # fmt: skip
        assert set(document) <= {
            "argv",
            "display_name",
            "language",
            "metadata",
            "interrupt_mode",
            "kernel_protocol_version",
        }

    def test_the_same_twice_changes_nothing(self, at):
        at.ok("install", "belle2")
        before = (at.kernels / "belle2/kernel.json").stat()
        assert at.ok("install", "belle2").startswith("unchanged belle2")
        after = (at.kernels / "belle2/kernel.json").stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    @pytest.mark.parametrize("args", [
        ("install", "belle2", "--release", "light-2603"), ("install", "--release", "light-2603", "belle2"),
        ("install", "--release=light-2603", "--user", "belle2"), ("install", "--name", "belle2", "belle2", "--release", "light-2603"),
    ])  # fmt: skip
    def test_options_stand_before_or_after_the_name(self, at, args):
        assert "light-2603-ina" in at.ok(*args)

    def test_help_shows_the_definitions_options_with_the_releases_found_here(self, at):
        text = at.ok("install", "atlas", "--help")
        assert "--root ROOT" in text
        assert "6.30.02" in text
        assert "--root" not in at.ok("install", "--help")

    def test_dry_run_writes_nothing(self, at):
        out = at.ok("install", "belle2", "--dry-run")
        assert out.startswith("would create: ")
        assert '+  "display_name": "Belle II (basf2 light-2603-ina)"' in out
        assert not at.kernels.exists()

    def test_dry_run_builds_nothing_beside_it(self, at):
        result = at.kernelkit("install", "atlas", "--dry-run")
        assert "an overlay with ipykernel for Python 3" in result.err
        assert "an environment with root, ipykernel would be made" in at.kernelkit("install", "root", "--dry-run").err
        assert not at.kernels.parent.exists()
        at.ok("install", "atlas")
        assert at.ok("install", "atlas", "--dry-run").startswith("would leave unchanged: ")

    def test_a_definition_by_hand(self, at, tmp_path):
        file = tmp_path / "mine.toml"
        file.write_text(
            f'display_name = "Mine {{{{ what }}}}"\n[options.what]\ndefault = "d"\n[launch]\npython = "{sys.executable}"'
        )
        assert "installed mine-x: Mine x" in at.ok("install", "--from", file, "--what", "x")

    def test_the_environment_sets_an_option(self, at):
        assert "light-2601-hyperion" in at.ok("install", "belle2", KERNELKIT_BELLE2_RELEASE="light-2601")

    def test_env_reaches_kernel_json_with_its_dollars_doubled(self, at):
        at.ok("install", "belle2", "--env", "A=$HOME and ${B}", "--env", "EMPTY=")
        document = json.loads((at.kernels / "belle2/kernel.json").read_text())
        assert document["env"] == {"A": "$$HOME and $${B}", "EMPTY": ""}


class TestMistakes:
    def test_an_unknown_command(self, at):
        assert "did you mean 'install'" in at.fails(2, "instal")

    def test_an_unknown_definition(self, at):
        text = at.fails(3, "install", "atals")
        assert "did you mean 'atlas'" in text
        assert "kernelkit definitions" in text

    def test_no_definition(self, at):
        assert "which definition?" in at.fails(2, "install")

    def test_an_unknown_option(self, at):
        assert "--roo" in at.fails(2, "install", "atlas", "--roo", "6.08")

    def test_an_unknown_release(self, at):
        text = at.fails(4, "install", "atlas", "--root", "6.09")
        assert "did you mean '6.08.0" in text
        assert "kernelkit releases atlas root" in text

    def test_no_cvmfs(self, at):
        text = at.fails(4, "install", "atlas", "--cvmfs", "/nowhere")
        assert "/nowhere" in text
        assert "--cvmfs" in text
        assert "kernelkit demo" in text

    def test_an_empty_area(self, at, tmp_path):
        assert str(tmp_path) in at.fails(4, "install", "atlas", "--cvmfs", tmp_path)

    def test_toml_that_is_not(self, at, tmp_path):
        file = tmp_path / "mine.toml"
        file.write_text("display_name = \n")
        assert "line 1, column" in at.fails(3, "install", "--from", file)

    @pytest.mark.parametrize("name", ["", "a b", "../x", "UPPER", "-x", ".hidden", "x\n"])
    def test_bad_names(self, at, name):
        at.fails(2, "install", "belle2", f"--name={name}")
        assert not at.kernels.exists()

    def test_another_choice_under_the_same_name(self, at):
        at.ok("install", "belle2")
        assert "--name" in at.fails(5, "install", "belle2", "--release", "light-2601", "--name", "belle2")

    def test_an_edited_kernel(self, at):
        at.ok("install", "belle2")
        setup = at.kernels / "belle2/setup.sh"
        setup.write_text(setup.read_text() + "# mine\n")
        assert "edited" in at.fails(5, "install", "belle2")
        assert setup.read_text().endswith("# mine\n")
        assert at.ok("install", "belle2", "--replace").startswith("replaced")

    def test_somebody_elses_kernel(self, at):
        spec = at.kernels / "belle2"
        spec.mkdir(parents=True)
        (spec / "kernel.json").write_text('{"argv": ["true"], "display_name": "x", "language": "python"}')
        assert "--replace" in at.fails(5, "install", "belle2")

    def test_python3_is_never_touched(self, at):
        at.fails(5, "install", "belle2", "--name", "python3", "--replace")

    @pytest.mark.parametrize("env", ["A", "=x", "a b=c", "1A=b"])
    def test_bad_variables(self, at, env):
        at.fails(2, "install", "belle2", "--env", env)

    def test_a_python_that_is_none(self, at, tmp_path):
        assert "/nowhere/python" in at.fails(4, "install", "atlas", "--python", "/nowhere/python")
        assert "absolute" in at.fails(2, "install", "atlas", "--python", "python3")

    def test_two_scopes(self, at):
        at.fails(2, "install", "belle2", "--user", "--system")

    def test_what_others_may_write_is_not_for_everyone(self, at, tmp_path):
        file = tmp_path / "mine.toml"
        file.write_text(f'display_name = "x"\n[launch]\npython = "{sys.executable}"')
        file.chmod(0o666)
        assert "writable" in at.fails(5, "install", "--from", file, "--system", "--dry-run")

    def test_a_folder_that_cannot_be_written(self, at, tmp_path):
        (tmp_path / "file").touch()
        at.fails(5, "install", "belle2", "--data-dir", tmp_path / "file")

    @pytest.mark.parametrize("args", [
        ("render", "belle2", "-o", "/proc/x"), ("install", "belle2", "--data-dir", "/proc/x"), ("install", "belle2", "--prefix", "/dev/null"),
        ("remove", "python3", "--force"),
    ])  # fmt: skip
    def test_places_that_cannot_be(self, at, args):
        at.fails(5, *args)

    def test_a_terminal_that_leaves_early(self, home):
        done = subprocess.run(
            f"{sys.executable} -m kernelkit list --json | true",
            shell=True,
            env=home.env,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""

    def test_no_such_kernel(self, at):
        at.ok("install", "belle2")
        assert "did you mean 'belle2'" in at.fails(2, "show", "bele2")
        assert "did you mean 'belle2'" in at.fails(2, "remove", "bele2")

    def test_a_hung_area_is_left_within_ten_seconds(self, at, tmp_path):
        index = tmp_path / f"atlas.cern.ch/repo/ATLASLocalRootBase/{os.uname().machine}/root/.alrb"
        index.mkdir(parents=True)
        os.mkfifo(index / "mapfile.txt")
        started = time.monotonic()
        assert "did not answer" in at.fails(4, "install", "atlas", "--cvmfs", tmp_path)
        assert time.monotonic() - started < 10


class TestInterrupted:
    def test_control_c_leaves_nothing_half_written(self, home, sandbox):
        for delay in (0.1, 0.2, 0.3, 0.5, 0.8):
            process = subprocess.Popen(
                [sys.executable, "-m", "kernelkit", "install", "belle2", "--cvmfs", str(sandbox)],
                env=home.env, cwd=home.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            )  # fmt: skip
            time.sleep(delay)
            os.killpg(process.pid, signal.SIGINT)
            _, told = process.communicate(timeout=30)
            assert process.returncode in (0, 130, -signal.SIGINT), told
            assert "Traceback" not in told or process.returncode == -signal.SIGINT or "KeyboardInterrupt" in told
            spec = home.kernels / "belle2"
            assert not spec.exists() or (spec / "kernel.json").is_file()
        home.ok("install", "belle2", "--cvmfs", sandbox)
        home.ok("list")


class TestListing:
    def test_list_show_and_remove(self, at):
        at.ok("install", "belle2", "--release", "light-2603")
        rows = json.loads(at.ok("list", "--json"))
        assert rows["format"] == 1
        row = next(row for row in rows["kernelspecs"] if row["name"] == "belle2-light-2603")
        assert (row["state"], row["definition"]) == ("ok", "belle2")
        text = at.ok("show", "belle2-light-2603")
        for words in ("light-2603-ina", "asked: light-2603", "setup.sh", "basf2"):
            assert words in text
        assert at.ok("remove", "belle2-light-2603").startswith("removed")
        assert "belle2" not in at.ok("list")

    def test_releases(self, at):
        lines = at.ok("releases", "atlas", "root").splitlines()
        assert any(line.startswith("6.30.02") and "default" in line for line in lines)
        assert any(line.startswith(ATLAS_608) for line in lines)
        data = json.loads(at.ok("releases", "atlas", "--json"))
        assert {row["fit"] for row in data["releases"]} <= {"native", "older", "newer", "foreign"}

    def test_releases_of_what_has_none(self, at):
        assert "root" in at.fails(2, "releases", "atlas", "roto")
        at.fails(2, "releases", "root")

    def test_definitions(self, at):
        names = [line.split("\t")[0] for line in at.ok("definitions").splitlines()]
        assert {"atlas", "belle2", "lcg", "root"} <= set(names)

    def test_render_writes_the_files_only(self, at, tmp_path):
        assert at.ok("render", "belle2", "-o", tmp_path / "out").strip() == str(tmp_path / "out/belle2")
        assert (tmp_path / "out/belle2/setup.sh").stat().st_mode & 0o777 == 0o755
        assert not at.kernels.exists()

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_completion(self, at, shell):
        assert "_KERNELKIT_COMPLETE" in at.ok("completion", shell)

    def test_what_a_shell_is_offered(self, at):
        def offered(words, position):
            out = at.kernelkit(_KERNELKIT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(position)).out
            return [line.split(",")[1] for line in out.splitlines()]

        assert "install" in offered("kernelkit in", 1)
        assert {"atlas", "atlas-ml"} <= set(offered("kernelkit install at", 2))
        assert "--root" in offered("kernelkit install atlas --ro", 3)
        assert ATLAS_608 in offered("kernelkit install atlas --root 6.0", 4)
