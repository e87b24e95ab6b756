"""Folders that are built once and then shared: made under a lock, open to all readers, gone when half made."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kernelkit.errors import RefusedError

ENVIRONMENTS = "environments"  # the folder of a store that holds them
COMPLETE = ".kernelkit-complete"  # marks an environment that is whole
FOLDER_MODE = 0o755
FILE_MODE = 0o644


def create(path: Path) -> None:
    """Make a folder with its parents, readable by all whatever the umask; those that exist stay. Raises OSError."""
    for folder in reversed([folder for folder in (path, *path.parents) if not folder.exists()]):
        folder.mkdir(exist_ok=True)
        folder.chmod(FOLDER_MODE)


def write_new(path: Path, content: bytes) -> None:
    """Make a file with its folders, whole or not at all. Raises FileExistsError where it is there, OSError."""
    create(path.parent)
    stream = path.open("xb", buffering=0)
    try:
        with stream:
            view = memoryview(content)
            while view:
                view = view[stream.write(view) or 0 :]
    except BaseException:
        path.unlink()
        raise


def make_folder(path: Path) -> Path:
    """The folder, created where it is missing. Raises RefusedError."""
    try:
        create(path)
    except OSError as error:
        raise RefusedError(
            f"{error.filename}: {error.strerror}", "What kernelkit builds must lie in a folder of yours."
        ) from error
    return path


@contextmanager
def lock(path: Path, what: str, *, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file ``path``, made if missing; says so where another process holds it first.

    The kernel lets go of it when the process ends, however it ends. Raises RefusedError.
    """
    make_folder(path.parent)
    try:
        stream = path.open("a")
    except OSError as error:
        raise RefusedError(
            f"{path}: {error.strerror}", "What kernelkit builds must lie in a folder of yours."
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that builds {what}")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def open_to_all(folder: Path) -> None:
    """Let everybody read what is below ``folder``, and run what its owner may run."""
    folder.chmod(FOLDER_MODE)
    for parent, folders, files in os.walk(folder):
        for name in folders:
            _set_mode(Path(parent, name), FOLDER_MODE)
        for name in files:
            path = Path(parent, name)
            _set_mode(path, FOLDER_MODE if path.lstat().st_mode & stat.S_IXUSR else FILE_MODE)


def _set_mode(path: Path, mode: int) -> None:
    if not path.is_symlink():
        path.chmod(mode)


def remove(folder: Path) -> None:
    """Remove a folder that may be there and may be written to while it is removed."""
    shutil.rmtree(folder, ignore_errors=True)


def replace(folder: Path, target: Path) -> None:
    """Give a finished folder its name; what had it before is removed. Both lie on one file system."""
    aside = folder.with_name(folder.name + ".old")
    if target.exists():
        target.rename(aside)
    folder.rename(target)
    remove(aside)
