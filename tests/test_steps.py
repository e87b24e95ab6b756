"""The steps that come with kernelkit, each through a rendered wrapper under a real bash."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_wrapper import escaped, shellcheck
from wrappers import BASE, environment, launch, toml, wrapper_of

from kernelkit import catalogue, making, reading, steptemplate
from kernelkit.resolve import Asked
from kernelkit.scopes import Scope

ODD = 'it\'s a "folder" $HOME `id` é; #'


def step(use, **arguments):
    return "[[steps]]\n" + "".join(f"{key} = {inline(value)}\n" for key, value in {"use": use, **arguments}.items())


def inline(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + "}"
    return toml(value)


def wrapper(folder, *steps, head="", **asked):
    return wrapper_of(folder, f'display_name = "x"\n{head}' + "".join(steps), **asked)


def failed(path, **incoming):
    """What a launch that must fail says last."""
    done = launch(path, env=BASE | incoming)
    assert done.returncode == 78, done.stderr.decode()
    return done.stderr.decode().splitlines()[-1]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def arguments_of(name, value):
    """Every parameter of a step, each with this value."""
    kinds = {"string": value, "list": [value, value], "table": {"A": value}, "boolean": True}
    parameters = steptemplate.load(catalogue.step_file(name)).parameters
    return {key: kinds[parameter.kind] for key, parameter in parameters.items()}


@pytest.mark.parametrize("name", catalogue.step_names())
def test_any_value_in_any_argument_is_valid_shell(tmp_path, name):
    """Hostile values in every parameter: shellcheck finds no fault, and nothing of them is run."""
    values = [
        escaped(value)
        for value in [
            "",
            "a'b\"c",
            "$(id)",
            "`id`",
            "; exit 3",
            "a\nb",
            "-n",
            "\\",
            "*",
            "# x",
            "{a,b}",
            "{{ root }}",
            "=",
        ]
    ]
    shellcheck(wrapper(tmp_path, *(step(name, **arguments_of(name, value)) for value in values)))
    for value in [
        "$(touch /tmp/kernelkit-was-here)",
        "'; touch /tmp/kernelkit-was-here; '",
        "a\n`touch /tmp/kernelkit-was-here`",
    ]:
        launch(wrapper(tmp_path, step(name, **arguments_of(name, value))), env=BASE)
        assert not Path("/tmp/kernelkit-was-here").exists()


@pytest.mark.parametrize("name", catalogue.step_names())
def test_with_nothing_given_too(tmp_path, name):
    parameters = steptemplate.load(catalogue.step_file(name)).parameters
    required = {key: "x" for key, parameter in parameters.items() if parameter.required}
    shellcheck(wrapper(tmp_path, step(name, **required)))


class TestConda:
    @pytest.fixture
    def prefix(self, tmp_path):
        """A prefix as conda lays it out, in a folder with an awkward name."""
        prefix = tmp_path / "conda é's" / "envs" / "physics"
        write(prefix / "conda-meta/history", "")
        write(prefix / "etc/conda/activate.d/10-first.sh", 'export FIRST="$CONDA_PREFIX" ORDER="${ORDER-}1"\n')
        write(prefix / "etc/conda/activate.d/20-second.sh", 'export ORDER="${ORDER-}2" FROM_STATE="$GIVEN"\n')
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", prefix], check=True)
        return prefix

    def test_variables_and_scripts_of_an_environment(self, tmp_path, prefix):
        state = {"env_vars": {"GIVEN": "it's $HOME", "GONE": "***unset***"}}
        write(prefix / "conda-meta/state", json.dumps(state))
        write(prefix / "etc/conda/env_vars.d/package.json", json.dumps({"OF_PACKAGE": "a\nb"}))
        found = environment(wrapper(tmp_path, step("conda", prefix=str(prefix))), BASE)
        assert found[b"FIRST"].decode() == found[b"CONDA_PREFIX"].decode() == str(prefix)
        assert found[b"ORDER"] == b"12"
        assert found[b"FROM_STATE"] == b"it's $HOME"
        assert found[b"OF_PACKAGE"] == b"a\nb"
        assert b"GONE" not in found
        assert found[b"PATH"].decode().startswith(f"{prefix}/bin:")

    def test_by_name(self, tmp_path, prefix):
        root = prefix.parent.parent
        found = environment(wrapper(tmp_path, step("conda", name="physics", root=str(root))), BASE)
        assert (found[b"CONDA_PREFIX"].decode(), found[b"CONDA_DEFAULT_ENV"]) == (str(prefix), b"physics")
        (tmp_path / "home").mkdir()
        (tmp_path / "home/miniforge3").symlink_to(root)
        home = {"HOME": str(tmp_path / "home")}
        found = environment(wrapper(tmp_path, step("conda", name="physics")), BASE | home)
        assert found[b"CONDA_PREFIX"].decode() == f"{tmp_path}/home/miniforge3/envs/physics"

    @pytest.mark.parametrize("tool", ["conda", "mamba", "micromamba"])
    def test_the_tool_itself_activates(self, tmp_path, prefix, tool):
        """A stand-in with the interface that all three document: a hook that defines a function."""
        hook = "shell.bash hook" if tool == "conda" else "shell hook --shell bash"
        program = write(tmp_path / "a bin" / tool, f'#!/bin/sh\n[ "$*" = "{hook}" ] || exit 3\ncat "$0.hook"\n')
        program.chmod(0o755)
        write(
            program.with_name(f"{tool}.hook"),
            f'{tool}() {{ [ "$1" = activate ] && export CONDA_PREFIX="$2" BY={tool}; }}\n',
        )
        text = step("conda", prefix=str(prefix), tool=str(program))
        found = environment(wrapper(tmp_path, text), BASE)
        assert (found[b"CONDA_PREFIX"].decode(), found[b"BY"].decode()) == (str(prefix), tool)
        write(program.with_name(f"{tool}.hook"), f"{tool}() {{ false; }}\n")
        assert "was not activated: CONDA_PREFIX is ''" in failed(wrapper(tmp_path, text))

    def test_what_is_no_environment_is_said(self, tmp_path, prefix):
        assert f"{tmp_path}/conda-meta: No such file" in failed(wrapper(tmp_path, step("conda", prefix=str(tmp_path))))
        assert "no conda environment is called 'nope'" in failed(wrapper(tmp_path, step("conda", name="nope")))
        assert "no conda environment is called '../x'" in failed(wrapper(tmp_path, step("conda", name="../x")))
        assert "no conda environment is called '' in" in failed(wrapper(tmp_path, step("conda")))

    def test_the_kernel_is_in_it_and_a_prefix_without_python_is_refused(self, home, prefix, tmp_path):
        bare = tmp_path / "bare"
        write(bare / "conda-meta/history", "")
        refused = home.kernelkit("install", "conda", "--conda-prefix", bare)
        assert refused.code == 4
        assert f"the steps lead to no Python in {bare}/bin" in refused.err
        assert not home.kernels.exists()
        home.ok("install", "conda", "--conda-prefix", prefix, "--name", "physics")
        assert "1 passed" in home.ok("test", "physics")


class TestThisroot:
    def test_it_finds_itself(self, tmp_path):
        root = tmp_path / ODD
        write(root / "bin/thisroot.sh", 'ROOTSYS=$(cd "$(dirname "${BASH_ARGV[0]}")/.." && pwd); export ROOTSYS\n')
        assert environment(wrapper(tmp_path, step("thisroot", path=str(root))), BASE)[b"ROOTSYS"].decode() == str(root)

    def test_one_that_sets_another_is_refused(self, tmp_path):
        write(tmp_path / "bin/thisroot.sh", "export ROOTSYS=/elsewhere\n")
        assert "ROOTSYS is '/elsewhere' afterwards" in failed(wrapper(tmp_path, step("thisroot", path=str(tmp_path))))


class TestSpack:
    SETUP = """\
