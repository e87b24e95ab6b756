"""Kernels in containers: what each runtime is told, and kernels that really run in one."""

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_steps import failed, step, wrapper, write
from wrappers import BASE, environment, launch, toml

STUB = '#!/bin/bash\nprintf "%s\\0" "$@" >"$0.arguments"\nprintf %s "$KERNELKIT_CONTAINER$JPY_PARENT_PID" >"$0.saw"\n'


@pytest.fixture
def runtime(tmp_path):
    """A stand-in for a runtime of that name, which writes down what it is told."""

    def make(name):
        program = write(tmp_path / "a bin" / name, STUB)
        program.chmod(0o755)
        return program

    return make


def told(program):
    return program.with_name(program.name + ".arguments").read_text().split("\0")[:-1]


@pytest.fixture
def start(tmp_path):
    """Launch a kernel's wrapper in a notebook's folder, as Jupyter does."""
    for folder in ("note books", "run time", "home"):
        (tmp_path / folder).mkdir()
    connection = write(tmp_path / "run time/kernel 1.json", "{}")

    def launched(*steps, **incoming):
        path = wrapper(tmp_path, *steps)
        env = BASE | {"HOME": str(tmp_path / "home"), "JPY_PARENT_PID": "77"} | incoming
        return launch(path, "-f", str(connection), env=env, cwd=tmp_path / "note books"), path, connection

    return launched


@pytest.mark.parametrize("name", ["apptainer", "singularity"])
def test_what_apptainer_is_told(tmp_path, runtime, start, name):
    program = runtime(name)
    text = step(
        "container",
        image="docker://some/image:1",
        runtime=str(program),
        nv=True,
        binds=[str(tmp_path / "a bin")],
        options=["--cleanenv"],
    )
    _, path, connection = start(text)
    arguments = told(program)
    assert arguments[:3] == ["exec", "--pwd", str(tmp_path / "note books")]
    binds = [word.removeprefix("--bind=") for word in arguments if word.startswith("--bind=")]
    for folder in ("note books", "run time", "home", "a bin"):
        assert str(tmp_path / folder) in binds
    assert len(set(binds)) == len(binds)
    assert arguments[3 + len(binds) :] == [
        "--nv",
        "--cleanenv",
        "docker://some/image:1",
        "/bin/bash",
        "-p",
        str(path),
        "-f",
        str(connection),
    ]
    assert program.with_name(f"{name}.saw").read_text().endswith("77")


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_what_docker_is_told(tmp_path, runtime, start, name):
    import os

    program = runtime(name)
    _, path, connection = start(
        step("container", image="some/image:1", runtime=str(program), nv=True), LD_PRELOAD="", PYTHONHOME="/server"
    )
    arguments = told(program)
    assert arguments[:6] == ["run", "--rm", "--interactive", "--network=host", "--pid=host", "--workdir"]
    assert f"{tmp_path}/run time:{tmp_path}/run time" in arguments
    passed = [word for option, word in itertools.pairwise(arguments) if option == "--env"]
    assert {"JPY_PARENT_PID", "HOME", "KERNELKIT_CONTAINER"} <= set(passed)
    assert not {"PATH", "PYTHONHOME", "LD_PRELOAD"} & set(passed)
    assert ("--user" in arguments and f"{os.getuid()}:{os.getgid()}" in arguments) is (name == "docker")
    assert ("--gpus" in arguments) is (name == "docker")
    assert arguments[arguments.index("--entrypoint") :] == [
        "--entrypoint",
        "/bin/bash",
        "some/image:1",
        "-p",
        str(path),
        "-f",
        str(connection),
    ]


def test_what_is_wrong_is_said(tmp_path, runtime):
    assert "the image /none.sif is not there" in failed(
        wrapper(tmp_path, step("container", image="/none.sif", runtime=str(runtime("apptainer"))))
    )
    assert "nope was looked for" in failed(wrapper(tmp_path, step("container", image="x", runtime="nope")))
    colon = tmp_path / "a:b"
    colon.mkdir()
    text = step("container", image="x", runtime=str(runtime("podman")), binds=[str(colon)])
    assert "its name has a colon or a comma" in failed(wrapper(tmp_path, text))
    (tmp_path / "file.sif").touch()
    text = step("container", image=str(tmp_path / "file.sif"), runtime=str(runtime("bwrap")))
    assert "bwrap runs unpacked images alone" in failed(wrapper(tmp_path, text))


