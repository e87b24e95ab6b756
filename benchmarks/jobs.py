"""Batch systems of one's own, and the ways to start a kernel as a job of one: ours and what people write by hand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session

from kernelkit.verify.runner import RECONNECT

LIMIT = 120.0  # seconds
ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f"]
OURS = "kernelkit"
FOLDER = Path(__file__).parent.parent / "tests"
PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
MEMORY = "150M"
DISK = "10M"  # many slots share what the machine has
PARTITION = "far"  # of one node, so that its address is known before a job is handed in

Connection = Mapping[str, Any]
Way = Callable[[], AbstractAsyncContextManager[Connection]]


@dataclass(frozen=True)
class Ground:
    """A batch system: its name in kernelspecs, ways to start a kernel on it, and what it has of jobs."""

    title: str
    name: str
    ways: Mapping[str, Way]
    jobs: Callable[[], list[str]]
    processes: Callable[[], list[int]]
    is_free: Callable[[], bool]
    asked: Callable[[], int]  # the queries for states that the batch system got

    def began(self) -> float:
        """When the first process of its job started: seconds of ``time.perf_counter``, in steps of a hundredth."""
        ticks = [_started(pid) for pid in self.processes()]
        return min(tick for tick in ticks if tick) + time.perf_counter() - time.clock_gettime(time.CLOCK_BOOTTIME)

    def manager(self) -> AsyncKernelManager:
        """Of a kernel that is not started yet."""
        return manager(f"kernelkit-{self.name}")


def _started(pid: int) -> float:
    """Seconds since the machine's own start; none for a process that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


class _OneSpec(KernelSpecManager):
    spec: KernelSpec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - it has but one
        return self.spec


def manager(provisioner: str = "") -> AsyncKernelManager:
    """Of an ipykernel; a local one where no provisioner is named."""
    specs = _OneSpec()
    entry = {"kernel_provisioner": {"provisioner_name": provisioner, "config": {}}} if provisioner else {}
    specs.spec = KernelSpec(
        argv=[*ARGV, "{connection_file}"], display_name="bench", language="python",
        interrupt_mode="message" if provisioner == "kernelkit-htcondor" else "signal",
        metadata={**entry, "supported_encryption": ["curve"]},
    )  # fmt: skip
    return AsyncKernelManager(kernel_name="bench", kernel_spec_manager=specs)


# ---- ours


def ours(provisioner: str) -> Way:
    """Through a kernel manager, as Jupyter does."""

    @contextlib.asynccontextmanager
    async def way() -> AsyncIterator[Connection]:
        one = manager(provisioner)
        await one.start_kernel()
        try:
            yield one.get_connection_info()
        finally:
            await one.shutdown_kernel(now=True)

    return way


async def answered(info: Connection) -> None:
    """Ask a kernel about itself, as soon as it listens, and wait until it answers."""
    key = info["key"]
    session = Session(key=key if isinstance(key, bytes) else key.encode())
    context = zmq.asyncio.Context()
    one = context.socket(zmq.DEALER)
    one.reconnect_ivl = RECONNECT
    if "curve_publickey" in info:
        one.curve_serverkey = one.curve_publickey = _bytes(info["curve_publickey"])
        one.curve_secretkey = _bytes(info["curve_secretkey"])
    try:
        one.connect(f"tcp://{info['ip']}:{info['shell_port']}")
        await one.send_multipart(session.serialize(session.msg("kernel_info_request")))
        await asyncio.wait_for(one.recv_multipart(), LIMIT)
    finally:
        context.destroy(linger=0)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


# ---- by hand: a connection file that is made before, with ports that are free


def _connection(address: str) -> tuple[Connection, Path]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in PORTS]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = dict(zip(PORTS, (one.getsockname()[1] for one in sockets), strict=True))
    info = {**ports, "ip": address, "transport": "tcp", "key": "of-the-benchmark", "signature_scheme": "hmac-sha256"}
    file = Path(tempfile.mkdtemp(prefix="by-hand.")) / "connection.json"
    file.write_text(json.dumps(info))
    return info, file


def by_hand(address: str, start: Callable[[Path], Callable[[], object]]) -> Way:
    """With a connection file; ``start`` hands the kernel in and returns what ends it."""

    @contextlib.asynccontextmanager
    async def way() -> AsyncIterator[Connection]:
        info, file = _connection(address)
        end = await asyncio.to_thread(start, file)
        try:
            yield info
        finally:
            await asyncio.to_thread(end)

    return way


