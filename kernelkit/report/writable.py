"""Reports as files: whether they can be written is asked before kernels are launched for them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from kernelkit.errors import UsageError

MODE = 0o644


def check_writable(*paths: Path) -> None:
    """Raises UsageError where a file cannot be written, or two reports are one. An existing file keeps its content."""
    for path in paths:
        if sum(path.resolve() == other.resolve() for other in paths) > 1:
            raise UsageError(f"{path}: two reports cannot be one file", "give each a name of its own")
        _check(path)


def _check(path: Path) -> None:
    existed = path.exists()
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be written: {error.strerror}", "name another file") from error
    if not existed:
        path.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Whole or not at all, so that two runs that write one file leave one of theirs. Raises OSError."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_text(text, encoding="utf-8")
        return
    mode = path.stat().st_mode & 0o7777 if path.exists() else MODE
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    try:
        Path(beside).write_text(text, encoding="utf-8")
        Path(beside).chmod(mode)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink()
        raise
