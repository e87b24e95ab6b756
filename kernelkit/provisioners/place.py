"""What a batch system must be able to do to run kernels: one small module for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from kernelkit.errors import KernelkitError


class PlaceError(KernelkitError, RuntimeError):
    """A batch system refuses a job, does not answer, or has ended a job.

    A RuntimeError too, which is what those who start kernels expect. ``code`` and ``output`` are the kernel's where
    it ended before it could answer.
    """

    exit_code = 4

    def __init__(self, problem: str, advice: str = "", *, code: int | None = None, output: str = "") -> None:
        super().__init__(problem, advice)
        self.code = code
        self.output = output


@dataclass(frozen=True)
class State:
    """What a batch system says of a job; ``words`` are for people."""

    kind: Literal["waiting", "running", "ended"]
    words: str = ""


@dataclass(frozen=True)
class Request:
    """All that a job is made from. ``resources`` have the names of the command line's options, all of them texts.

    ``mailbox`` is the folder through which server and job talk; ``grace`` is in seconds; ``overlay`` is the folder
    of packages that the kernel's Python lacks, where there is one.
    """

    name: str
    title: str
    argv: Sequence[str]
    resource_dir: str
    mailbox: str
    grace: int
    resources: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()
    network: str = ""
    ports: str = ""
    overlay: str = ""


class Place(Protocol):
    """A batch system. Its methods block, and run other programs with a clean environment; none keeps a state.

    ``resources`` are the options that it understands, each with a pattern that a value must match; ``launcher`` is
    shell text that starts the kernel inside the job, before the kernel's own command; ``prepare`` is shell text run
    once in the job, which may set kernelkit_address to the one of its node. ``channel`` is shell text for where a node
    does not see the mailbox: functions kernelkit_arrive, kernelkit_fetch and kernelkit_send; empty where every node
    must see it.
    """

    name: ClassVar[str]
    resources: ClassVar[Mapping[str, str]]
    launcher: ClassVar[str]
    prepare: ClassVar[str]
    channel: ClassVar[str]

    def directives(self, request: Request) -> list[str]:
        """The lines at the head of the script that say what the job needs; pure."""
        ...

    def submit(self, script: str, folder: str) -> str:
        """Hand in the script file, which lies in the mailbox ``folder``; the job's id.

        Raises PlaceError with the batch system's own words.
        """
        ...

    def states(self, jobs: Mapping[str, str]) -> dict[str, State]:
        """The states of all jobs, by one query at most; those that are no longer known are left out.

        ``jobs`` has the mailbox of each id. Raises PlaceError.
        """
        ...

    def signal(self, job: str, name: str) -> None:
        """Send a signal (``INT``) to the processes of the kernel. Raises PlaceError."""
        ...

    def cancel(self, jobs: Sequence[str]) -> None:
        """End jobs, whatever their states; one that has ended is no error. Raises PlaceError."""
        ...
