"""A kernel that is not installed yet, launched as it would be: proven before it takes anyone's place."""

from __future__ import annotations

import tempfile
from pathlib import Path

from kernelkit import report
from kernelkit.errors import KernelkitError
from kernelkit.install import write_folder
from kernelkit.kernel import Kernel
from kernelkit.verify import Target, verify

TIMEOUT = 60.0  # seconds from spawn to first reply, as `kernelkit test` has it


class NotProvenError(KernelkitError):
    """The kernel was launched and does not work."""

    exit_code = 1


def prove(kernel: Kernel) -> None:
    """Launch a kernel from a folder of its own, with every check. Raises NotProvenError with the report."""
    with tempfile.TemporaryDirectory(prefix="kernelkit-prove-") as folder:
        place = write_folder(kernel, Path(folder))
        (verdict,) = verify([Target(kernel.name, place)], jobs=1, timeout=TIMEOUT)
    if not verdict.passed:
        raise NotProvenError(
            f"{kernel.name} does not work, and was not installed:\n{report.text([verdict])}",
            "Nothing has changed here.",
        )
