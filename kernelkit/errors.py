"""What can go wrong for a user: each class carries the exit code a script can rely on."""

from __future__ import annotations

from collections.abc import Sequence


class KernelkitError(Exception):
    """What failed and why, in one line; ``advice`` says what to do next, in another.

    ``exit_code`` is stable: 1 a kernel failed, 2 usage, 3 definition, 4 software not available,
    5 refused (exists, permissions), 70 a bug of kernelkit, 130 interrupted.
    """

    exit_code = 70

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.problem}\n{self.advice}" if self.advice else self.problem


class UsageError(KernelkitError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class DefinitionError(KernelkitError):
    """One or more faults of a definition, site file or template; all of them are told at once."""

    exit_code = 3

    def __init__(self, faults: Sequence[str], advice: str = "") -> None:
        super().__init__("\n".join(faults), advice)
        self.faults = tuple(faults)


class SoftwareError(KernelkitError):
    """The software area, a release, an interpreter or a package cannot be had here."""

    exit_code = 4


class RefusedError(KernelkitError):
    """It exists already, belongs to somebody else, or the permissions forbid it."""

    exit_code = 5
