"""Put one folder in another's place in a single step: Linux's renameat2(2)."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

AT_FDCWD = -100
NOREPLACE, EXCHANGE = 1, 2  # RENAME_NOREPLACE and RENAME_EXCHANGE of <linux/fs.h>
UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}


class UnsupportedError(Exception):
    """This file system or kernel cannot swap; NFS cannot."""


def exchange(one: Path, other: Path) -> None:
    """Swap two folders of one file system at once. Raises UnsupportedError, OSError."""
    _renameat2(one, other, EXCHANGE)


def move_in(source: Path, target: Path) -> None:
    """Rename a folder to a name that is free. Raises FileExistsError, UnsupportedError, OSError."""
    _renameat2(source, target, NOREPLACE)


def _renameat2(source: Path, target: Path, flags: int) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        raise UnsupportedError("this C library has no renameat2")
    if function(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), flags) == 0:
        return
    code = ctypes.get_errno()
    if code in UNSUPPORTED:
        raise UnsupportedError(os.strerror(code))
    raise OSError(code, os.strerror(code), str(target))
