"""The lint of hand-written wrappers: each fault is found on its line, good ones have none, and nothing is ever run."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wrappers import script_step, toml, wrapper_of

from kernelkit import lint
from kernelkit.lint.table import TABLE

START = 'exec /opt/stack/bin/python -m ipykernel_launcher "$@"\n'
# Own examples of the faults that public wrappers have: the line at fault is marked, and it is the only one of that id.
FAULTY = {
    "unquoted-arguments": "exec /opt/py -m ipykernel_launcher $@  # <-\n",
    "unquoted-arguments, one": 'file=$1\nexec /opt/py -m ipykernel -f ${file}  # <-\n',
    "unquoted-arguments, handed to a function": 'run() {\n  exec /opt/py -m ipykernel $1  # <-\n}\nrun "$1"\n',
    "joined-arguments": 'all="$@"  # <-\nexec /opt/py -m ipykernel "$all"\n',
    "joined-arguments, star": 'exec /opt/py -m ipykernel_launcher "$*"  # <-\n',
    "lost-arguments": "exec /opt/py -m ipykernel_launcher  # <-\n",
    "eval-arguments": 'eval "$COMMAND" "$@"  # <-\n',
    "eval-arguments, through a variable": 'run="/opt/py -m ipykernel $@"\neval "$run"  # <-\n',
    "inherited-arguments": "source /opt/site/setup.sh || exit 1  # <-\n" + START,
    "inherited-arguments, conda": ". /opt/conda/bin/activate || exit 1  # <-\n" + START,
    "eaten-arguments": 'source "$ATLAS_LOCAL_ROOT_BASE/user/atlasLocalSetup.sh" || exit 1  # <-\n' + START,
    "eaten-arguments, by variables": "T=/cvmfs/belle.cern.ch/tools\nsource $T/b2setup || exit 1  # <-\n" + START,
    "view-with-arguments": 'source /cvmfs/sft.cern.ch/lcg/views/LCG_107/x86_64-el9-gcc13-opt/setup.sh "" || exit 1  # <-\n' + START,
    "no-exec": '/opt/py -m ipykernel_launcher "$@"  # <-\n',
    "no-exec, without a kernel's name": 'start-a-kernel "$1"  # <-\n',
    "no-exec, in a subshell": '(cd /data && exec /opt/py -m ipykernel "$@")  # <-\n',
    "piped-kernel": 'exec /opt/py -m ipykernel_launcher "$@" 2>&1 | tee /tmp/log  # <-\n',
    "background-kernel": '/opt/py -m ipykernel_launcher "$@" &  # <-\nwait\n',
    "own-session": 'exec setsid /opt/py -m ipykernel_launcher "$@"  # <-\n',
    "runner": 'exec conda run -n hep python -m ipykernel_launcher "$@"  # <-\n',
    "cleared-environment": 'exec env -i HOME="$HOME" /opt/py -m ipykernel_launcher "$@"  # <-\n',
    "unbound-container": 'exec apptainer exec /images/hep.sif python3 -m ipykernel "$@"  # <-\n',
    "ignored-failure": "source /opt/site/setup.sh --quiet  # <-\n" + START,
    "ignored-failure, module": "module load root/6.30  # <-\n" + START,
    "ignored-failure, lsetup": 'lsetup -q "root 6.30.02-x86_64-el9-gcc13-opt"  # <-\n' + START,
    "strict-mode": "set -e  # <-\nsource /opt/site/setup.sh --quiet\n" + START,
    "strict-mode, unset": 'set -o nounset  # <-\nsource /opt/site/setup.sh "" || exit 1\nset +u\n' + START,
    "missing-alias": "setupATLAS --quiet || exit 1  # <-\n" + START,
    "bare-python": 'exec python3 -m ipykernel_launcher "$@"  # <-\n',
    "bare-python, looked up": 'py=$(which python)  # <-\nexec "$py" -m ipykernel "$@"\n',
    "release-by-listing": "release=$(ls /cvmfs/sw.example.org/stack | tail -1)  # <-\n" + START,
    "python-home": "export PYTHONHOME=/opt/python  # <-\n" + START,
    "piled-path": "export LD_LIBRARY_PATH=/opt/lib:$LD_LIBRARY_PATH  # <-\n" + START,
    "exported-secret": "export DB_PASSWORD=hunter2  # <-\n" + START,
    "exported-secret, later": 'GRID_TOKEN=$(cat "$HOME/.token")  # <-\nexport GRID_TOKEN\n' + START,
    "hard-coded-home": 'export MY=/home/somebody/lib  # <-\n' + START,
    "hard-coded-home, afs": '. /afs/cern.ch/user/s/somebody/setup.sh "" || exit 1  # <-\n' + START,
    "login-shell": '#!/bin/bash -l  # <-\n' + START,
    "login-shell, inside": "bash -lc env >&2  # <-\n" + START,
    "trace": "set -x  # <-\n" + START,
    "noise": "echo 'setting up'  # <-\n" + START,
    "noise, lsetup": 'lsetup "root 6.30" || exit 1  # <-\n' + START,
    "background-process": "start-master.sh &  # <-\n" + START,
    "wrong-shell": '#!/bin/sh\nsource ./env.sh "" || exit 1  # <-\n' + START,
    "no-shebang": "export A=1  # <-\n" + START,
    "line-ends": "#!/bin/bash\r  # <-\n".replace("\r  # <-", "  # <-\r") + START,
    "not-understood": 'echo "$(" >&2  # <-\n',
    "other-language": "#!/bin/tcsh  # <-\nsetenv A 1\n",
    "unreadable": "a\0b  # <-\n",
}  # fmt: skip
WITHOUT_FIRST_LINE = {"no-shebang", "unreadable"}

GOOD = {
    "plain": START,
    "checked": 'args=("$@")\nset --\nsource /opt/site/setup.sh || { echo "no set-up" >&2; exit 1; }\nexec "$STACK/bin/python" -m ipykernel "${args[@]}"\n',
    "looked at": "source /opt/site/setup.sh --quiet\nif [ $? != 0 ]; then exit 1; fi\n" + START,
    "looked at what it made": 'source /opt/site/setup.sh ""\n[[ -n $ROOTSYS ]] || exit 1\n' + START,
    "chained": 'source /opt/site/setup.sh "" && exec "$ROOTSYS/../bin/python" -m ipykernel "$@"\n',
    "in a function": "set_up() {\n  source /opt/site/setup.sh || exit 1\n}\nset_up\n" + START,
    "a view": 'args=("$@")\nset --\nsource /cvmfs/sft.cern.ch/lcg/views/LCG_107/x86_64-el9-gcc13-opt/setup.sh || exit 1\nexec "$VIEW/bin/python" -m ipykernel "${args[@]}"\n',
    "a venv": 'source "$HOME/env/bin/activate" || exit 1\nexec "$VIRTUAL_ENV/bin/python" -m ipykernel_launcher "$@"\n',
    "a log": "exec > >(tee /tmp/log) 2>&1\necho starting\n" + START,
    "told on stderr": "{ echo a; date; } >&2\nprintf -v x %s 1\n" + START,
    "a fresh path": "unset LD_LIBRARY_PATH\nexport LD_LIBRARY_PATH=/opt/lib:$LD_LIBRARY_PATH\n" + START,
    "a secret's file": "export DB_PASSWORD_FILE=$HOME/.secret\n" + START,
    "an unexported secret": "PASSWORD=1\n" + START,
    "env that keeps the parent": 'exec env -i JPY_PARENT_PID="$JPY_PARENT_PID" /opt/py -m ipykernel_launcher "$@"\n',
    "bound": 'exec apptainer exec -B "$(dirname "$2")" /images/hep.sif python3 -m ipykernel "$@"\n',
    "one argument": 'exec /opt/py -m ipykernel_launcher -f "$1"\n',
    "an assignment splits nothing": 'file=$2\nexec /opt/py -m ipykernel -f "$file"\n',
    "nor does a test": "if [[ $1 != -f ]]; then exit 2; fi\nif [[ -n $1 && -e $2/x ]]; then :; fi\ncase $1 in *) ;; esac\n" + START,
    "numbers": "(($# > 0)) || exit 2\n" + START,
    "a loop": 'for word in "$@"; do :; done\n' + START,
    "what is told about": "cat >&2 <<EOF\nsource x; eval $@; python -m ipykernel $1\nEOF\n" + START,
    "a comment": "# exec python $@ | tee x; set -x\n" + START,
    "a function's own argument": 'need() { [ -e $1 ] || exit 1; ls $1 >&2; }\nneed /opt/x\n' + START,
    "slices": 'a=("${x[@]:1:n[0]}")\nb=${y:0:3}\n' + START,
    "assignments before a command": "A=1 B=2\nunset A B\n" + START,
}  # fmt: skip


def ids(text, **how):
    return [(remark.id, remark.line) for remark in lint.lint(text.encode(), **how).remarks]


@pytest.mark.parametrize("case", FAULTY)
def test_a_fault_is_found_on_its_line(case):
    text, expected = FAULTY[case], case.partition(",")[0]
    if not text.startswith("#!") and expected not in WITHOUT_FIRST_LINE:
        text = "#!/bin/bash\n" + text
    line = next(number for number, each in enumerate(text.split("\n"), 1) if "# <-" in each)
    assert [at for id_, at in ids(text, directly=True) if id_ == expected] == [line]


def test_every_id_has_an_example():
    assert {case.partition(",")[0] for case in FAULTY} == set(TABLE)


@pytest.mark.parametrize("case", GOOD)
def test_a_good_wrapper_has_none(case):
    assert ids("#!/bin/bash\n" + GOOD[case], directly=True) == []


def test_the_wrapper_of_the_talk():
    """Its faults, in a script of the same shape."""
    text = (
        "#!/usr/bin/env bash\nexport ATLAS_LOCAL_ROOT_BASE=/cvmfs/atlas.cern.ch/repo/ATLASLocalRootBase\n"
        "source ${ATLAS_LOCAL_ROOT_BASE}/user/atlasLocalSetup.sh --quiet\n"
        "source ${ATLAS_LOCAL_ROOT_BASE}/utilities/oldAliasSetup.sh root --rootVersion=6.08.06\n"
        "exec /opt/anaconda2/bin/python -m ipykernel_launcher $@\n"
    )
    assert ids(text, directly=True) == [("ignored-failure", 3), ("ignored-failure", 4), ("unquoted-arguments", 5)]
    assert [path for _, path in lint.lint(text.encode()).needs] == [
        "/cvmfs/atlas.cern.ch/repo/ATLASLocalRootBase/user/atlasLocalSetup.sh",
        "/cvmfs/atlas.cern.ch/repo/ATLASLocalRootBase/utilities/oldAliasSetup.sh",
        "/opt/anaconda2/bin/python",
    ]


@pytest.mark.parametrize("value", ["plain", "a b; $(c) `d` $@ \"'\n\\", "ünïcode\x07"])
def test_kernelkits_own_wrappers_are_clean(tmp_path, value):
    """Whatever stands in them, and whichever steps they have."""
    folder = toml(str(tmp_path / value.replace("/", "-")))
    text = script_step(tmp_path / "x.sh") + "".join(
        f'[[steps]]\nuse = "{use}"\n{arguments}\n'
        for use, arguments in {
            "alrb": f'setup = ["root 6.30", {toml(value)}]\noptions = ["-3"]', "basf2": f"release = {toml(value)}",
            "lcg-view": 'view = "LCG_107"\nplatform = "x86_64-el9-gcc13-opt"', "venv": f"path = {folder}",
            "env": f"set = {{ A = {toml(value)}, PYTHONHOME_ = {toml(value)} }}\nprepend = {{ LD_LIBRARY_PATH = {folder} }}",
        }.items()
    )  # fmt: skip
    wrapper = wrapper_of(tmp_path, text, env={"V": value})
    assert ids(wrapper.read_text(), directly=True) == []


def test_a_secret_is_not_shown():
    remarks = lint.lint(b"#!/bin/bash\nexport DB_PASSWORD=hunter2\n" + START.encode()).remarks
    assert [remark.about for remark in remarks] == ["DB_PASSWORD"]


class TestUntrusted:
    @settings(max_examples=300, deadline=None)
    @given(
        st.binary(max_size=400) | st.text(alphabet="$@{}()[]<>'\"`\\|&;!#*=ab1 \n\r\t", max_size=200).map(str.encode)
    )
    def test_any_bytes(self, content):
        for remark in lint.lint(content).remarks:
            assert remark.id in TABLE
            assert remark.about.isprintable()
            assert len(remark.about) <= 200

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.randoms(use_true_random=False), st.sampled_from(sorted(FAULTY)))
    def test_scripts_torn_anywhere(self, chance, case):
        text = bytearray(FAULTY[case].encode())
        for _ in range(4):
            place = chance.randint(0, len(text))
            text[place : place + chance.randint(0, 9)] = chance.choice(
                [b"$(", b"${", b"<<EOF\n", b"'", b'"', b"`", b"((", b"\xff", b""]
            )
        lint.lint(bytes(text))

    @pytest.mark.parametrize("piece", ["(", "$(", "{ ", "${a:-", "if a; then ", "<<A\n", "[[ ", '"$(', "f() {"])
    def test_nested_deep(self, piece):
        lint.lint(piece.encode() * 3000)

    def test_no_part_of_it_is_run(self, home, tmp_path):
        script = tmp_path / "trap.sh"
        touch = f"touch {tmp_path}/ran"
        script.write_text(f"#!/bin/bash\n{touch}\nx=$({touch})\n: `{touch}` ${{y:=$({touch})}} <({touch})\n{START}")
        script.chmod(0o755)
        home.kernelkit("doctor", "--lint", script)
        assert not (tmp_path / "ran").exists()


class TestByHand:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "scripts here"
        (folder / "deep/er").mkdir(parents=True)
        (folder / "good.sh").write_text("#!/bin/bash\n" + START)
        (folder / "deep/er/bad").write_text("#!/bin/bash\n/opt/py -m ipykernel_launcher $@\n")
        (folder / "notes.txt").write_text("exec python $@\n")
        (folder / "loop").symlink_to(folder)
        (folder / "itself.sh").symlink_to(folder / "itself.sh")
        os.mkfifo(folder / "fifo.sh")
        (folder / "large.sh").write_bytes(b"x" * (1 << 20))
        (folder / "binary.sh").write_bytes(bytes(range(256)))
        (folder / "latin.sh").write_bytes(b"#!/bin/bash\n# caf\xe9\n" + START.encode())
        return folder

    def test_a_folder_with_anything_in_it(self, home, folder):
        result = home.kernelkit("doctor", "--lint", folder, "--json")
        assert result.code == 1
        rows = json.loads(result.out)
        assert rows["format"] == 1
        found = {(os.path.relpath(row["file"], folder), row["line"], row["id"]) for row in rows["findings"]}
        assert found == {
            ("deep/er/bad", 2, "no-exec"), ("deep/er/bad", 2, "unquoted-arguments"), ("itself.sh", 1, "unreadable"),
            ("fifo.sh", 1, "unreadable"), ("large.sh", 1, "unreadable"), ("binary.sh", 1, "unreadable"),
        }  # fmt: skip

    def test_text_is_what_an_editor_jumps_by(self, home, folder):
        result = home.kernelkit("doctor", "--lint", folder / "deep/er/bad")
        assert f"{folder}/deep/er/bad:2: fault: " in result.out
        assert "[unquoted-arguments]" in result.out
        assert result.err == "2 faults, 0 warnings, 0 notes\n"

    def test_one_that_takes_too_long_is_left(self, home, folder):
        (folder / "hostile.sh").write_text("<<A\n" * 60_000)
        result = home.kernelkit("doctor", "--timeout", "0.5", "--lint", folder / "hostile.sh")
        assert result.code == 0
        assert result.out.startswith(f"warning: {folder}/hostile.sh: did not answer in time")

    def test_a_good_one(self, home, folder):
        assert home.kernelkit("doctor", "--lint", folder / "good.sh", "--strict").code == 0

    def test_warnings_count_when_asked(self, home, folder):
        (folder / "good.sh").write_text("#!/bin/bash\nset -x\n" + START)
        assert home.kernelkit("doctor", "--lint", folder / "good.sh").code == 0
        assert home.kernelkit("doctor", "--lint", folder / "good.sh", "--strict").code == 1

    @pytest.mark.parametrize("args", [["--lint"], ["x.sh"], ["--lint", "nowhere.sh"], ["--lint", "x", "--server", "y"]])
    def test_what_cannot_be_meant(self, home, args):
        result = home.kernelkit("doctor", *args)
        assert result.code == 2
        assert result.out == ""
