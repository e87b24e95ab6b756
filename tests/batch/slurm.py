"""A Slurm of one's own on this machine: a controller and two nodes, each with its own slurmd.

    python tests/batch/slurm.py up DIR      # prints what a client must export
    python tests/batch/slurm.py down DIR

The cluster has a network of its own where the machine allows it, with an address for each node, so that whatever takes
127.0.0.1 for another node fails. Needs root, and Debian's packages slurm-wlm and munge. Nothing can be reached from
outside of this machine. Nothing is left by ``down``: daemons are ended by the pids written at the start, jobs with them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

NODES = ("kk1", "kk2")
PATIENCE = 60.0  # seconds for a daemon to come up
CLUSTER = """\
ClusterName=kk
SlurmctldHost={host}({address})
SlurmUser=root
SlurmdUser=root
SlurmctldPort={ports[0]}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/munge.socket
{alone}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/%n.log
PlugStackConfig={folder}/plugstack.conf
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MinJobAge=600
InactiveLimit=0
WaitTime=0
OverTimeLimit=0
UnkillableStepTimeout=20
SlurmdTimeout=10
{nodes}
PartitionName=debug Nodes=kk1,kk2 Default=YES MaxTime=INFINITE State=UP
PartitionName=far Nodes=kk2 MaxTime=INFINITE State=UP
PartitionName=short Nodes=kk1,kk2 MaxTime=1:00:00 State=UP
"""


class Slurm:
    """The daemons below one folder, and nodes of so many ``cpus``; what a client needs is in ``environment``."""

    name = "slurm"

    def __init__(self, folder: Path, cpus: int = 32) -> None:
        self.folder = folder
        self.cpus = cpus
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self.temporary = folder / "tmp"
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}

    def up(self) -> None:
        """Start everything and wait until both nodes take jobs."""
        for name in ("munge", "run", "state", "log", "spool-kk1", "spool-kk2"):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        network = self._make_network()
        self._configure(network)
        self.start_munge()
        self.start_controller()
        for name in NODES:
            self.start_node(name)
        _until(lambda: self.states() == {"idle"}, f"the nodes do not become idle: {self.folder}/log")

    def _configure(self, network: str) -> None:
        near, far = (f"{network}.2", f"{network}.3") if network else ("127.0.0.1", "127.0.0.1")
        (self.folder / "network").write_text(network)
        alone = "" if network else "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny"
        ports = [6817, 6818, 6819] if network else _free_ports(near, 3)
        host = socket.gethostname().split(".")[0]
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr={address} Port={port} CPUs={self.cpus} RealMemory=16000 "
            "State=UNKNOWN"
            for name, address, port in zip(NODES, (near, far), ports[1:], strict=True)
        )
        text = CLUSTER.format(host=host, address=near, ports=ports, folder=self.folder, nodes=nodes, alone=alone)
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "plugstack.conf").write_text("")

    def _make_network(self) -> str:
        """Make a network with one other end, held by a process; the first three numbers, empty where none can be had."""
        number = os.getpid() % 2**15
        prefix, near, far = f"10.{128 + number // 256}.{number % 256}", f"kk{os.getpid()}a", f"kk{os.getpid()}b"
        holder = subprocess.Popen(
            ["unshare", "--net", "sleep", "infinity"], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        inside = ["nsenter", f"--net=/proc/{holder.pid}/ns/net", "ip"]
        own = os.readlink("/proc/self/ns/net")
        deadline = time.monotonic() + 5
        while (
            holder.poll() is None and os.readlink(f"/proc/{holder.pid}/ns/net") == own and time.monotonic() < deadline
        ):
            time.sleep(0.02)
        made = holder.poll() is None and all(
            _works(*command)
            for command in (
                ["ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", str(holder.pid)],
                ["ip", "addr", "add", f"{prefix}.1/24", "dev", near],
                ["ip", "link", "set", near, "up"],
                [*inside, "addr", "add", f"{prefix}.2/24", "dev", far],
                [*inside, "addr", "add", f"{prefix}.3/24", "dev", far],
                [*inside, "link", "set", far, "up"],
                [*inside, "link", "set", "lo", "up"],
            )
        )
        if not made:
            holder.kill()
            holder.wait()
            return ""
        self._children[holder.pid] = holder
        (self.folder / "run" / "network").write_text(str(holder.pid))
        return prefix

    def start_munge(self) -> None:
        """The daemon that says who is who."""
        munge = self.folder / "munge"
        key, sock = munge / "munge.key", munge / "munge.socket"
        _run("mungekey", "--create", "--force", f"--keyfile={key}")
        self._start("munged", "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={sock}",
                    f"--pid-file={munge}/munged.pid", f"--log-file={munge}/munged.log", f"--seed-file={munge}/munged.seed",
                    "--num-threads=2")  # fmt: skip
        _until(lambda: sock.exists() and _works("munge", "-S", str(sock), "-n"), "munged does not answer")

    def start_controller(self) -> None:
        """slurmctld, with what it knew before."""
        self._start("slurmctld", "slurmctld", "-D", "-f", self.environment["SLURM_CONF"])
        _until(lambda: self.works("scontrol", "ping"), "slurmctld does not answer")

    def start_node(self, name: str) -> None:
        """One node's slurmd."""
        self._start(name, "slurmd", "-D", "-f", self.environment["SLURM_CONF"], "-N", name)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End one daemon and wait until it is gone."""
        pid = self._pid(name)
        if not pid:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + 15
        while self._alive(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        (self.folder / "run" / name).unlink(missing_ok=True)

    def kill_node(self, name: str) -> None:
        """What a power cut does: slurmd and all that it started are gone at once, and nobody says so."""
        jobs = self.ask("squeue", "-h", "-w", name, "-o", "%A").split()
        keepers = tuple(f"slurmstepd: [{job}.".encode() for job in jobs)
        mine = {f"SLURMD_NODENAME={name}".encode(), f"SLURM_CONF={self.environment['SLURM_CONF']}".encode()}
        doomed = [self._pid(name)]
        for pid in _pids():
            with contextlib.suppress(OSError):
                entry = Path(f"/proc/{pid}")
                keeps = bool(keepers) and (entry / "cmdline").read_bytes().startswith(keepers)
                if keeps or mine <= set((entry / "environ").read_bytes().split(b"\0")):
                    doomed.append(pid)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in doomed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self.stop(name)
        for folder in self.private_folders():
            shutil.rmtree(folder)

    def down(self) -> None:
        """End all jobs and daemons; the folder goes too."""
        if self._pid("slurmctld") and self.works("scontrol", "ping"):
            for job in self.jobs():
                self.works("scancel", job)
            with contextlib.suppress(TimeoutError):
                _until(lambda: not self.jobs(), "", 20)
        for name in (*NODES, "slurmctld", "munged", "network"):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def works(self, *command: str) -> bool:
        """Whether a command succeeds."""
        return _works(*command, environment=self.environment)

    def ask(self, *command: str) -> str:
        """What a command of Slurm prints."""
        return _run(*command, environment=self.environment)

    def jobs(self) -> list[str]:
        """The ids of the jobs that wait or run. One that ends is none: its node tells a controller that was silent late."""
        rows = [line.split() for line in self.ask("squeue", "-h", "-o", "%A %T").splitlines()]
        return [number for number, state in rows if state != "COMPLETING"]

    @property
    def network(self) -> str:
        """The first three numbers of the cluster's addresses; empty where it has none of its own."""
        return (self.folder / "network").read_text()

    def processes(self) -> list[str]:
        """The processes of jobs."""
        mine = f"SLURM_CONF={self.environment['SLURM_CONF']}".encode()
        found = []
        for pid in _pids():
            with contextlib.suppress(OSError):
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                if mine in environment and any(entry.startswith(b"SLURM_JOB_ID=") for entry in environment):
                    found.append(f"{pid} " + Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found

    def private_folders(self) -> list[Path]:
        """What scripts of jobs left on the nodes."""
        return list(self.temporary.glob("kernelkit.*"))

    def states(self) -> set[str]:
        """The states of the nodes."""
        try:
            return set(self.ask("sinfo", "-h", "-N", "-o", "%t").split())
        except subprocess.CalledProcessError:
            return set()

    def _start(self, name: str, *command: str) -> None:
        network = self._pid("network")
        inside = ["nsenter", f"--net=/proc/{network}/ns/net"] if network else []
        with (self.folder / "log" / f"{name}.out").open("ab") as output:
            process = subprocess.Popen(
                [*inside, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.environment},
            )  # fmt: skip
        (self.folder / "run" / name).write_text(str(process.pid))
        self._children[process.pid] = process

    def _alive(self, pid: int) -> bool:
        if pid in self._children:
            return self._children[pid].poll() is None
        return Path(f"/proc/{pid}").exists()

    def _pid(self, name: str) -> int:
        file = self.folder / "run" / name
        return int(file.read_text()) if file.exists() else 0


def _free_ports(address: str, count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind((address, 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _run(*command: str, environment: dict[str, str] | None = None) -> str:
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(environment or {})}
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True, timeout=60).stdout


def _works(*command: str, environment: dict[str, str] | None = None) -> bool:
    try:
        _run(*command, environment=environment)
    except (subprocess.SubprocessError, OSError):
        return False
    return True


def _until(condition: Callable[[], bool], complaint: str, limit: float = PATIENCE) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(0.05)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def main() -> None:
    """``up DIR`` or ``down DIR``."""
    verb, folder = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="slurm."))
    folder.mkdir(exist_ok=True)
    slurm = Slurm(folder.resolve())
    if verb == "down":
        slurm.down()
        return
    slurm.up()
    for name, value in slurm.environment.items():
        print(f"export {name}={value}")


if __name__ == "__main__":
    main()