spack() {
  case "$1 $2" in
  'load root@6.30') export LOADED="$LOADED $2" ;;
  'env activate') [ "$3" = physics ] && export SPACK_ENV="$3" ;;
  *) echo "==> Error: Spec '$2' matches no installed packages." >&2; return 1 ;;
  esac
}
"""

    @pytest.fixture
    def root(self, tmp_path):
        """A stand-in with Spack's interface: a script that defines a function."""
        return write(tmp_path / ODD / "share/spack/setup-env.sh", self.SETUP).parents[2]

    def test_specs_and_environments(self, tmp_path, root):
        text = step("spack", root=str(root), load=["root@6.30"], environment="physics")
        found = environment(wrapper(tmp_path, text), BASE)
        assert (found[b"LOADED"], found[b"SPACK_ENV"]) == (b" root@6.30", b"physics")

    def test_what_is_not_installed_is_said(self, tmp_path, root):
        text = wrapper(tmp_path, step("spack", root=str(root), load=["root@6.30", "nope"]))
        assert "Spack did not load nope (spack returned 1)" in failed(text)
        text = wrapper(tmp_path, step("spack", root=str(root), environment="nope"))
        assert "the Spack environment nope was not activated" in failed(text)


class TestOfTheExperiments:
    def test_asetup_leaves_nothing_in_the_notebooks_folder(self, tmp_path, sandbox):
        (tmp_path / "notebooks").mkdir()
        (tmp_path / "notebooks/.asetup.save").write_text("StatAnalysis,0.7.3\n")
        text = step("alrb", asetup=["AnalysisBase,24.2.35"])
        for head in ("", "in_notebook_folder = true\n"):
            path = wrapper(tmp_path, text, head=head, cvmfs=str(sandbox))
            found = environment(path, BASE | {"HOME": str(tmp_path)}, cwd=tmp_path / "notebooks")
            assert (found[b"AtlasProject"], found[b"AtlasVersion"]) == (b"AnalysisBase", b"24.2.35")
            assert b"TestArea" not in found
        assert (tmp_path / "notebooks/.asetup.save").read_text() == "StatAnalysis,0.7.3\n"

    def test_another_release_than_asked_for_is_refused(self, tmp_path, sandbox):
        path = wrapper(tmp_path, step("alrb", asetup=["AnalysisBase,24.2.99"]), cvmfs=str(sandbox))
        assert "asetup set up nothing and not 'AnalysisBase,24.2.99'" in failed(path, HOME=str(tmp_path))

    def test_a_users_own_analysis(self, tmp_path, sandbox):
        analysis = tmp_path / "my analysis"
        write(analysis / ".analysis", "light-2603-ina\n")
        text = step("basf2", release="light-2603-ina", user_dir=str(analysis))
        found = environment(wrapper(tmp_path, text, cvmfs=str(sandbox)), BASE | {"HOME": str(tmp_path)})
        assert found[b"BELLE2_ANALYSIS_DIR"].decode() == str(analysis)
        assert found[b"BELLE2_RELEASE"] == b"light-2603-ina"
        assert str(analysis) in found[b"PYTHONPATH"].decode()
        assert b"MY_BELLE2_DIR" not in found
        other = step("basf2", release="light-2601-hyperion", user_dir=str(analysis))
        assert "is an analysis with light-2603-ina" in failed(wrapper(tmp_path, other, cvmfs=str(sandbox)))

    def test_externals_alone(self, tmp_path, sandbox):
        text = step("basf2", externals="v02-00-02")
        found = environment(wrapper(tmp_path, text, cvmfs=str(sandbox)), BASE | {"HOME": str(tmp_path)})
        assert found[b"BELLE2_EXTERNALS_VERSION"] == b"v02-00-02"
        assert b"BELLE2_RELEASE" not in found

    def test_key4hep_by_its_date_and_the_newest(self, tmp_path, sandbox):
        for release, expected in (("2024-10-03", b"2024-10-03"), ("", b"2025-01-28")):
            found = environment(wrapper(tmp_path, step("key4hep", release=release), cvmfs=str(sandbox)), BASE)
            assert expected in found[b"KEY4HEP_STACK"]
        path = wrapper(tmp_path, step("key4hep", release="1999-01-01"), cvmfs=str(sandbox))
        assert "KEY4HEP_STACK is not set afterwards (setup.sh returned 1)" in failed(path)

    def test_key4hep_on_top_of_a_view(self, tmp_path, sandbox):
        view = next((sandbox / "sft.cern.ch/lcg/views/LCG_107").iterdir()).name
        text = step("lcg-view", view="LCG_107", platform=view) + step("key4hep")
        found = environment(wrapper(tmp_path, text, cvmfs=str(sandbox)), BASE)
        assert b"PYTHONHOME" not in found
        assert b"LCG" not in found[b"PYTHONPATH"]


