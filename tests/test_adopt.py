"""Hand-written kernelspecs become definitions that give the same environment; the originals stay as they are."""

import hashlib
import json
import os
import sys
import tomllib

import pytest

from kernelkit.adopt.recognise import recognise
from kernelkit.errors import DefinitionError
from kernelkit.sandbox import find_python2

ALRB = "/cvmfs/atlas.cern.ch/repo/ATLASLocalRootBase"
# The example of the talk that this project began with, word for word but for the places of CVMFS and of Python.
TALK_JSON = """{
  "argv": [
    "/usr/local/share/jupyter/kernels/ATLAS/setup.sh",
    "-f",
    "{connection_file}"
  ],
  "display_name": "ATLAS test",
  "language": "python"
}
"""
TALK = """#!/usr/bin/env bash
#
# Set path
#export PATH=/u0b/software/anaconda2/bin:$PATH
#export PATH=/usr/bin:/etc:/usr/sbin:/usr/ucb:$HOME/bin:/usr/bin/X11:/sbin:.

export ATLAS_LOCAL_ROOT_BASE=/cvmfs/atlas.cern.ch/repo/ATLASLocalRootBase
export ALRB_localConfigDir=$HOME/localConfig
source ${ATLAS_LOCAL_ROOT_BASE}/user/atlasLocalSetup.sh --quiet
source ${ATLAS_LOCAL_ROOT_BASE}/utilities/oldAliasSetup.sh root --rootVersion=6.08.06-HiggsComb-x86_64-slc6-gcc49-opt

# python will be in the anaconda2 directory
exec /u0b/software/anaconda2/bin/python -m ipykernel_launcher $@
"""


@pytest.fixture
def handwritten(tmp_path):
    def write(wrapper, document=None, name="mine"):
        folder = tmp_path / name
        folder.mkdir()
        argv = [str(folder / "setup.sh"), "-f", "{connection_file}"]
        text = document or json.dumps({"argv": argv, "display_name": "Mine", "language": "python"})
        (folder / "kernel.json").write_text(text)
        if wrapper is not None:
            (folder / "setup.sh").write_text(wrapper)
            (folder / "setup.sh").chmod(0o755)
        return folder

    return write


def digest(folder):
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in folder.iterdir()
    }


def test_the_talks_own_example(home, sandbox, handwritten, tmp_path):
    """Adopted without a loss, proven equal by running both, and it launches with every check."""
    python = find_python2() or sys.executable
    mount = tmp_path / "cvmfs"  # the original quotes nothing: its CVMFS has no space in its path
    mount.symlink_to(sandbox)
    text = TALK.replace("=/cvmfs", f"={mount}").replace("/u0b/software/anaconda2/bin/python", str(python))
    text = text.replace("x86_64-slc6", f"{os.uname().machine}-slc6")
    folder = handwritten(text, TALK_JSON, "ATLAS")
    before = digest(folder)
    result = home.kernelkit("adopt", folder, "-o", tmp_path / "talk.toml")
    assert result.code == 0, result
    assert "argv names /usr/local/share/jupyter/kernels/ATLAS/setup.sh, which does not exist" in result.err
    assert "variables are the same\n" in result.err
    assert "not kept" not in result.err
    assert digest(folder) == before
    table = tomllib.loads((tmp_path / "talk.toml").read_text())
    assert [step["use"] for step in table["steps"]] == ["env", "alrb"]
    home.ok("install", "--from", tmp_path / "talk.toml", "--cvmfs", mount)
    assert "1 passed" in home.ok("test", "talk")


def test_a_difference_is_seen(home, sandbox, handwritten):
    """What the definition does not do shows when both are run."""
    folder = handwritten(
        f"ulimit -c 0; export BELLE2_NO_TOOLS_CHECK=1\nsource {sandbox}/belle.cern.ch/tools/b2setup light-2603-ina\n".replace(
            "sand böx", r"sand\ böx"
        )
        + 'if true; then export EXTRA=1; fi\nexec python3 -m ipykernel_launcher "$@"\n'
    )
    result = home.kernelkit("adopt", folder)
    assert result.code == 1, result
    assert "setup.sh:3: export EXTRA=1: is done only under a condition" in result.err
    assert "setup.sh:1: ulimit -c 0: is no set-up that is known" in result.err
    assert "differs: EXTRA is not set, and was '1'" in result.err
    assert "# " in result.out
    assert tomllib.loads(result.out)["steps"][0]["release"] == "light-2603-ina"


def test_a_view_of_lcg_is_equal(home, sandbox, handwritten, tmp_path):
    mount = tmp_path / "cvmfs"
    mount.symlink_to(sandbox)
    view = next((sandbox / "sft.cern.ch/lcg/views").glob("LCG_*/*el9*"))
    place = f"{mount}/sft.cern.ch/lcg/views/{view.parent.name}/{view.name}/setup.sh"
    folder = handwritten(
        f'#!/bin/bash\nargs=("$@")\nset --\nsource {place}\nexport OURS="a $ b" PATH=/opt/ours/bin:$PATH\n'
        'exec python3 -m ipykernel_launcher "${args[@]}"\n'.replace("$ b", r"\$ b")
    )
    result = home.kernelkit("adopt", folder)
    assert (result.code, "not kept" in result.err) == (0, False), result
    assert "variables are the same" in result.err


def test_software_that_is_absent_is_not_compared(home, handwritten):
    result = home.kernelkit("adopt", handwritten(TALK, TALK_JSON, "ATLAS"))
    assert result.code == 0
    assert "not compared: " in result.err
    assert tomllib.loads(result.out)["launch"]["python"] == "/u0b/software/anaconda2/bin/python"


