"""The rendered setup.sh under a real bash: what reaches the kernel, and what happens when a step fails."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wrappers import BASE, choice_of, environment, launch, script_step, toml, wrapper_of

from kernelkit import render
from kernelkit.choice import Runtime

HOSTILE = [
    "", " ", "'", '"', "''", "a'b\"c", "$HOME", "$(touch /tmp/kernelkit-was-here)", "`id`", "${IFS}", ";", "; exit 3", "&", "|",
    "a\nb", "\n", "-n", "--", "-e", "\\", "\\n", "*", "?", "[a-z]", "~", "~root", "!", "!!", "#", "# x", "{a,b}", "<", ">",
    "é", "日本語", "\u202e", "\t", "%s", "%(x)s", "{{ root }}", "{% raw %}", "{connection_file}", "=", "a=b", "x" * 100_000,
]  # fmt: skip


@pytest.fixture
def script(tmp_path):
    folder = tmp_path / "vendor's scripts é"
    folder.mkdir()

    def write(text):
        path = folder / "set up.sh"
        path.write_text(text)
        return path

    return write


class TestQuoting:
    @pytest.mark.parametrize("value", HOSTILE, ids=[repr(v[:12]) for v in HOSTILE])
    def test_every_field_carries_a_hostile_value_as_it_is(self, tmp_path, script, value):
        path = script('export GOT="$1" COUNT=$#')
        text = script_step(
            path,
            f"arguments = [{toml(value.replace('{', chr(0x7B)))}]" if "{{" not in value and "{%" not in value else "",
        )
        text += (
            '\n[[steps]]\nuse = "env"\nset = { '
            + f"PLAIN = {toml(escaped(value))} }}\nprepend = {{ LIST = {toml(escaped(value))} }}\n"
        )
        wrapper = wrapper_of(tmp_path, text, env={"GIVEN": value})
        found = environment(wrapper, BASE)
        assert found[b"GIVEN"] == found[b"PLAIN"] == found[b"LIST"] == value.encode()
        if "{{" not in value and "{%" not in value:
            assert (found[b"GOT"], found[b"COUNT"]) == (value.encode(), b"1")
        assert not Path("/tmp/kernelkit-was-here").exists()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
    def test_any_value_given_arrives(self, tmp_path, value):
        wrapper = wrapper_of(tmp_path, 'display_name = "x"', env={"GIVEN": value})
        assert environment(wrapper, BASE)[b"GIVEN"] == value.encode()

    def test_hostile_values_everywhere_pass_shellcheck(self, tmp_path, script):
        values = [value for value in HOSTILE if len(value) < 100]
        text = script_step(script(""), f"arguments = {toml([escaped(v) for v in values])}\n")
        text += "".join(f'[[steps]]\nuse = "env"\nset = {{ A = {toml(escaped(v))} }}\n' for v in values)
        wrapper = wrapper_of(tmp_path, text, env={f"V{n}": value for n, value in enumerate(values)})
        shellcheck(wrapper)

    @pytest.mark.parametrize("value", HOSTILE, ids=[repr(v[:12]) for v in HOSTILE])
    def test_names_and_checks_carry_it_too(self, tmp_path, value):
        text = f"display_name = {toml(escaped(value))}\n[[checks]]\nname = {toml(value)}\ncode = {toml(value)}\nprints = {toml(escaped(value))}"
        choice = choice_of(tmp_path, text)
        document = json.loads(render.render(choice).files["kernel.json"])
        assert document["display_name"] == value
        assert document["metadata"]["kernelkit"]["checks"] == [{"name": value, "code": value, "prints": value}]
        assert environment(wrapper_of(tmp_path, text), BASE)

    def test_the_same_choice_gives_the_same_bytes(self, tmp_path, script):
        choice = choice_of(tmp_path, script_step(script("")), env={"B": "1", "A": "2"})
        assert render.render(choice).files == render.render(choice).files


def escaped(value):
    """A text that the definition's own templating leaves as it is."""
    return value.replace("{{", "{{ '{{' }}").replace("{%", "{{ '{%' }}") if "{{" in value or "{%" in value else value


