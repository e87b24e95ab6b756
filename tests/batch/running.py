"""A Slurm and a pool that run, for all tests of a module, and what must be true of them after each of these."""

import contextlib
import tempfile
import time
from pathlib import Path

import pytest
from batch.htcondor import Pool
from batch.slurm import Slurm

LIMIT = 90  # seconds for what takes one on an idle machine
PLACES = '[slurm]\ndefaults = { partition = "debug", memory = "600M" }\ngrace = 6\n'
POOL_PLACES = '[htcondor]\ndefaults = { memory = "200M" }\ngrace = 6\n'


@contextlib.contextmanager
def up(prefix, make):
    """Daemons in a folder of their own, whose path is short, as sockets need it; they end with the block."""
    with tempfile.TemporaryDirectory(prefix=prefix, dir="/tmp") as folder:
        daemons = make(Path(folder))
        try:
            daemons.up()
            yield daemons
        finally:
            daemons.down()
            Path(folder).mkdir(exist_ok=True)


@pytest.fixture(scope="module")
def cluster():
    with up("slurm.", Slurm) as slurm:
        yield slurm


@pytest.fixture
def slurm(cluster, tmp_path, monkeypatch):
    """The cluster, with a home of its own for the server; afterwards no job, process or file is left."""
    places = tmp_path / "places.toml"
    places.write_text(PLACES)
    state = tmp_path / "sta te"
    state.mkdir()
    cluster.temporary = tmp_path / "tmp"
    cluster.temporary.mkdir()
    for name, value in {
        **cluster.environment,
        "KERNELKIT_PLACES": places,
        "XDG_STATE_HOME": state,
        "TMPDIR": cluster.temporary,
        "KERNELKIT_FALLBACK": "0",
    }.items():
        monkeypatch.setenv(name, str(value))
    yield cluster
    until(lambda: not cluster.jobs(), "jobs are left")
    until(lambda: not cluster.processes(), cluster.processes)
    until(lambda: not list(state.glob("kernelkit/.jobs/*")), "mailboxes are left")
    until(lambda: not cluster.private_folders(), "keys are left on a node")


@pytest.fixture(scope="module")
def pool():
    with up("condor.", lambda folder: Pool(folder, second=True)) as pool:
        yield pool


@pytest.fixture
def condor(pool, tmp_path, monkeypatch):
    """The pool, with a home of its own for the server; afterwards no job, process or file is left."""
    (tmp_path / "places.toml").write_text(POOL_PLACES)
    state = tmp_path / "sta te"
    temporary = tmp_path / "tmp"
    for folder in (state, temporary):
        folder.mkdir()
    more = {
        "KERNELKIT_PLACES": tmp_path / "places.toml",
        "XDG_STATE_HOME": state,
        "TMPDIR": temporary,
        "KERNELKIT_FALLBACK": "0",
    }
    for name, value in {**pool.environment, **more}.items():
        monkeypatch.setenv(name, str(value))
    yield pool
    until(lambda: not pool.jobs(), "jobs are left")
    until(lambda: not pool.processes(), pool.processes)
    until(lambda: not list(state.glob("kernelkit/.jobs/*")), "mailboxes are left")
    until(lambda: not list(temporary.glob("kernelkit.*")), "keys are left on a node")


def until(condition, complaint, limit=LIMIT):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, complaint() if callable(complaint) else complaint
        time.sleep(0.05)