def test_a_command_without_a_wrapper(home, handwritten):
    document = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "{{ Mine }}",
        "language": "python", "env": {"A": "1 $$ 2", "PATH": "/opt/x/bin:${PATH}", "B": "${NOWHERE}/b"},
    }  # fmt: skip
    result = home.kernelkit("adopt", handwritten(None, json.dumps(document)))
    assert (result.code, "env: B is made from other variables" in result.err) == (1, True), result
    table = tomllib.loads(result.out)
    assert table["env"] == {"A": "1 $ 2"}
    assert table["steps"] == [{"use": "env", "prepend": {"PATH": "/opt/x/bin"}}]
    assert "variables are the same, 1 are not" in result.err


def test_what_is_refused(home, handwritten, tmp_path):
    folder = handwritten("#!/bin/bash\nexec R --slave -e 'IRkernel::main()' --args $1\n")
    result = home.kernelkit("adopt", folder)
    assert (result.code, "starts no ipykernel" in result.err) == (3, True), result
    assert home.kernelkit("adopt", "nowhere").code == 2
    assert home.kernelkit("adopt", tmp_path / "nowhere").code == 3
    (tmp_path / "there.toml").touch()
    assert home.kernelkit("adopt", folder, "-o", tmp_path / "there.toml").code == 5


END = '\nexec python -m ipykernel_launcher "$@"\n'


@pytest.mark.parametrize(("text", "steps"), [
    ("source /opt/x/setup.sh a 'b c'", [{"use": "script", "path": "/opt/x/setup.sh", "arguments": ["a", "b c"]}]),
    (f"X={ALRB}\n. $X/user/atlasLocalSetup.sh -3 -q\nlsetup 'root 6.30.02' \"xrootd\"\nasetup AnalysisBase,24.2.35",
     [{"use": "alrb", "options": ["-3"], "setup": ["root 6.30.02", "xrootd"], "asetup": ["AnalysisBase,24.2.35"]}]),
    ("setupATLAS\nlocalSetupROOT --rootVersion=6.04.16", [{"use": "alrb", "setup": ["root 6.04.16"]}]),
    ("source /cvmfs/belle.cern.ch/tools/b2setup ''\nb2setup light-2603-ina", [{"use": "basf2", "release": "light-2603-ina"}]),
    ("source /cvmfs/sft.cern.ch/lcg/views/setupViews.sh LCG_107 x86_64-el9-gcc13-opt",
     [{"use": "lcg-view", "view": "LCG_107", "platform": "x86_64-el9-gcc13-opt"}]),
    ("source /cvmfs/sw.hsf.org/key4hep/setup.sh -r 2024-03-10", [{"use": "key4hep", "release": "2024-03-10"}]),
    ("source /opt/root/bin/thisroot.sh", [{"use": "thisroot", "path": "/opt/root"}]),
    ("source /etc/profile.d/modules.sh\nmodule purge\nmodule use /m\nmodule load gcc/12 python\nml root",
     [{"use": "modules", "purge": True, "folders": ["/m"], "load": ["gcc/12", "python", "root"]}]),
    ("source /opt/conda/etc/profile.d/conda.sh\nconda activate ours", [{"use": "conda", "name": "ours"}]),
    ('eval "$(/opt/conda/bin/conda shell.bash hook)"\nconda activate /envs/ours', [{"use": "conda", "prefix": "/envs/ours"}]),
    ("source /opt/miniconda3/bin/activate ours", [{"use": "conda", "name": "ours", "root": "/opt/miniconda3"}]),
    ("source /home/u/venv/bin/activate", [{"use": "venv", "path": "/home/u/venv"}]),
    ("export PATH=/a/bin:$PATH\nexport PATH=/b/bin:${PATH}\nexport LD_LIBRARY_PATH=$LD_LIBRARY_PATH:/a/lib\nexport A=1 B='{{ x }}'",
     [{"use": "env", "prepend": {"PATH": "/b/bin:/a/bin"}, "append": {"LD_LIBRARY_PATH": "/a/lib"}, "set": {"A": "1", "B": "{{ x }}"}}]),
    ("TOP=/opt/x\nexport PYTHONPATH=$TOP/lib${PYTHONPATH:+:$PYTHONPATH}", [{"use": "env", "prepend": {"PYTHONPATH": "/opt/x/lib"}}]),
    ("unset PYTHONPATH\nexport CONFIG=~/.config/x", [{"use": "env", "unset": ["PYTHONPATH"], "home": {"CONFIG": ".config/x"}}]),
    ("set -e\necho hello\nargs=(\"$@\")\nshopt -s nullglob", []),
])  # fmt: skip
def test_shapes_of_the_wild(text, steps):
    found = recognise(text + END, "setup.sh")
    assert list(found.steps) == steps
    assert found.lost == ()


@pytest.mark.parametrize(("text", "line", "why"), [
    ("source ~/.bashrc", 1, "depends on who starts it"),
    ("X=$(ls /opt | tail -1)\nsource /opt/$X/setup.sh", 2, "depends on who starts it"),
    ("export A=$(date)", 1, "cannot be known"),
    ("if [ -d /opt/x ]; then source /opt/x/setup.sh; fi", 1, "only under a condition"),
    ("mkdir -p /tmp/x", 1, "no set-up that is known"), ("asetup", 1, "the folder it is run in"),
    ("module load a\nmodule swap a b", 2, "only use, purge"), ("export A=$UNKNOWN/x", 1, "cannot be known"),
])  # fmt: skip
def test_what_is_lost_is_told_with_its_line(text, line, why):
    (lost,) = recognise(text + END, "setup.sh").lost
    assert (lost.line, why in lost.why) == (line, True), lost


def test_nothing_starts_a_kernel():
    with pytest.raises(DefinitionError, match="no command of it starts a kernel"):
        recognise("echo hello\n", "setup.sh")
