"""The step `modules` with the real Lmod and the real Environment Modules."""

import json
import subprocess
import sys

import pytest
from module_systems import SYSTEMS
from wrappers import BASE, environment, launch, toml, wrapper_of

MODULES = {
    "gcc/12": "setenv GCC_VERSION 12\nprepend-path PATH {/opt/gcc 12/bin}",
    "gcc/13": "setenv GCC_VERSION 13",
    "root/6.30": "setenv ROOTSYS /opt/root",
    "broken/1": "this is no command of modules",
    "python/3": "prepend-path PATH {%s}",
}


@pytest.fixture(params=SYSTEMS)
def init(request):
    path = SYSTEMS[request.param]()
    assert path.exists(), "apt-get install lmod"
    return path


@pytest.fixture
def files(tmp_path):
    """A site's module files, one with a real Python. Lmod takes only ASCII without blanks for the path of a Tcl file."""
    folder = tmp_path / "modulefiles"
    python = tmp_path / "a python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", python], check=True)
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("#%Module1.0\n" + text.replace("%s", str(python / "bin")) + "\n")
    return folder


def step(init, files, **arguments):
    lines = {"use": "modules", "init": str(init), "folders": [str(files)], **arguments}
    return "[[steps]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in lines.items())


def wrapper(folder, *steps):
    return wrapper_of(folder, 'display_name = "x"\n' + "".join(steps))


def test_modules_are_loaded_in_order(tmp_path, init, files):
    found = environment(wrapper(tmp_path, step(init, files, load=["gcc/12 root", "python/3"])), BASE)
    assert (found[b"GCC_VERSION"], found[b"ROOTSYS"]) == (b"12", b"/opt/root")
    assert b"/opt/gcc 12/bin" in found[b"PATH"].split(b":")
    assert b"root/6.30" in found[b"LOADEDMODULES"]


@pytest.mark.parametrize("name", ["nonesuch", "gcc/99", "broken/1", "*", "$(id)", "a'b\"c", ";"])
def test_a_module_that_cannot_be_loaded_ends_it(tmp_path, init, files, name):
    done = launch(wrapper(tmp_path, step(init, files, load=["gcc/13", name])), env=BASE)
    assert done.returncode == 78
    assert f"step 1 of 1, modules: the module {name} was" in done.stderr.decode().splitlines()[-1], done.stderr


def test_what_the_site_loads_for_all_can_be_purged(tmp_path, init, files):
    before = step(init, files, load=["gcc/13"])
    kept = environment(wrapper(tmp_path, before, step(init, files, load=["root"])), BASE)
    purged = environment(wrapper(tmp_path, before, step(init, files, load=["root"], purge=True)), BASE)
    assert kept[b"GCC_VERSION"] == b"13"
    assert b"GCC_VERSION" not in purged
    assert purged[b"ROOTSYS"] == b"/opt/root"


def test_a_collection_is_restored(tmp_path, init, files):
    home = tmp_path / "home"
    home.mkdir()
    script = f'source "{init}"; module use "{files}"; module load gcc/12 root; module save mine'
    done = subprocess.run(["bash", "-c", script], env=BASE | {"HOME": str(home)}, capture_output=True, check=False)
    assert (home / ".config/lmod/mine").exists() or (home / ".module/mine").exists() or done.returncode == 0, done
    found = environment(wrapper(tmp_path, step(init, files, restore="mine")), BASE | {"HOME": str(home)})
    assert found[b"ROOTSYS"] == b"/opt/root"
    done = launch(wrapper(tmp_path, step(init, files, restore="theirs")), env=BASE | {"HOME": str(home)})
    assert done.returncode == 78
    assert "the collection theirs could not be restored" in done.stderr.decode()


def test_the_kernel_runs_the_python_that_a_module_brings(home, init, files):
    env = {"MODULEPATH": str(files), "MODULESHOME": str(init.parent.parent), "LMOD_PKG": ""}
    refused = home.kernelkit("install", "modules", "--load", "gcc/12", **env)
    assert refused.code == 4
    assert "the steps lead to no Python in /opt/gcc 12/bin" in refused.err
    refused = home.kernelkit("install", "modules", "--load", "gcc/12 nonesuch", **env)
    assert refused.code == 4
    assert "the module nonesuch was not loaded" in refused.err
    assert not home.kernels.exists()
    home.ok("install", "modules", "--load", "gcc/12 python/3", **env)
    record = json.loads((home.kernels / "modules-gcc-12-python-3/kernel.json").read_text())
    assert record["metadata"]["kernelkit"]["interpreter"]["path"] == f"{files.parent}/a python/bin/python3"
    assert "1 passed" in home.ok("test", "modules-gcc-12-python-3", **env)
