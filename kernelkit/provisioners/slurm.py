"""Slurm: sbatch for the job, a step of srun for the kernel, scancel for signals, one squeue for all states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kernelkit.processes import ProcessError
from kernelkit.provisioners.amounts import COUNT, MEMORY, TIME
from kernelkit.provisioners.place import PlaceError, Request, State
from kernelkit.provisioners.slurm_queue import Queue
from kernelkit.provisioners.tools import Tools

PATIENCE = 30.0  # seconds for a command; Slurm's own tools give up on a silent controller after about ten
FLAGS = {
    "partition": "--partition", "account": "--account", "cpus": "--cpus-per-task", "memory": "--mem",
    "time": "--time", "gpus": "--gpus",
}  # fmt: skip
WORDS = r"[A-Za-z0-9_.,:+-]+"
GPUS = r"([A-Za-z0-9_.-]+:)?[0-9]+"
ENDED = {
    "BOOT_FAIL": "its node did not boot",
    "CANCELLED": "it was cancelled",
    "COMPLETED": "it came to its end",
    "DEADLINE": "it could not end before its deadline",
    "FAILED": "it failed",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it used more memory than it had asked for; --memory asks for more",
    "PREEMPTED": "a job of higher priority took its place",
    "REVOKED": "it was moved to another cluster",
    "TIMEOUT": "it reached its time limit; --time asks for more",
}
# The reasons of a job that has ended while what its site does after it goes on (an epilog).
COMPLETING = {"NodeDown": "NODE_FAIL", "OutOfMemory": "OUT_OF_MEMORY", "TimeLimit": "TIMEOUT"}
WAITING = {"CONFIGURING", "PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
HELD = {"JobHeldAdmin": "an administrator holds it", "JobHeldUser": "it is held: `scontrol release` lets it go"}
WAITS = ("waiting (Priority)", "waiting (Resources)")
UNKNOWN = "Invalid job id specified"
# Run once in the job. The address is the one by which the controller knows the node; a name is looked up, and counts
# for nothing where /etc/hosts gives the node itself a loopback address for it, as Debian's installer does.
PREPARE = r"""
  one=$(scontrol -o show node "$SLURMD_NODENAME" 2>/dev/null)
  if [[ $one =~ NodeAddr=([^[:space:]]+) ]]; then
    kernelkit_address=${BASH_REMATCH[1]}
    if [[ $kernelkit_address == *[!0-9.]* ]]; then
      one=$(getent ahostsv4 "$kernelkit_address")
      kernelkit_address=${one%%[[:space:]]*}
      if [[ $kernelkit_address == 127.* ]]; then kernelkit_address=''; fi
    fi
  fi"""


class Slurm:
    """Any Slurm since 20.11, which brought ``srun --overlap``."""

    name: ClassVar[str] = "slurm"
    resources: ClassVar[Mapping[str, str]] = {
        "partition": WORDS, "account": WORDS, "cpus": COUNT, "memory": MEMORY, "time": TIME,
        "gpus": rf"{GPUS}(,{GPUS})*",
    }  # fmt: skip
    # A step beside others of the job: a notebook may run srun itself. What variables say of CPUs differs between
    # releases (SRUN_CPUS_PER_TASK, SLURM_TRES_PER_TASK), and the command line counts before all of them.
    launcher: ClassVar[str] = (
        'srun --ntasks=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --overlap --input=none --mpi=none --quiet --'
    )
    prepare: ClassVar[str] = PREPARE
    channel: ClassVar[str] = ""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._queue = Queue(self._run)

    def directives(self, request: Request) -> list[str]:
        """What sbatch reads at the head of the script."""
        asked = [f"{FLAGS[name]}={value}" for name, value in request.resources.items()]
        lines = ["--nodes=1", "--ntasks=1", "--no-requeue", "--open-mode=append", *asked, *request.options]
        return [f"#SBATCH --job-name={request.name}", *(f"#SBATCH {line}" for line in lines)]

    def submit(self, script: str, folder: str) -> str:
        """Hand in the job with sbatch, which hands on the clean environment alone."""
        printed = self._run(
            "sbatch", "--parsable", "--export=ALL", f"--chdir={folder}", f"--output={folder}/output", script
        )
        return printed.strip().partition(";")[0]

    def states(self, jobs: Mapping[str, str]) -> dict[str, State]:
        """One squeue for all; a job that ended is remembered by Slurm for some minutes (MinJobAge)."""
        try:
            printed = self._run(
                "squeue", "--noheader", "--states=all", f"--jobs={','.join(jobs)}", "--format=%A|%T|%S|%r"
            )
        except PlaceError as error:
            if UNKNOWN in error.problem:
                return {}
            raise
        rows = [line.split("|", 3) for line in printed.splitlines()]
        states = {row[0]: _state(row[1], row[3], row[2]) for row in rows if len(row) == 4}
        return {job: self._placed(job, state) for job, state in states.items()}

    def _placed(self, job: str, state: State) -> State:
        """With the number of jobs before it, where it waits for nothing but them."""
        before = self._queue.before(job) if state.words.startswith(WAITS) else None
        if not before:
            return state
        return State(state.kind, f"{state.words}, after {before} other job{'s'[: before > 1]}")

    def signal(self, job: str, name: str) -> None:
        """To every step of the job, and not to the script that started them."""
        self._run("scancel", "--quiet", f"--signal={name}", job)

    def cancel(self, jobs: Sequence[str]) -> None:
        """One scancel for all."""
        self._run("scancel", "--quiet", *jobs)

    def _run(self, *command: str) -> str:
        try:
            return self._tools.run(*command, timeout=PATIENCE)
        except ProcessError as error:
            said = error.output.splitlines()
            if command[0] == "scancel" and said and all(UNKNOWN in line for line in said):
                return ""
            raise refusal(error, command[0]) from error


def refusal(error: ProcessError, program: str) -> PlaceError:
    """What one of Slurm's programs refused, in its own words."""
    said = " ".join(error.output.split()).removeprefix(f"{program}: error: ")
    silent = f"{program} did not answer within {PATIENCE:g} s"
    problem = f"Slurm: {silent if error.code is None else said or str(error)}"
    return PlaceError(problem, "`sinfo` shows partitions and their limits, `squeue --me` your jobs.")


def _state(name: str, reason: str, start: str) -> State:
    if name == "COMPLETING":
        name = COMPLETING.get(reason, name)
    if name in ENDED:
        return State("ended", f"{ENDED[name]} ({name})")
    if name not in WAITING:
        return State("running", name)
    expected = f", start expected at {start}" if start not in ("N/A", "") else ""
    return State("waiting", HELD.get(reason, f"waiting ({reason}){expected}"))