def test_alrbs_own_container_gets_a_payload(tmp_path, start):
    """A stand-in for ALRB's script, which evaluates the payload in a child and in another folder."""
    setup = tmp_path / "cvmfs/atlas.cern.ch/repo/ATLASLocalRootBase/user/atlasLocalSetup.sh"
    write(
        setup,
        'if [ "$2" = -c ]; then echo "starting $3"; (cd /; env -i ALRB_CONT_RUNPAYLOAD="$ALRB_CONT_RUNPAYLOAD" INSIDE="$3" BOUND="$ALRB_CONT_CMDOPTS" PATH="$PATH" /bin/bash -c \'eval $ALRB_CONT_RUNPAYLOAD\'); fi\n',
    )
    path = wrapper(tmp_path, step("alrb", container="centos7"), cvmfs=str(tmp_path / "cvmfs"))
    given = {"HOME": str(tmp_path / "home"), "JPY_PARENT_PID": "77", "ODD": "it's  a *\n$(id)"}
    found = environment(path, BASE | given, cwd=tmp_path / "note books")
    assert {name: found[name.encode()].decode() for name in given} == given
    assert found[b"INSIDE"] == b"centos7"
    assert found[b"PWD"].decode() == str(tmp_path / "note books")
    assert f"{tmp_path}/note\\ books" in found[b"BOUND"].decode()
    assert b"KERNELKIT_CONTAINER" not in found


def rootfs(folder):
    """An unpacked image that borrows this machine's programs: what is in it itself is nearly nothing."""
    for name in ("usr", "etc", "opt", "proc", "dev", "tmp", "marker"):
        (folder / name).mkdir(parents=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            (folder / name).symlink_to(f"usr/{name}")
        elif Path("/", name).exists():
            (folder / name).mkdir()
    return folder


def podman_works(image):
    """Whether this machine lets podman run anything: in a container of its own it often may not."""
    argv = ["podman", "run", "--rm", *PODMAN, "--network=host", "--pid=host", "--rootfs", image, "/bin/true"]
    return (
        shutil.which("podman") and subprocess.run(argv, capture_output=True, check=False, timeout=120).returncode == 0
    )


PODMAN = [
    "--runtime=runc",
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1000:1000",
    "--volume=/usr:/usr:ro",
    "--volume=/etc:/etc:ro",
]
BWRAP = ["--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"]


@pytest.mark.parametrize("name", ["bwrap", "podman"])
def test_a_kernel_really_runs_in_one(home, tmp_path, name):
    image = rootfs(tmp_path / "an image")
    if name == "podman" and not podman_works(image):
        pytest.skip("podman may run nothing here")
    text = "".join([
        'display_name = "inside"\n', step("env", set={"SET": "inside"}),
        step("container", image=str(image), runtime=name, binds=sorted({sys.prefix, sys.base_prefix, "/tmp"}), options=BWRAP if name == "bwrap" else PODMAN),
        f"[launch]\npython = {toml(sys.executable)}\n[[checks]]\nname = 'inside'\n",
        "code = \"import os; print(os.path.isdir('/marker'), os.environ['SET'], os.path.exists('/var'))\"\nprints = 'True inside False'\n",
    ])  # fmt: skip
    home.ok("install", "--from", write(tmp_path / "inside.toml", text))
    spec = json.loads((home.kernels / "inside/kernel.json").read_text())
    assert (spec["interrupt_mode"], spec["metadata"]["kernelkit"]["container"]) == ("message", str(image))
    (verdict,) = json.loads(home.ok("test", "inside", "--json", "-"))["verdicts"]
    status = {check["id"]: check["status"] for check in verdict["checks"]}
    assert status["pid"] == "skipped"
    assert (status["execute"], status["interrupt"], status["shutdown"]) == ("passed", "passed", "passed")


def test_an_image_without_ipykernel_is_refused(home, tmp_path):
    image = rootfs(tmp_path / "image")
    text = 'display_name = "x"\n' + step("container", image=str(image), runtime="bwrap", options=BWRAP)
    text += f"[launch]\npython = {toml('/usr/bin/python3')}\n"
    refused = home.kernelkit("install", "--from", write(tmp_path / "x.toml", text))
    assert refused.code == 4
    assert "has no ipykernel that works" in refused.err
    assert not home.kernels.exists()


def test_the_common_option_puts_any_kernel_into_one(home, sandbox):
    """The machine's own root as the image."""
    home.ok("install", "key4hep", "--cvmfs", sandbox, "--container", "/")
    record = json.loads((home.kernels / "key4hep/kernel.json").read_text())["metadata"]["kernelkit"]
    assert (record["container"], record["asked"]["container"]) == ("/", "/")
    assert "1 passed" in home.ok("test", "key4hep")
    refused = home.kernelkit("install", "key4hep", "--cvmfs", sandbox, "--container", "/none.sif", "--name", "none")
    assert refused.code == 4
    assert "the image /none.sif is not there" in refused.err or "there is no program" in refused.err


def test_alrbs_container_is_asked_for_by_name(home, sandbox):
    home.ok("install", "atlas", "--root", "6.28", "--cvmfs", sandbox, "--container", "el9")
    found = environment(home.kernels / "atlas-6.28/setup.sh", home.env)
    assert found[b"ALRB_SANDBOX_CONTAINER"] == b"el9"
    assert "1 passed" in home.ok("test", "atlas-6.28")
