"""HTCondor: a vanilla job through the ``htcondor2`` bindings; HTCondor carries the mailbox where no node sees it.

The bindings are imported when a job is handed in; ``kernelkit[htcondor]`` brings them. Facts of ClassAds and submit
commands are those of the HTCondor manual (condor_submit, condor_chirp, "Job ClassAd Attributes").
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from kernelkit.provisioners import htcondor_events as events
from kernelkit.provisioners import schedd
from kernelkit.provisioners.amounts import COUNT, MEMORY, TIME, seconds
from kernelkit.provisioners.htcondor_events import COMPLETED, HELD, IDLE, LOG, REMOVED
from kernelkit.provisioners.htcondor_node import CHANNEL, FIND, PREPARE
from kernelkit.provisioners.place import PlaceError, Request, State
from kernelkit.provisioners.tools import Tools

MARK = "#HTCONDOR "  # begins a line of the script that is a submit command
KEPT = 120  # seconds that the queue remembers a job that has ended, so that why can be asked
LEASE = 300  # seconds that HTCondor tries to reach a node again, instead of 40 minutes: somebody waits for an answer
VACATE = 5  # seconds between a job's SIGTERM and its SIGKILL
WORDS = r"[A-Za-z0-9_.,:+-]+"
# Also as an attribute of the job, which condor_submit would put in the place of the command.
REQUIREMENTS = re.compile(r"\s*(?:\+|my\.)?requirements\s*=\s*(.+?)\s*", re.IGNORECASE | re.DOTALL)
ATTRIBUTES = ["ClusterId", "JobStatus", "HoldReason", "RemoveReason", "ExitCode", "ExitBySignal", "ExitSignal"]
# A job whose slot is taken away would start once more, for nobody; one whose folder is gone is held for ever.
UNWANTED = (
    f"(JobStatus == {IDLE} && NumJobStarts > 0) || (JobStatus == {HELD} && time() - EnteredCurrentStatus > {KEPT})"
)


class HTCondor:
    """Any HTCondor that the bindings reach (25.0 and newer; tried against 23.9)."""

    name: ClassVar[str] = "htcondor"
    resources: ClassVar[Mapping[str, str]] = {
        "account": WORDS, "cpus": COUNT, "memory": MEMORY, "time": TIME, "gpus": r"[0-9]+",
    }  # fmt: skip
    # A kernel that leads its group interrupts what its cells started, too (ipykernel's kernelbase.py).
    launcher: ClassVar[str] = "setsid"
    prepare: ClassVar[str] = PREPARE
    channel: ClassVar[str] = CHANNEL

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def directives(self, request: Request) -> list[str]:
        """Submit commands, a line each: ``submit`` reads them from the script's head, as sbatch does its own."""
        # A name with a comma in it would be two: such a folder must be seen.
        carried = [
            path for path in (request.mailbox, request.resource_dir, request.overlay) if path and "," not in path
        ]
        inputs = f"transfer_input_files = {','.join(carried)}"
        return [MARK + line for line in [inputs, *_asked(request.resources), *_joined(request.options)]]

    def submit(self, script: str, folder: str) -> str:
        """Hand in the script. Nothing of the server's environment goes, and files only where a node needs them."""
        with open(script, encoding="utf-8", errors="surrogateescape") as lines:  # noqa: PTH123 - a text as it is given
            asked = [line.removeprefix(MARK).strip().partition("=") for line in lines if line.startswith(MARK)]
        described = {
            "executable": "/bin/bash", "transfer_executable": "False", "should_transfer_files": "IF_NEEDED",
            "transfer_output_files": '""', "want_io_proxy": "True", "initialdir": folder,
            "arguments": _quoted(["-p", "-c", FIND, script, f"{Path(folder).name}/{Path(script).name}"]),
            "environment": _quoted(_entries(self._tools.environment)),
            "output": f"{folder}/output", "error": f"{folder}/output", "log": f"{folder}/{LOG}",
            "kill_sig": "SIGTERM", "job_max_vacate_time": str(VACATE), "batch_name": "kernelkit",
            "periodic_remove": UNWANTED, "job_lease_duration": str(LEASE),
            "leave_in_queue": f"(JobStatus == {REMOVED} || JobStatus == {COMPLETED})"
            f" && time() - EnteredCurrentStatus < {KEPT}",
            **{name.strip(): value.strip() for name, _, value in asked},
        }  # fmt: skip
        with talking():
            return str(schedd.ask("submit", described))

    def states(self, jobs: Mapping[str, str]) -> dict[str, State]:
        """By their event logs; one query for those whose log the schedd keeps on another machine."""
        with talking() as htcondor:
            found = {number: events.of_log(Path(folder), htcondor) for number, folder in jobs.items()}
            known = {number: state for number, state in found.items() if state}
            return known | _asked_for([number for number in jobs if number not in known])

    def signal(self, job: str, name: str) -> None:
        """Raises PlaceError: HTCondor sends a job no signal but the last; its kernels are interrupted by message."""
        raise PlaceError(
            f"HTCondor sends no SIG{name} to job {job}", "Install the kernel again: interrupts are messages."
        )

    def cancel(self, jobs: Sequence[str]) -> None:
        """One removal for all."""
        schedd.ask("cancel", list(jobs))


def _asked_for(jobs: Sequence[str]) -> dict[str, State]:
    """The states by the schedd's queue."""
    if not jobs:
        return {}
    constraint = f"stringListIMember(string(ClusterId), {_text(','.join(jobs))})"
    ads = schedd.ask("query", {"constraint": constraint, "attributes": ATTRIBUTES})
    return {str(ad["ClusterId"]): events.of_ad(ad) for ad in ads}


def _asked(resources: Mapping[str, str]) -> Iterator[str]:
    """The resources in the words of condor_submit."""
    words = {"cpus": "request_cpus", "memory": "request_memory", "gpus": "request_gpus", "account": "accounting_group"}
    yield from (f"{words[name]} = {value}" for name, value in resources.items() if name in words)
    if "time" in resources:
        yield f"allowed_job_duration = {seconds(resources['time'])}"


def _joined(options: Sequence[str]) -> list[str]:
    """Of submit commands the last one of a name counts, and yet each ``requirements`` must hold."""
    needs = {option: found[1] for option in options if (found := REQUIREMENTS.fullmatch(option))}
    if len(needs) < 2:
        return list(options)
    both = " && ".join(f"({need})" for need in needs.values())
    return [*(option for option in options if option not in needs), f"requirements = {both}"]


def _entries(environment: Mapping[str, str]) -> list[str]:
    """Without the temporary folder, which is the slot's own."""
    return [f"{name}={value}" for name, value in environment.items() if name != "TMPDIR"]


def _quoted(words: Sequence[str]) -> str:
    """Words in condor_submit's newer syntax for arguments and environments: single quotes inside of double ones."""
    return '"' + " ".join("'" + word.replace("'", "''").replace('"', '""') + "'" for word in words) + '"'


def _text(text: str) -> str:
    return '"' + re.sub(r"[^0-9,]", "", text) + '"'


@contextlib.contextmanager
def talking() -> Iterator[Any]:
    """The bindings, which may be missing; what they raise as a PlaceError."""
    try:
        import htcondor2
    except ImportError as error:
        raise PlaceError(
            "HTCondor: there are no bindings here", "pip install 'kernelkit[htcondor]' beside Jupyter."
        ) from error
    try:
        yield htcondor2
    except htcondor2.HTCondorException as error:
        raise schedd.refusal(" ".join(str(error).split())) from error
