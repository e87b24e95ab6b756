"""Whether a report can be written, asked before kernels are launched for it."""

from __future__ import annotations

from pathlib import Path

from kernelkit.errors import UsageError


def check_writable(path: Path) -> None:
    """Raises UsageError where a file cannot be written there. An existing file keeps its content."""
    existed = path.exists()
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be written: {error.strerror}", "name another file") from error
    if not existed:
        path.unlink()