def shellcheck(wrapper):
    program = shutil.which("shellcheck")
    assert program, "shellcheck is part of the tests' machine: apt-get install shellcheck"
    done = subprocess.run([program, wrapper], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


class TestIncomingEnvironment:
    def test_what_a_server_leaks_does_not_arrive_and_the_rest_does(self, tmp_path):
        leaked = {
            "PYTHONPATH": "/x", "PYTHONHOME": "/x", "LD_LIBRARY_PATH": "/x", "LD_PRELOAD": "", "CONDA_PREFIX": "/x",
            "VIRTUAL_ENV": "/x", "ENV": "/x", "CDPATH": "/x", "FUNCNEST": "1", "GLOBIGNORE": "*",
        }  # fmt: skip
        passed = {
            "JPY_PARENT_PID": "7", "JUPYTERHUB_API_TOKEN": "t", "KRB5CCNAME": "FILE:/x", "SLURM_JOB_ID": "1",
            "name": "a", "entry": "b", "line": "c", "folder": "d", "parent": "e", "value": "f", "foo.bar": "g",
            "IFSX": " ", "MULTI": "a\nb", "POSIXLY_CORRECT": "1", "LC_ALL": "C", "kernel-kit": "h",
        }  # fmt: skip
        found = environment(wrapper_of(tmp_path, 'display_name = "x"'), BASE | leaked | passed)
        assert {k.encode(): v.encode() for k, v in passed.items()}.items() <= found.items()
        assert not set(leaked) & {name.decode() for name in found}

    def test_a_shell_prepared_by_the_server_runs_none_of_its_lines(self, tmp_path, script):
        trap = tmp_path / "trap.sh"
        trap.write_text("echo HIJACKED; exit 9\n")
        hostile = {
            "BASH_ENV": str(trap), "SHELLOPTS": "errexit:nounset:noexec:xtrace", "BASHOPTS": "extdebug", "IFS": "e",
            "BASH_FUNC_source%%": "() { echo HIJACKED; exit 9; }", "BASH_FUNC_test%%": "() { exit 9; }",
            "BASH_FUNC_export%%": "() { exit 9; }", "BASH_FUNC_builtin%%": "() { exit 9; }", "PS4": "$(exit 9)",
        }  # fmt: skip
        found = environment(wrapper_of(tmp_path, script_step(script("test 1 = 1 && export FINE=yes"))), BASE | hostile)
        assert found[b"FINE"] == b"yes"
        assert not [name for name in found if name.startswith(b"BASH") or name == b"SHELLOPTS"]

    def test_steps_see_only_the_base(self, tmp_path, script):
        path = script("export SEEN=\"$(env | sort | cut -d= -f1 | tr '\\n' ' ')\"")
        found = environment(
            wrapper_of(tmp_path, script_step(path)), BASE | {"SECRET": "s", "odd.name": "o", "TZ": "UTC"}
        )
        seen = {b"HOME", b"LANG", b"PATH", b"PWD", b"SHLVL", b"TERM", b"TZ", b"USER", b"_"}
        assert set(found[b"SEEN"].split()) <= seen
        assert b"TERM" not in found

    def test_a_listed_variable_is_seen_by_the_steps(self, tmp_path, script):
        text = 'base = ["MY_TICKET"]\n' + script_step(script('export SEEN="$MY_TICKET"'))
        assert environment(wrapper_of(tmp_path, text), BASE | {"MY_TICKET": "t"})[b"SEEN"] == b"t"

    def test_a_steps_value_wins_and_the_parents_id_always_arrives(self, tmp_path, script):
        path = script("export SLURM_JOB_ID=step JPY_PARENT_PID=0 HOME=/step; unset LANG")
        found = environment(
            wrapper_of(tmp_path, script_step(path)), BASE | {"SLURM_JOB_ID": "in", "JPY_PARENT_PID": "7"}
        )
        assert (found[b"SLURM_JOB_ID"], found[b"HOME"], found[b"JPY_PARENT_PID"]) == (b"step", b"/step", b"7")
        assert b"LANG" not in found

    def test_what_was_given_wins_over_the_steps(self, tmp_path, script):
        path = script('export SEEN="$PYTHONPATH" PYTHONPATH=/step')
        found = environment(wrapper_of(tmp_path, script_step(path), env={"PYTHONPATH": "/given"}), BASE)
        assert (found[b"SEEN"], found[b"PYTHONPATH"]) == (b"/given", b"/given")

    def test_the_servers_own_folders_leave_the_path(self, tmp_path):
        server, tools = tmp_path / "server", tmp_path / "tools"
        for folder in (server, tools):
            folder.mkdir()
        (server / "jupyter").touch()
        path = environment(wrapper_of(tmp_path, 'display_name = "x"'), BASE | {"PATH": f"{server}:{tools}:/bin"})[
            b"PATH"
        ]
        assert path.split(b":")[-1] == str(tools).encode()
        assert str(server).encode() not in path

    def test_bytes_that_are_no_text_survive(self, tmp_path, script):
        path = script("export RAW=$'\\xff\\xfe' FUNNY=$'a\\nb'\nkeep() { echo hi; }; export -f keep")
        env = {k.encode(): v.encode() for k, v in BASE.items()} | {b"IN": b"\xff"}
        found = environment(wrapper_of(tmp_path, script_step(path)), env)
        assert (found[b"RAW"], found[b"FUNNY"], found[b"IN"]) == (b"\xff\xfe", b"a\nb", b"\xff")
        assert b"BASH_FUNC_keep%%" in found

    def test_mask_limits_and_ignored_signals_arrive(self, tmp_path, script):
        path = script("umask 027; ulimit -S -n 100; ulimit -S -c 0; trap '' USR1")
        wrapper = wrapper_of(tmp_path, script_step(path))
        runner = tmp_path / "runner"
        runner.write_text("#!/bin/sh\numask; ulimit -n; grep SigIgn /proc/$$/status\n")
        runner.chmod(0o755)
        text = render.wrapper(with_runtime(choice_of(tmp_path, script_step(path)), runner))
        wrapper.write_text(text)
        mask, files, ignored = launch(wrapper, "-f", "x", env=BASE).stdout.decode().splitlines()
        assert (mask, files) == ("0027", "100")
        assert int(ignored.split()[1], 16) & (1 << 9)

    def test_growing_the_path_twice_adds_nothing(self, tmp_path, script):
        wrapper = wrapper_of(tmp_path, script_step(script("export PATH=/once:$PATH")))
        first = environment(wrapper, BASE)
        second = environment(wrapper, {k.decode(): v.decode() for k, v in first.items()})
        assert second[b"PATH"].count(b"/once") == 1


def with_runtime(choice, python):
    from dataclasses import replace

    return replace(choice, runtime=Runtime(str(python), (3, 11, 0), "7.0"))


class TestArguments:
    """The connection file must reach the kernel whatever the scripts do to the arguments."""

    @pytest.fixture
    def echo(self, tmp_path):
        runner = tmp_path / "echo args"
        runner.write_text('#!/bin/bash\nshift 2\nprintf "%s\\n" "$#" "$@" "$PPID" "$$" "$PWD"\n')
        runner.chmod(0o755)
        return runner

    @pytest.mark.parametrize("text", [
        'shift 9; set -- lost', 'eval set -- a b c; shift', 'getopts f: x; [[ $# == 0 ]] || exit 9', "set -eu; set -- ; set -f",
        "exec >&-", "exec 2>&-", "cd /; pushd /tmp; OLDPWD=/x", "IFS=e", "shopt -s nullglob; set -o posix", "alias exec=false; shopt -s expand_aliases",
        "source() { exit 9; }; exec() { exit 9; }; printf() { :; }; cd() { exit 9; }", "trap 'exit 9' EXIT; trap 'exit 9' ERR",
        "for i in {1..20000}; do echo noise on stdout; echo noise on stderr >&2; done", "read -r x", "cat",
        "declare -x MARK=declared; readonly MARK", "( sleep 30 & )", "sleep 30 & disown",
    ])  # fmt: skip
    def test_scripts_that_spoil_the_shell(self, tmp_path, script, echo, text):
        path = script(text + "\n:")
        wrapper = wrapper_of(tmp_path, script_step(path))
        wrapper.write_text(render.wrapper(with_runtime(choice_of(tmp_path, script_step(path)), echo)))
        folder = tmp_path / "note book"
        folder.mkdir()
        started = time.monotonic()
        done = launch(wrapper, "-f", "/run/my dir/kernel 'x' $y.json", env=BASE, cwd=folder)
        lines = done.stdout.decode().splitlines()
        assert lines[:3] == ["2", "-f", "/run/my dir/kernel 'x' $y.json"], done.stderr.decode()
        assert lines[3] == str(os.getpid())
        assert lines[5] == str(folder)
        assert time.monotonic() - started < 20  # not the thirty seconds of what a script leaves running

    def test_a_variable_declared_by_a_script_reaches_the_kernel(self, tmp_path, script):
        path = script("declare -x MARK=declared; typeset -x OTHER=too")
        found = environment(wrapper_of(tmp_path, script_step(path)), BASE)
        assert (found[b"MARK"], found[b"OTHER"]) == (b"declared", b"too")


class TestFailures:
    def reason(self, wrapper, env=BASE):
        done = launch(wrapper, "-f", "x", env=env)
        assert (done.returncode, done.stdout) == (78, b"")
        return done.stderr.decode()

    def test_a_missing_file_is_named(self, tmp_path):
        text = self.reason(wrapper_of(tmp_path, script_step("/nowhere/set up.sh")))
        assert text.strip().endswith("kernelkit: step 1 of 1, script: /nowhere/set up.sh: No such file or directory")

    def test_a_fifo_a_folder_and_a_loop_are_no_scripts(self, tmp_path):
        fifo, loop = tmp_path / "fifo", tmp_path / "loop"
        os.mkfifo(fifo)
        loop.symlink_to(loop)
        assert "is a fifo, not a file" in self.reason(wrapper_of(tmp_path, script_step(fifo)))
        assert "is a directory, not a file" in self.reason(wrapper_of(tmp_path, script_step(tmp_path)))
        assert "Too many levels of symbolic links" in self.reason(wrapper_of(tmp_path, script_step(loop)))

    @pytest.mark.parametrize(
        "text", ["return 3", "false", "exit 5", "set -e; false", "set -u; echo $nothing", "kill -9 $$", "exec false"]
    )
    def test_a_script_that_fails_starts_nothing(self, tmp_path, script, text):
        wrapper = wrapper_of(tmp_path, script_step(script("echo its last words\n" + text)))
        told = self.reason(wrapper)
        assert "kernelkit:   | its last words" in told
        assert told.splitlines()[-1].startswith("kernelkit: ")

    def test_an_exit_code_proves_nothing_where_something_is_expected(self, tmp_path, script):
        good = script_step(script("export A=1; false"), 'expects = { variables = ["A"], commands = ["sh"] }')
        assert environment(wrapper_of(tmp_path, good), BASE)[b"A"] == b"1"
        for expects, why in (
            ('variables = ["B"]', "B is not set afterwards"),
            ('values = { A = "2" }', "A is '1' afterwards and not '2'"),
            ('commands = ["no-such-command"]', "no-such-command is not on the path"),
        ):
            told = self.reason(wrapper_of(tmp_path, script_step(script("export A=1"), f"expects = {{ {expects} }}")))
            assert f"step 1 of 1, script: {why}" in told.splitlines()[-1]

    def test_a_python_that_is_gone_is_never_replaced_by_another(self, tmp_path):
        wrapper = tmp_path / "setup.sh"
        wrapper.write_text(render.wrapper(with_runtime(choice_of(tmp_path, 'display_name = "x"'), "/gone/python3")))
        assert "/gone/python3: this Python is gone" in self.reason(wrapper)

    def test_no_folder_is_left_behind(self, tmp_path, script):
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        env = BASE | {"TMPDIR": str(scratch)}
        environment(wrapper_of(tmp_path, script_step(script("touch here"))), env)
        self.reason(wrapper_of(tmp_path, script_step(script("touch here; false"))), env)
        assert list(scratch.iterdir()) == []

    def test_steps_leave_nothing_in_the_notebooks_folder(self, tmp_path, script):
        notebook = tmp_path / "nb"
        notebook.mkdir()
        environment(wrapper_of(tmp_path, script_step(script("touch .asetup.save"))), BASE, cwd=notebook)
        assert list(notebook.iterdir()) == []
        environment(
            wrapper_of(tmp_path, "in_notebook_folder = true\n" + script_step(script("touch here"))), BASE, cwd=notebook
        )
        assert [file.name for file in notebook.iterdir()] == ["here"]

    def test_the_steps_of_a_file_that_was_replaced_are_not_mixed_with_its_launch(self, tmp_path, script):
        wrapper = wrapper_of(tmp_path, script_step(script("export A=1")))
        done = subprocess.run(
            ["/bin/bash", "-p", wrapper, "--kernelkit-steps", "another", ""], capture_output=True, check=False
        )
        assert done.returncode == 75