def srun(file: Path) -> Callable[[], object]:
    """The kernel as a child of srun, which waits for its end."""
    argv = ["srun", *_asked(), "--quiet", "--input=none", "--mpi=none", *ARGV, str(file)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end() -> None:
        process.terminate()
        process.wait()

    return end


def sbatch(file: Path) -> Callable[[], object]:
    """A script of one line."""
    script = file.with_name("script")
    script.write_text(f"#!/bin/bash\nexec {shlex.join([*ARGV, str(file)])}\n")
    argv = ["sbatch", *_asked(), "--parsable", "--output=/dev/null", str(script)]
    job = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    return lambda: subprocess.run(["scancel", "--quiet", job], check=False)


def _asked() -> list[str]:
    return ["--ntasks=1", f"--mem={MEMORY}", f"--partition={PARTITION}"]


def submit(file: Path) -> Callable[[], object]:
    """A submit description of condor_submit's, by the bindings."""
    import htcondor2

    def quoted(*words: str) -> str:
        return '"' + " ".join(f"'{word}'" for word in words) + '"'

    job = htcondor2.Submit({
        "executable": sys.executable, "transfer_executable": "False", "should_transfer_files": "NO",
        "arguments": quoted(*ARGV[1:], str(file)), "environment": quoted(f"HOME={os.environ['HOME']}"),
        "initialdir": str(file.parent), "output": "/dev/null", "error": "/dev/null", "request_memory": MEMORY,
        "request_disk": DISK,
    })  # fmt: skip
    name = htcondor2.param["SCHEDD_HOST"]
    schedd = htcondor2.Schedd(htcondor2.Collector().locate(htcondor2.DaemonType.Schedd, name))
    number = schedd.submit(job).cluster()
    return lambda: schedd.act(htcondor2.JobAction.Remove, [str(number)])


# ---- the batch systems


def _ready(folder: Path, name: str, environment: Mapping[str, str], more: str) -> None:
    """Settings and an environment for one."""
    for place in ("tmp", "programs"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    places = folder / "places.toml"
    places.write_text(f"[{name}]\n{more}")
    own = {"KERNELKIT_PLACES": str(places), "TMPDIR": str(folder / "tmp"), "XDG_STATE_HOME": str(folder / "state")}
    os.environ.update({**environment, **own})
    tempfile.tempdir = None


@contextlib.contextmanager
def slurm(folder: Path, cpus: int) -> Iterator[Ground]:
    """A Slurm with two nodes. Raises RuntimeError, OSError or subprocess.SubprocessError where none can be had."""
    from batch.slurm import Slurm

    (folder / "slurm").mkdir(parents=True)
    cluster = Slurm(folder / "slurm", cpus)
    try:
        cluster.up()
        programs, asked = folder / "programs", folder / "asked"
        defaults = f'defaults = {{ partition = "{PARTITION}", memory = "{MEMORY}" }}\n'
        _ready(folder, "slurm", cluster.environment, f'programs = "{programs}"\n{defaults}')
        asked.touch()
        _counted(programs / "squeue", asked)
        address = f"{cluster.network}.3" if cluster.network else "127.0.0.1"
        hand = {"srun": by_hand(address, srun), "sbatch": by_hand(address, sbatch)}
        yield Ground("Slurm", "slurm", {**hand, OURS: ours("kernelkit-slurm")}, cluster.jobs,
                     lambda: [int(line.split()[0]) for line in cluster.processes()],
                     lambda: cluster.states() == {"idle"}, lambda: len(asked.read_text().splitlines()))  # fmt: skip
    finally:
        cluster.down()


def _counted(program: Path, asked: Path) -> None:
    """Stand before a program of the system's and leave a line for each call."""
    program.write_text(f'#!/bin/sh\necho asked >>{shlex.quote(str(asked))}\nexec /usr/bin/{program.name} "$@"\n')
    program.chmod(0o755)


@contextlib.contextmanager
def htcondor(folder: Path, slots: int) -> Iterator[Ground]:
    """A pool with as many slots. Raises as ``slurm`` does."""
    from batch.htcondor import Pool

    pool = Pool(folder / "pool", slots)
    pool.folder.mkdir(parents=True)
    try:
        pool.up()
        defaults = f'defaults = {{ memory = "{MEMORY}" }}\noptions = ["request_disk = {DISK}"]\n'
        _ready(folder, "htcondor", pool.environment, defaults)
        hand = {"condor_submit": by_hand("127.0.0.1", submit)}
        yield Ground("HTCondor", "htcondor", {**hand, OURS: ours("kernelkit-htcondor")}, pool.jobs,
                     pool.processes, lambda: not pool.processes() and not pool.jobs(),
                     lambda: (pool.folder / "log/SchedLog").read_text().count("QUERY_JOB_ADS"))  # fmt: skip
    finally:
        pool.down()


def until(condition: Callable[[], bool]) -> None:
    """Wait, outside of what is measured. Raises TimeoutError."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("a batch system does not come to rest")
        time.sleep(0.05)
