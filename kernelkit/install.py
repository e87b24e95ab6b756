"""From a kernel to a kernelspec: the only writer of Jupyter's folders.

A kernelspec is staged beside the place where kernelspecs lie and swapped in by one step, so that a reader, and
whoever comes after a crash, finds the old one or the new one whole.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kernelkit import unused
from kernelkit.errors import RefusedError
from kernelkit.exchange import UnsupportedError, exchange, move_in
from kernelkit.kernel import SPEC_FILE, Kernel
from kernelkit.kernelspecs import NATIVE, Kernelspec, read
from kernelkit.plan import Plan, is_installed, plan
from kernelkit.scopes import Scope, scope_of
from kernelkit.seal import edited_files, record
from kernelkit.storage import create

LOCK = "lock"
READY = ".ready"  # marks a staged kernelspec that is whole and is being moved in file by file


def install(
    kernel: Kernel,
    scope: Scope,
    *,
    replace: bool,
    declared: bool = False,
    prove: Callable[[Kernel], None] = lambda _: None,
) -> Plan:
    """Install a kernel, and say what was done; for ``replace`` and ``declared`` see ``plan``.

    ``prove`` is called with a kernel that would change something, and raises where it must not be installed.
    Raises UsageError, RefusedError.
    """
    if is_installed(kernel, scope):
        return Plan("unchanged", scope.kernels / kernel.name)
    prove(kernel)
    with _told(scope), _staging(scope) as staging:
        done = plan(kernel, scope, replace=replace, declared=declared)
        if done.action != "unchanged":
            unused.refuse_gone(kernel.document, scope)
            create(scope.kernels)
            before = read(kernel.name, scope.kernels / kernel.name).document
            staged = staging / f"{kernel.name}.{os.getpid()}"
            try:
                _write(kernel, staged)
                _swap_in(staged, scope.kernels / kernel.name)
            finally:
                shutil.rmtree(staged, ignore_errors=True)
            unused.remove_unused(before, scope)
    return done


def write_folder(kernel: Kernel, folder: Path) -> Path:
    """Write a kernel's files to a folder of its name that does not exist yet. Raises RefusedError."""
    target = folder.absolute() / kernel.name
    if target.exists():
        raise RefusedError(f"{target} exists already", "Remove it, or name another folder.")
    with _told(Scope("output", target.parent)):
        create(target.parent)
        _write(kernel, target)
    return target


def remove(spec: Kernelspec, *, force: bool) -> None:
    """Remove a kernelspec at once. Raises RefusedError for one that kernelkit did not make, unless forced."""
    if spec.name == NATIVE:
        raise RefusedError(f"{NATIVE} is the name of the server's own kernel and is never touched")
    if not force and record(spec.document) is None:
        raise RefusedError(
            f"{spec.name}: {spec.path} was not made by kernelkit", "Give --force to remove it all the same."
        )
    if not force and spec.document and edited_files(spec.path, spec.document):
        raise RefusedError(f"{spec.name}: {spec.path} has been edited", "Give --force to remove it all the same.")
    scope = scope_of(spec.path.parent.parent)
    with _told(scope):
        if spec.path.is_symlink():
            spec.path.unlink()
            return
        with _staging(scope) as staging:
            gone = staging / f"{spec.name}.{os.getpid()}"
            spec.path.rename(gone)
            shutil.rmtree(gone)
            unused.remove_unused(spec.document, scope)


@contextmanager
def _staging(scope: Scope) -> Iterator[Path]:
    """The folder to stage in, while nobody else does; what an interrupted run left there is dealt with first."""
    staging = scope.kernels.resolve().parent / scope.staging.name
    create(staging)
    with (staging / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _recover(staging, scope)
        yield staging


def _recover(staging: Path, scope: Scope) -> None:
    """Finish the one that was being moved in; forget the others, which nobody has seen."""
    for left in sorted(staging.iterdir()):
        if left.name == LOCK:
            continue
        if left.name.endswith(READY):
            _move_files(left, scope.kernels / left.name.removesuffix(READY))
        shutil.rmtree(left, ignore_errors=True)


def _write(kernel: Kernel, folder: Path) -> None:
    """Every file with its mode, on the disk before anyone can see the folder."""
    folder.mkdir()
    for name, content in kernel.files.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(descriptor, kernel.mode(name))
            os.fsync(descriptor)
    folder.chmod(0o755)
    _sync(folder)


def _swap_in(staged: Path, target: Path) -> None:
    """Put a staged folder in its place; what was there is then where it was staged."""
    try:
        if target.exists():
            exchange(staged, target)
        else:
            move_in(staged, target)
    except UnsupportedError:
        ready = staged.with_name(target.name + READY)
        staged.rename(ready)
        _move_files(ready, target)
        shutil.rmtree(ready, ignore_errors=True)
    _sync(target.parent)


def _move_files(ready: Path, target: Path) -> None:
    """Where folders cannot be swapped: file by file, kernel.json last, then what is no longer needed goes."""
    create(target)
    new = sorted(entry.name for entry in ready.iterdir())
    for name in sorted(new, key=lambda name: name == SPEC_FILE):
        (ready / name).replace(target / name)
    if SPEC_FILE in new:
        _drop_unsealed(target)
    _sync(target)


def _drop_unsealed(target: Path) -> None:
    """Remove the files that the kernel.json now in place does not know."""
    made = record(read(target.name, target).document)
    for entry in target.iterdir() if made else ():
        if made and entry.name not in made["digests"] and not entry.is_dir():
            entry.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(scope: Scope) -> Iterator[None]:
    """Turn what the file system refuses into one line with what to do."""
    try:
        yield
    except OSError as error:
        advice = {"system": "Only an administrator may install for everyone; --user installs for you."}
        place = error.filename or scope.data_dir
        raise RefusedError(
            f"{place}: {error.strerror}", advice.get(scope.name, "Name another place: --prefix or --data-dir.")
        ) from error