class TestTheUsersOwn:
    @pytest.fixture
    def user(self, tmp_path):
        folder = tmp_path / "a user's home"
        folder.mkdir()
        return folder

    def test_it_runs_last_and_its_failure_is_told(self, tmp_path, user):
        path = wrapper(tmp_path, step("env", set={"A": "1"}))
        hook = write(user / ".config/kernelkit/sample.sh", 'export MINE="$A" ARGUMENTS=$#\n')
        found = environment(path, BASE | {"HOME": str(user)})
        assert (found[b"MINE"], found[b"ARGUMENTS"]) == (b"1", b"0")
        hook.write_text("false\n")
        last = failed(path, HOME=str(user))
        assert "~/.config/kernelkit/sample.sh: it returned 1" in last
        hook.write_text("exit 4\n")
        assert "~/.config/kernelkit/sample.sh: the steps ended early, with code 4" in failed(path, HOME=str(user))

    @pytest.mark.parametrize(("head", "runs"), [("", False), ("user_hook = true\n", True)])
    def test_a_kernel_for_everyone_runs_it_only_where_it_says_so(self, tmp_path, user, head, runs):
        write(user / ".config/kernelkit/sample.sh", "export MINE=1\n")
        text = f'display_name = "x"\n{head}[launch]\npython = {toml(sys.executable)}\n'
        definition = reading.read(write(tmp_path / "sample.toml", text))
        for scope, expected in (("system", runs), ("user", True)):
            kernel = making.make(definition, Asked(), Scope(scope, tmp_path), build=True, say=lambda _: None)
            path = tmp_path / "setup.sh"
            path.write_bytes(kernel.files["setup.sh"])
            assert (b"MINE" in environment(path, BASE | {"HOME": str(user)})) is expected, scope

    def test_a_recorded_environment_knows_of_it(self, tmp_path, user):
        path = wrapper(tmp_path, step("env", set={"A": "1"}))
        home = {"HOME": str(user), "KERNELKIT_BACKGROUND": "0"}
        assert b"MINE" not in environment(path, BASE | home)
        for value in (b"1", b"22"):
            hook = write(user / ".config/kernelkit/sample.sh", f"export MINE={value.decode()}\n")
            # What changed as late as the steps began is taken for what they themselves wrote below the home.
            while time.time() < hook.stat().st_ctime + 0.1:
                time.sleep(0.05)
            assert environment(path, BASE | home)[b"MINE"] == value
        hook.unlink()
        assert b"MINE" not in environment(path, BASE | home)


def test_steps_in_any_order_and_more_than_once(tmp_path, sandbox):
    """A module system's Python below, an experiment's release, and a user's environment on top."""
    venv = tmp_path / "mine"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    text = (
        step("env", set={"A": "1"}) + step("key4hep") + step("env", prepend={"A": "2"}) + step("venv", path=str(venv))
    )
    found = environment(wrapper(tmp_path, text, cvmfs=str(sandbox)), BASE)
    assert found[b"A"] == b"2:1"
    assert found[b"PATH"].decode().startswith(f"{venv}/bin:{sandbox}")


def test_a_template_whose_header_makes_no_sense_is_a_fault(tmp_path):
    from kernelkit.errors import DefinitionError

    for header, fault in {
        'python = "host"': "python 'host' is none of area, path",
        '[parameters.use]\ntype = "string"': "'use' is a key of every step",
    }.items():
        with pytest.raises(DefinitionError, match=fault):
            steptemplate.load(write(tmp_path / "odd.sh.j2", "{--\n" + header + "\n--}\n"))
