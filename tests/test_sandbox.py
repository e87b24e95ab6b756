"""The sandbox behaves, for those who source it, as the experiments' own software areas do."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from kernelkit.errors import RefusedError, SoftwareError
from kernelkit.sandbox import build, find_python2

ARCH = platform.machine()
PYTHON3 = ".".join(map(str, sys.version_info[:3]))
OLD = f"6.08.06-HiggsComb-{ARCH}-slc6-gcc49-opt"
NEW = f"6.30.02-{ARCH}-el9-gcc13-opt"
MIDDLE = f"6.20.06-{ARCH}-centos7-gcc8-opt"
ALRB = "atlas.cern.ch/repo/ATLASLocalRootBase"
VIEWS = "sft.cern.ch/lcg/views"
VIEW = f"{VIEWS}/LCG_107/{ARCH}-el9-gcc13-opt"
SETUP = 'source "$ATLAS_LOCAL_ROOT_BASE/user/atlasLocalSetup.sh"'
B2SETUP = 'source "$CVMFS/belle.cern.ch/tools/b2setup"'
LCG = f'source "$CVMFS/{VIEW}/setup.sh"'


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.out.splitlines()[-1]


class Shell:
    """Runs a script with bash as a Jupyter server runs a kernel's wrapper: a file, with arguments."""

    def __init__(self, cvmfs: Path, work: Path):
        self.cvmfs, self.work = cvmfs, work
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(work / "home"),
            "TMPDIR": str(work / "tmp"),
            "LANG": "C.UTF-8",
            "CVMFS": str(cvmfs),
            "ATLAS_LOCAL_ROOT_BASE": str(cvmfs / ALRB),
            "BELLE2_NO_TOOLS_CHECK": "1",
            "BELLE2_SANDBOX_OS": "el9",
        }
        for folder in ("home", "tmp", "here"):
            (work / folder).mkdir()

    def __call__(self, script: str, *arguments: str, options: tuple[str, ...] = (), **environment: str | None) -> Ran:
        file = self.work / "wrapper.sh"
        file.write_text(script + "\n")
        merged = {name: value for name, value in {**self.environment, **environment}.items() if value is not None}
        done = subprocess.run(
            ["bash", *options, str(file), *arguments],
            env=merged, cwd=self.work / "here", capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def python2() -> Path | None:
    return find_python2()


@pytest.fixture(scope="session")
def cvmfs(tmp_path_factory: pytest.TempPathFactory, python2: Path | None) -> Path:
    return build(tmp_path_factory.mktemp("sandbox"), python2=python2, say=lambda _: None)


@pytest.fixture
def shell(cvmfs: Path, tmp_path: Path) -> Shell:
    return Shell(cvmfs, tmp_path)


def duplicate(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)


# Building


def test_build_makes_a_labelled_tree(cvmfs: Path) -> None:
    assert cvmfs.name == "cvmfs"
    assert "Nothing in it is the experiments' software" in (cvmfs / "SANDBOX.txt").read_text()
    scripts = [file for file in cvmfs.rglob("*.sh") if {"site-packages", "dist-packages"}.isdisjoint(file.parts)]
    assert len(scripts) > 20
    assert [file for file in scripts if "kernelkit sandbox" not in file.read_text()[:120]] == []


def test_build_is_small(cvmfs: Path) -> None:
    seen = {(entry.lstat().st_ino, entry.lstat().st_blocks) for entry in cvmfs.rglob("*")}
    assert sum(blocks for _, blocks in seen) * 512 < 150_000_000


def test_no_link_leaves_its_repository(cvmfs: Path) -> None:
    links = [entry for entry in cvmfs.rglob("*") if entry.is_symlink()]
    assert len(links) > 100
    for link in links:
        repository = cvmfs / link.relative_to(cvmfs).parts[0]
        assert not link.readlink().is_absolute()
        assert link.resolve(strict=True).is_relative_to(repository.resolve())


def test_build_refuses_what_is_no_sandbox(tmp_path: Path) -> None:
    (tmp_path / "cvmfs").mkdir()
    (tmp_path / "cvmfs" / "precious").write_text("data")
    with pytest.raises(RefusedError, match=r"SANDBOX\.txt"):
        build(tmp_path, say=lambda _: None)
    assert [entry.name for entry in tmp_path.rglob("*")] == ["cvmfs", "precious"]


def test_build_refuses_a_link_to_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cvmfs").symlink_to("elsewhere")
    with pytest.raises(RefusedError):
        build(tmp_path, say=lambda _: None)


def test_build_again_replaces_the_old_one_and_a_failed_build_leaves_it(tmp_path: Path) -> None:
    said: list[str] = []
    cvmfs = build(tmp_path, say=said.append)
    assert said
    (cvmfs / "mine").write_text("x")
    with pytest.raises(SoftwareError, match="no-such-python"):
        build(tmp_path, python2=tmp_path / "no-such-python", say=said.append)
    assert (cvmfs / "mine").is_file()
    assert build(tmp_path, say=said.append) == cvmfs
    assert not (cvmfs / "mine").exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["cvmfs"]
    # Without a Python 2.7, the names of the old releases' Python do not claim one.
    pythons = {entry.name.split("-")[0] for entry in (cvmfs / ALRB / ARCH / "python").iterdir()}
    assert pythons == {".alrb", PYTHON3}


def test_mapfile_has_the_real_format(cvmfs: Path) -> None:
    lines = (cvmfs / ALRB / ARCH / "root/.alrb/mapfile.txt").read_text().splitlines()
    current, recommended = f"6.28.08-{ARCH}-el9-gcc13-opt", NEW
    assert f"60806|S|{OLD}|{OLD}|" in lines
    assert f"62808|S|{current}|{current}|current|" in lines
    assert f"63002|S|{recommended}|{recommended}|recommended|" in lines
    assert [line.split("|")[2] for line in lines] == sorted(line.split("|")[2] for line in lines)
    assert len(lines) == 6


def test_scripts_pass_shellcheck(cvmfs: Path) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    scripts = [
        str(file) for file in cvmfs.rglob("*")
        if file.is_file() and not file.is_symlink() and b"kernelkit sandbox" in file.read_bytes()[:120]
        and (file.suffix == ".sh" or file.read_bytes().startswith((b"#!/bin/sh", b"#!/bin/bash", b"# shellcheck")))
    ]  # fmt: skip
    # SC2034 and SC2154: variables that one file sets and another reads. SC2181: the real ones' way to ask.
    done = subprocess.run(
        [shellcheck, "-e", "SC2034,SC2154,SC2181", *scripts], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


# Finding a Python 2.7


def program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


def test_find_python2_is_not_taken_in_by_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "shims/python2.7", "#!/bin/sh\necho 'python2.7: command not found' >&2\nexit 127\n")
    program(tmp_path / "bin/python2", f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:{tmp_path / 'bin'}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert find_python2() is None


def test_find_python2_looks_among_pyenvs_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python2: Path | None
) -> None:
    if python2 is None:
        pytest.skip("there is no Python 2.7 here")
    program(tmp_path / "shims/python2.7", "#!/bin/sh\nexit 127\n")
    (tmp_path / "pyenv/versions").mkdir(parents=True)
    (tmp_path / "pyenv/versions/2.7.18").symlink_to(python2.parent.parent)
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    found = find_python2()
    assert found is not None
    assert found.resolve() == python2.resolve()


# ATLAS: setupATLAS


@pytest.mark.parametrize("argument", ["--quiet", "-q", "-3 -q", "-c el9 -q", "-q -p"])
def test_alrb_quiet_says_nothing(shell: Shell, argument: str) -> None:
    ran = shell(f"{SETUP} {argument}; echo rc=$?; type -t lsetup insertPath deletePath; alias setupATLAS")
    lines = ran.out.splitlines()
    assert lines[:4] == ["rc=0", "function", "function", "function"]
    assert "atlasLocalSetup.sh" in lines[4]


def test_alrb_prints_a_coloured_menu_on_stdout(shell: Shell) -> None:
    ran = shell(f'{SETUP} ""; echo rc=$?')
    assert ran.last == "rc=0"
    assert ran.out.count("\x1b[7m") > 3
    assert ran.err == ""


def test_alrb_without_arguments_parses_those_of_the_wrapper(shell: Shell) -> None:
    ran = shell(f"{SETUP}; echo rc=$?; type -t lsetup", "-f", "/run/kernel.json")
    assert ran.out.splitlines()[0] == "rc=64"
    assert "invalid option -- 'f'" in ran.err
    assert "--help" in ran.err


@pytest.mark.parametrize(
    ("switch", "seen"), [(None, "2 -f /run/my dir/kernel.json"), ("1", "0 ")], ids=["survive", "destroyed"]
)
def test_alrb_and_the_arguments_of_the_wrapper(shell: Shell, switch: str | None, seen: str) -> None:
    ran = shell(f'{SETUP} --quiet; echo "$# $*"', "-f", "/run/my dir/kernel.json", ALRB_SANDBOX_NO_NESTED_SOURCE=switch)
    assert ran.out == seen + "\n"


def test_alrb_inside_a_function_keeps_the_arguments(shell: Shell) -> None:
    ran = shell(
        f'f() {{ set --; {SETUP} --quiet; }}; f "$@"; echo "$# $*"', "-f", "x", ALRB_SANDBOX_NO_NESTED_SOURCE="1"
    )
    assert ran.out == "2 -f x\n"


def test_alrb_dies_under_set_u(shell: Shell) -> None:
    ran = shell(f"set -u; {SETUP} --quiet; echo alive")
    assert (ran.code, ran.out) == (1, "")
    assert "ALRB_RELOCATECVMFS: unbound variable" in ran.err


def test_alrb_dies_silently_under_set_e(shell: Shell) -> None:
    assert shell(f"set -e; {SETUP} --quiet; echo alive") == (1, "", "")


def test_alrb_bears_pipefail_and_a_masked_set_e(shell: Shell) -> None:
    assert shell(f"set -o pipefail; {SETUP} --quiet; echo alive").out == "alive\n"
    assert shell(f"set -e; {SETUP} --quiet || exit 3; echo alive").out == "alive\n"


def test_alrb_sets_its_variables_and_leaves_path_alone(shell: Shell) -> None:
    ran = shell(f"{SETUP} -q; env -0")
    variables = dict(item.split("=", 1) for item in ran.out.split("\0") if "=" in item)
    assert variables["PATH"] == "/usr/bin:/bin"
    assert variables["ATLAS_LOCAL_ROOT"] == str(shell.cvmfs / ALRB / ARCH)
    assert variables["ATLAS_LOCAL_ROOT_ARCH"] == ARCH
    assert variables["ATLAS_LOCAL_SETUP_OPTIONS"] == "-q"
    assert variables["ALRB_SFT_LCG"] == str(shell.cvmfs / "sft.cern.ch/lcg")
    for name in ("ALRB_OSTYPE", "ALRB_OSMAJORVER", "ALRB_RHVER", "ALRB_SHELL", "ALRB_availableTools", "MANPATH"):
        assert variables[name]
    assert not {"PYTHONPATH", "LD_LIBRARY_PATH", "ROOTSYS"} & variables.keys()


def test_alrb_writes_below_home_and_tmpdir(shell: Shell) -> None:
    ran = shell(f'{SETUP} -q; lsetup "root {NEW}" -q; echo "$ALRB_SCRATCH|$ALRB_tmpScratch|$(id -un)"')
    scratch, temporary, user = ran.last.split("|")
    assert scratch == str(shell.work / "home/.alrb")
    assert temporary == str(shell.work / "tmp" / user / ".alrb")
    assert (Path(temporary) / "localSetup").is_dir()


def test_alrb_sources_the_users_scripts_last(shell: Shell) -> None:
    (shell.work / "localPostUserSetup.sh").write_text('echo "post $ATLAS_LOCAL_ROOT_ARCH"\n')
    assert shell(f"{SETUP} -q", ALRB_localConfigDir=str(shell.work)).out == f"post {ARCH}\n"
    assert shell(f"{SETUP} -q -p", ALRB_localConfigDir=str(shell.work)).out == ""


def test_alrb_on_an_unsupported_architecture(shell: Shell, tmp_path: Path) -> None:
    base = tmp_path / "elsewhere"
    duplicate(shell.cvmfs / ALRB, base)
    (base / ARCH).rename(base / "pdp11")
    ran = shell(f"{SETUP} -q; echo rc=$?", ATLAS_LOCAL_ROOT_BASE=str(base))
    assert "is this architecture supported ?" in ran.out
    assert ran.last == "rc=64"


def test_setupatlas_is_no_command(shell: Shell) -> None:
    assert shell("setupATLAS -q").code == 127


# ATLAS: lsetup


def test_lsetup_sets_root_with_its_python_and_compiler(shell: Shell) -> None:
    ran = shell(
        f'{SETUP} -q; lsetup "root {NEW}" -q; echo rc=$?; env -0',
        PYTHONPATH="/mine", LD_LIBRARY_PATH="/mine",
    )  # fmt: skip
    assert ran.out.startswith("rc=0\n")
    variables = dict(item.split("=", 1) for item in ran.out.split("\n", 1)[1].split("\0") if "=" in item)
    tools = shell.cvmfs / ALRB / ARCH
    root, python = tools / "root" / NEW, tools / f"python/{PYTHON3}-{ARCH}-el9-gcc13-opt"
    assert variables["ROOTSYS"] == str(root)
    assert variables["PATH"] == f"{root}/bin:{python}/bin:/usr/bin:/bin"
    assert variables["LD_LIBRARY_PATH"] == f"{root}/lib:{python}/lib:/mine"
    assert variables["PYTHONPATH"] == f"{root}/lib:/mine"
    assert variables["ATLAS_LOCAL_CERNROOT_VERSION"] == NEW
    assert variables["ATLAS_LOCAL_PYTHON_VERSION"] == python.name
    assert variables["ATLAS_LOCAL_GCC_VERSION"] == f"gcc1310_{ARCH}_el9"
    assert variables["rootCmtConfig"] == f"{ARCH}-el9-gcc13-opt"
    assert variables["ALRB_requestedVersions"].startswith(f"root:{NEW} ")
    assert variables["SSL_CERT_DIR"].startswith(str(shell.cvmfs))
    assert "PYTHONHOME" not in variables


def test_lsetup_again_takes_the_old_root_out(shell: Shell) -> None:
    ran = shell(
        f'{SETUP} -q; lsetup "root {NEW}" -q; lsetup "root {MIDDLE}" -q; echo "$PATH:$LD_LIBRARY_PATH:$PYTHONPATH"'
    )
    assert NEW not in ran.out
    assert ran.out.count(MIDDLE) == 3


def test_lsetup_is_noisy_on_stdout(shell: Shell) -> None:
    ran = shell(f'{SETUP} -q; lsetup "root {NEW}"')
    assert len(ran.out.splitlines()) >= 10
    assert "\x1b[4m" in ran.out
    assert ran.err == ""
    assert shell(f'{SETUP} -q; lsetup "root {NEW}" -q').out == ""


def test_lsetup_of_an_unknown_release_complains_on_stdout(shell: Shell) -> None:
    ran = shell(f'{SETUP} -q; lsetup "root 9.99.99-{ARCH}-el9-gcc13-opt" -q; echo "rc=$? $ROOTSYS"')
    assert "unable to find" in ran.out
    assert (ran.last, ran.err) == ("rc=64 ", "")


def test_lsetup_reads_the_map_and_not_the_folders(shell: Shell, tmp_path: Path) -> None:
    base = tmp_path / "base"
    duplicate(shell.cvmfs / ALRB, base)
    mapfile = base / ARCH / "root/.alrb/mapfile.txt"
    lines = [line for line in mapfile.read_text().splitlines(keepends=True) if NEW not in line]
    mapfile.unlink()
    mapfile.write_text("".join(lines))
    ran = shell(f'{SETUP} -q; lsetup "root {NEW}" -q; echo rc=$?', ATLAS_LOCAL_ROOT_BASE=str(base))
    assert (base / ARCH / "root" / NEW).is_dir()
    assert ran.last == "rc=64"


@pytest.mark.parametrize(
    ("words", "version"),
    [("root", "6.28.08"), ("root current", "6.28.08"), ("root recommended", "6.30.02"), ("root 6.28.08", "6.28.08")],
)
def test_lsetup_knows_defaults_and_unique_parts(shell: Shell, words: str, version: str) -> None:
    ran = shell(f'{SETUP} -q; lsetup "{words}" -q; root-config --version', ALRB_SANDBOX_OSMAJOR="9")
    assert ran.out == version.replace("6.28.", "6.28/") + "\n"


def test_lsetup_without_a_version_where_one_is_only_recommended(shell: Shell, tmp_path: Path) -> None:
    base = tmp_path / "base"
    duplicate(shell.cvmfs / ALRB, base)
    mapfile = base / ARCH / "root/.alrb/mapfile.txt"
    text = mapfile.read_text().replace("|current|", "|")
    mapfile.unlink()
    mapfile.write_text(text)
    ran = shell(f"{SETUP} -q; lsetup root -q; echo rc=$?", ATLAS_LOCAL_ROOT_BASE=str(base))
    assert f'lsetup "root {NEW}"' in ran.out
    assert ran.last == "rc=64"
    ran = shell(
        f"{SETUP} -q; lsetup root -q; echo rc=$? $ROOTSYS", ATLAS_LOCAL_ROOT_BASE=str(base), ALRB_rootVersion=OLD
    )
    assert ran.last == f"rc=0 {base}/{ARCH}/root/{OLD}"


def test_lsetup_refuses_newer_systems_by_the_old_tags_only(shell: Shell) -> None:
    script = f'{SETUP} -q; lsetup "root $1" -q; echo rc=$?'
    ran = shell(script, MIDDLE, ALRB_SANDBOX_OSMAJOR="6")
    assert "You are trying to setup version" in ran.out
    assert ran.last == "rc=64"
    assert shell(script, MIDDLE, ALRB_SANDBOX_OSMAJOR="7").last == "rc=0"
    assert shell(script, NEW, ALRB_SANDBOX_OSMAJOR="6").last == "rc=0"


def test_lsetup_of_an_unknown_tool(shell: Shell) -> None:
    ran = shell(f"{SETUP} -q; lsetup rout -q; echo rc=$?")
    assert "unknown tool: rout" in ran.err
    assert ran.last == "rc=64"


def test_lsetup_views(shell: Shell) -> None:
    ran = shell(f'{SETUP} -q; lsetup "views LCG_107 {ARCH}-el9-gcc13-opt" -q; echo "rc=$? $LCG_VERSION $PYTHONHOME"')
    assert ran.last.startswith(f"rc=0 LCG_107 {shell.cvmfs}/sft.cern.ch/lcg/releases/Python")
    assert shell(f'{SETUP} -q; lsetup "views LCG_1 {ARCH}" -q; echo rc=$?').last == "rc=64"


def test_old_alias_setup(shell: Shell) -> None:
    old = 'source "$ATLAS_LOCAL_ROOT_BASE/utilities/oldAliasSetup.sh"'
    ran = shell(f"{SETUP} -q; {old} root --rootVersion={OLD} >/dev/null; echo rc=$? $ROOTSYS")
    assert ran.last == f"rc=0 {shell.cvmfs}/{ALRB}/{ARCH}/root/{OLD}"
    ran = shell(f"{SETUP} -q; {old}; echo rc=$?", "-f", "/run/kernel.json")
    assert "unknown tool: -f" in ran.err
    assert ran.last == "rc=64"


def test_root_config_and_thisroot(shell: Shell) -> None:
    root = shell.cvmfs / ALRB / ARCH / "root" / OLD
    ran = shell(f'source "{root}/bin/thisroot.sh"; echo "$ROOTSYS"; root-config --version --prefix', "-f", "x")
    assert ran.out == f"{root}\n6.08/06 {root}\n"
    ran = shell(f'source "{root}/bin/thisroot.sh" ""; echo "rc=$? $ROOTSYS"')
    assert ran.out == f"rc=0 {shell.work}\n"


# Interpreters

FACTS = """\
import json, sys
mapped = [line.split(None, 5)[-1].strip() for line in open("/proc/self/maps")]
had = []
for name in "ssl ctypes sqlite3 bz2 lzma zlib".split():
    try:
        __import__(name)
        had.append(name)
    except ImportError:
        pass
print(json.dumps([sys.prefix, list(sys.version_info[:3]), had, [name for name in mapped if ".so" in name]]))
"""


def facts(ran: Ran) -> tuple[Path, list[int], list[str], list[str]]:
    prefix, version, had, mapped = json.loads(ran.last)
    return Path(prefix), version, had, mapped


def host_modules(python: str) -> list[str]:
    done = subprocess.run([python, "-E", "-c", FACTS], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[2]


ENVIRONMENTS = {
    "alrb": f'{SETUP} -q; lsetup "root {NEW}" -q',
    "basf2": f"{B2SETUP} light-2603-ina >/dev/null",
    "lcg": LCG,
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_interpreters_are_whole_and_their_own(shell: Shell, name: str) -> None:
    (shell.work / "facts.py").write_text(FACTS)
    script = f'f() {{ set --; {ENVIRONMENTS[name]}; }}; f; python3 "{shell.work}/facts.py"'
    ran = shell(script, HOME=str(shell.work / "gone"))
    prefix, version, had, mapped = facts(ran)
    assert prefix.is_relative_to(shell.cvmfs)
    assert version == list(sys.version_info[:3])
    assert had == host_modules(sys.executable)
    host = Path(sys.base_prefix)
    if host != Path("/usr"):
        assert [library for library in mapped if Path(library).is_relative_to(host)] == []


def test_interpreters_run_without_any_environment(shell: Shell) -> None:
    python = shell.cvmfs / ALRB / ARCH / f"python/{PYTHON3}-{ARCH}-slc6-gcc62-opt/bin/python3"
    done = subprocess.run([python, "-c", FACTS], env={}, capture_output=True, text=True, check=True)
    prefix, _, _, mapped = facts(Ran(0, done.stdout, done.stderr))
    assert prefix == python.parent.parent
    if Path(sys.base_prefix) != Path("/usr"):
        assert [library for library in mapped if Path(library).is_relative_to(sys.base_prefix)] == []


def test_old_releases_run_python_2(shell: Shell, python2: Path | None) -> None:
    if python2 is None:
        pytest.skip("there is no Python 2.7 here")
    (shell.work / "facts.py").write_text(FACTS)
    ran = shell(f'{SETUP} -q; lsetup "root {OLD}" -q; python2.7 -V; python "{shell.work}/facts.py"')
    prefix, version, had, _ = facts(ran)
    assert prefix.is_relative_to(shell.cvmfs)
    assert version[:2] == [2, 7]
    assert had == host_modules(str(python2))


@pytest.mark.parametrize(("release", "shown", "number"), [(OLD, "6.08/06", 60806), (NEW, "6.30.02", 63002)])
def test_the_stand_in_root_works(shell: Shell, release: str, shown: str, number: int) -> None:
    program = (
        "import ROOT; h = ROOT.TH1F('h', 'a < b', 10, 0., 10.); c = ROOT.TCanvas('c', 'c', 300, 200);"
        "[h.Fill(x) for x in (1, 2, 3, 11)]; h.Draw(); c.Draw();"
        "print('%s %d %g %g %g' % (ROOT.gROOT.GetVersion(), ROOT.gROOT.GetVersionInt(), h.GetEntries(), h.GetMean(),"
        " h.GetBinContent(11)))"
    )
    ran = shell(f'{SETUP} -q; lsetup "root {release}" -q; python -c "{program}"')
    assert ran.last == f"{shown} {number} 4 2 1"
    assert "sandbox TCanvas" in ran.out


@pytest.mark.parametrize(("name", "has_kernel"), [("alrb", False), ("basf2", True), ("lcg", True)])
def test_who_brings_a_jupyter_kernel(shell: Shell, name: str, has_kernel: bool) -> None:
    script = f"f() {{ set --; {ENVIRONMENTS[name]}; }}; f; python3 -m ipykernel_launcher --version"
    ran = shell(script)
    assert (ran.code == 0) is has_kernel
    if has_kernel:
        assert re.match(r"\d+\.\d+", ran.out)
    else:
        assert "ipykernel_launcher" in ran.err


def test_the_kernel_that_comes_along_completes(shell: Shell) -> None:
    program = "from IPython.core.completer import provisionalcompleter as p; import jedi, zmq, debugpy; "
    program += "print([c.name for c in jedi.Script('import json; json.du').complete()])"
    ran = shell(f'{B2SETUP} light-2603-ina >/dev/null; python3 -c "{program}"')
    assert ran.last == "['dump', 'dumps']"


# Belle II


def test_b2setup_sets_up_a_release(shell: Shell) -> None:
    ran = shell(f"{B2SETUP} light-2603-ina >&2; echo rc=$?; env -0", "-f", "x", VO_BELLE2_SW_DIR=None)
    variables = dict(item.split("=", 1) for item in ran.out.split("\n", 1)[1].split("\0") if "=" in item)
    belle = shell.cvmfs / "belle.cern.ch"
    assert ran.out.startswith("rc=0\n")
    assert variables["BELLE2_TOOLS"] == str(belle / "tools")
    assert variables["VO_BELLE2_SW_DIR"] == str(belle / "el9")
    assert variables["BELLE2_RELEASE"] == "light-2603-ina"
    assert variables["BELLE2_RELEASE_DIR"] == str(belle / "el9/releases/light-2603-ina")
    assert variables["BELLE2_EXTERNALS_VERSION"] == "v02-00-02"
    assert variables["BELLE2_SUBDIR"] == f"Linux_{ARCH}/opt"
    assert variables["JUPYTER_CONFIG_DIR"] == str(shell.work / "home/.jupyter")
    for name in ("BELLE2_ARCH", "BELLE2_USER", "BELLE2_DOWNLOAD", "ROOTSYS", "ROOT_INCLUDE_PATH", "G4LEDATA",
                 "GIT_EXEC_PATH", "PYTHIA8DATA", "EPICS_BASE"):  # fmt: skip
        assert variables[name]


def test_b2setup_alone_sets_up_tools_only(shell: Shell) -> None:
    ran = shell(f'{B2SETUP} ""; echo "rc=$? $BELLE2_RELEASE $(type -t b2setup)"')
    assert ran.last == "rc=0  function"
    assert "Belle II software tools set up at:" in ran.out


def test_b2setup_masks_a_missing_release(shell: Shell) -> None:
    tools = "$CVMFS/belle.cern.ch/tools"
    message = "Error: No central release release-99-00-00 found."
    ran = shell(f'source "{tools}/b2setup" release-99-00-00; echo "rc=$? $BELLE2_RELEASE"')
    assert ran.last == "rc=0 "
    assert message in ran.err
    ran = shell(f'source "{tools}/b2setup.sh" release-99-00-00; echo "rc=$?"')
    assert ran.last == "rc=1"
    ran = shell(f'source "{tools}/b2setup" ""; b2setup release-99-00-00; echo "rc=$?"')
    assert ran.last == "rc=1"
    assert message in ran.err


def test_b2setup_takes_the_arguments_of_the_wrapper(shell: Shell) -> None:
    ran = shell(f'{B2SETUP}; echo "rc=$? $BELLE2_RELEASE"', "-f", "/run/kernel.json")
    assert "unrecognized arguments: -f" in ran.err
    assert ran.last == "rc=0 "


def test_b2setup_dies_under_set_u_and_set_e(shell: Shell) -> None:
    ran = shell(f'set -u; {B2SETUP} ""; echo alive')
    assert "BELLE2_CONFIG_DIR: unbound variable" in ran.err
    assert (ran.code, ran.out) == (1, "")
    assert shell(f'set -e; {B2SETUP} ""; echo alive').code == 128


def test_b2setup_overwrites_pythonpath(shell: Shell) -> None:
    ran = shell(f"{B2SETUP} light-2603-ina; echo $PYTHONPATH", PYTHONPATH="/mine")
    assert "Warning: Changing existing PYTHONPATH from /mine" in ran.out
    assert "/mine" not in ran.last


def test_b2setup_waits_for_a_server_unless_told_not_to(shell: Shell) -> None:
    program(shell.work / "fake/sleep", f'#!/bin/sh\necho "$@" >>"{shell.work}/slept"\n')
    path = f"{shell.work}/fake:/usr/bin:/bin"
    ran = shell(f'{B2SETUP} ""', PATH=path, BELLE2_NO_TOOLS_CHECK=None)
    assert (shell.work / "slept").read_text() == "30\n"
    assert "Could not access remote git repository" in ran.out
    ran = shell(f'{B2SETUP} ""', PATH=path)
    assert (shell.work / "slept").read_text() == "30\n"
    assert "remote git" not in ran.out


def test_b2setup_chooses_the_folder_of_the_system(shell: Shell) -> None:
    script = f'{B2SETUP} "$1" >/dev/null; echo "$VO_BELLE2_SW_DIR $BELLE2_RELEASE"'
    belle = shell.cvmfs / "belle.cern.ch"
    seen = {
        (system, release): shell(script, release, BELLE2_SANDBOX_OS=system).last
        for system in ("el9", "ubuntu2404", "debian12")
        for release in ("release-08-02-06", "release-09-00-15")
    }
    assert seen["el9", "release-08-02-06"] == f"{belle}/el9 release-08-02-06"
    assert seen["ubuntu2404", "release-08-02-06"] == f"{belle}/ubuntu2404 "
    assert seen["ubuntu2404", "release-09-00-15"] == f"{belle}/ubuntu2404 release-09-00-15"
    assert seen["debian12", "release-09-00-15"] == f"{belle}/el9 release-09-00-15"


def test_b2setup_reads_scripts_of_the_current_folder(shell: Shell) -> None:
    (shell.work / "here/b2presetup.sh").write_text("echo injected\n")
    assert shell(f'{B2SETUP} ""').out.startswith("injected\n")


def test_b2setup_again_changes_the_release(shell: Shell) -> None:
    ran = shell(f"{B2SETUP} light-2603-ina; b2setup light-2601-hyperion; echo $BELLE2_RELEASE $PYTHONPATH $PATH")
    assert ran.last.startswith("light-2601-hyperion ")
    assert "light-2603-ina" not in ran.last


def test_b2setup_warns_of_the_encoding(shell: Shell) -> None:
    assert "not UTF-8" in shell(f'{B2SETUP} ""', LANG="C").out
    assert "not UTF-8" not in shell(f'{B2SETUP} ""').out


@pytest.mark.parametrize("release", ["release-08-02-06", "release-09-00-15", "light-2601-hyperion", "light-2603-ina"])
def test_the_stand_in_basf2_works(shell: Shell, release: str) -> None:
    program = (
        "import basf2, ROOT; p = basf2.create_path(); p.add_module('EventInfoSetter'); print(basf2.version.release)"
    )
    ran = shell(f'{B2SETUP} {release} >/dev/null; python3 -c "{program}"; command -v python3')
    python = f"{shell.cvmfs}/belle.cern.ch/el9/externals/v0[12]-..-../Linux_{ARCH}/common/bin/python3"
    assert ran.out.splitlines()[0] == release
    assert re.fullmatch(python, ran.last)


def test_b2execute_splits_arguments(shell: Shell) -> None:
    ran = shell(
        '"$CVMFS/belle.cern.ch/tools/b2execute" -x python3 light-2603-ina '
        '-c "import\\ sys\\;print\\(sys.argv\\)" "/my dir/c"'
    )
    assert ran.last == "['-c', '/my', 'dir/c']"


def test_the_recommended_release_exists(shell: Shell) -> None:
    ran = shell('"$CVMFS/belle.cern.ch/tools/b2help-releases"')
    assert (shell.cvmfs / "belle.cern.ch/el9/releases" / ran.out.strip()).is_dir()
    names: dict[str, object] = {}
    exec((shell.cvmfs / "belle.cern.ch/versioning/versioning.py").read_text(), names)
    assert names["_recommended_release"] == ran.out.strip()
    for name in ("_supported_releases", "_supported_pre_releases", "_supported_light_releases"):
        assert names[name]


# LCG


def test_a_view_sets_its_environment(shell: Shell) -> None:
    ran = shell(f"{LCG}; echo rc=$?; env -0", "-f", "/run/kernel.json")
    variables = dict(item.split("=", 1) for item in ran.out.split("\n", 1)[1].split("\0") if "=" in item)
    view, releases = shell.cvmfs / VIEW, shell.cvmfs / "sft.cern.ch/lcg/releases"
    assert ran.out.startswith("rc=0\n")
    assert variables["LCG_VERSION"] == "LCG_107"
    assert variables["PATH"] == f"{view}/bin:/usr/bin:/bin"
    assert variables["PYTHONHOME"] == f"{releases}/Python/{PYTHON3}/{ARCH}-el9-gcc13-opt"
    assert variables["ROOTSYS"] == f"{releases}/ROOT/6.34.02/{ARCH}-el9-gcc13-opt"
    assert variables["JUPYTER_PATH"] == f"{view}/etc/notebook:{view}/share/jupyter"
    assert f"{view}/lib" in variables["PYTHONPATH"]
    assert f"{view}/lib" in variables["LD_LIBRARY_PATH"]
    assert variables["CLING_STANDARD_PCH"] == "none"


@pytest.mark.parametrize("argument", ['""', "light"])
def test_a_view_sourced_with_an_argument_is_the_current_folder(shell: Shell, argument: str) -> None:
    ran = shell(f'{LCG} {argument}; echo "rc=$? ${{PATH%%:*}} [$PYTHONHOME]"')
    assert ran.last == f"rc=0 {shell.work}/here/bin []"


def test_a_view_dies_under_set_u(shell: Shell) -> None:
    ran = shell(f"set -u; {LCG}; echo alive")
    assert "COMPILER: unbound variable" in ran.err
    assert ran.out == ""


def test_a_view_leaves_ifs_changed(shell: Shell) -> None:
    assert shell(f"{LCG}; printf '%q' \"$IFS\"").out == r"$'\n'"


def test_a_view_breaks_other_pythons(shell: Shell, python2: Path | None) -> None:
    if python2 is None:
        pytest.skip("there is no Python of another version here")
    ran = shell(f'{LCG}; "{python2}" -c "print(1)"')
    assert ran.code != 0
    assert shell(f'{LCG}; python3 -c "import ROOT; print(ROOT.gROOT.GetVersion())"').out == "6.34.02\n"


def test_setup_views(shell: Shell) -> None:
    views = f'source "$CVMFS/{VIEWS}/setupViews.sh"'
    ran = shell(f'{views} LCG_88 {ARCH}-slc6-gcc49-opt; echo "rc=$? $LCG_VERSION"; root-config --version')
    assert ran.out == "rc=0 LCG_88\n6.08/06\n"
    ran = shell(f"{views} LCG_999 {ARCH}-el9-gcc13-opt; echo rc=$?")
    assert "LCG_107" in ran.out
    assert ran.last == "rc=1"
    assert shell(f"{views}; echo rc=$?").last == "rc=1"


def test_a_view_offers_kernelspecs(cvmfs: Path) -> None:
    root = json.loads((cvmfs / VIEW / "etc/notebook/kernels/root/kernel.json").read_text())
    assert root["language"] == "c++"
    assert "JupyROOT.kernel.rootkernel" in root["argv"]
    python = json.loads((cvmfs / VIEW / "share/jupyter/kernels/python3/kernel.json").read_text())
    assert python["argv"][0] == "python3"


# Elsewhere


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_moved_tree_works(cvmfs: Path, tmp_path: Path, name: str) -> None:
    moved = tmp_path / "eine wälzende Kopie $HOME 'ß'" / "cvmfs"
    moved.parent.mkdir()
    duplicate(cvmfs, moved)
    shell = Shell(moved, tmp_path)
    (tmp_path / "facts.py").write_text(FACTS)
    script = f'f() {{ set --; {ENVIRONMENTS[name]}; }}; f; python3 -c "import ROOT"; python3 "{tmp_path}/facts.py"'
    ran = shell(script)
    prefix, _, had, mapped = facts(ran)
    assert ran.err == ""
    assert prefix.is_relative_to(moved)
    assert had == host_modules(sys.executable)
    assert [library for library in mapped if library.startswith(str(cvmfs))] == []


def test_a_delay_can_be_asked_for(shell: Shell) -> None:
    program(shell.work / "fake/sleep", f'#!/bin/sh\necho "$@" >>"{shell.work}/slept"\n')
    for script in (f"{SETUP} -q", f'{B2SETUP} ""', LCG):
        shell(script, PATH=f"{shell.work}/fake:/usr/bin:/bin", SANDBOX_DELAY="7")
    assert (shell.work / "slept").read_text() == "7\n7\n7\n"
