"""Environments that no kernel of a scope uses any more.

Only those are looked at that a kernel which went had named: what was made for files that lie elsewhere stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernelkit import storage
from kernelkit.errors import RefusedError
from kernelkit.kernel import SPEC_FILE
from kernelkit.kernelspecs import read
from kernelkit.scopes import Scope
from kernelkit.seal import record


def refuse_gone(document: Mapping[str, Any], scope: Scope) -> None:
    """A kernel may not come in where its environment went meanwhile, with another kernel. Raises RefusedError."""
    for path in named(document):
        if path.is_relative_to(scope.store) and not (path / storage.COMPLETE).exists():
            raise RefusedError(f"{path} was removed in the meantime, with a kernel that used it", "Do it once more.")


def remove_unused(before: Mapping[str, Any] | None, scope: Scope) -> None:
    """Remove the environments in the store that the kernel.json ``before`` named and no kernel of the scope names now.

    Nothing goes while a kernel.json there cannot be read, nor from under a kernel that runs here.
    """
    candidates = [path for path in named(before) if path.parent == scope.store / storage.ENVIRONMENTS]
    if not candidates:
        return
    specs = [read(file.parent.name, file.parent) for file in scope.kernels.glob(f"*/{SPEC_FILE}")]
    if any(spec.document is None for spec in specs):
        return
    used = {path for spec in specs for path in named(spec.document)}
    for path in candidates:
        if path not in used and not _runs(path):
            (path / storage.COMPLETE).unlink(missing_ok=True)
            storage.remove(path)


def named(document: Mapping[str, Any] | None) -> list[Path]:
    """The environments that a kernel.json names."""
    made = (record(document) or {}).get("environments")
    entries = made if isinstance(made, list) else []
    return [Path(entry["path"]) for entry in entries if isinstance(entry, dict) and isinstance(entry.get("path"), str)]


def _runs(path: Path) -> bool:
    """Whether a process of this machine was started from there."""
    return any(program.startswith(f"{path}/") for program in _programs())


def _programs() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield file.read_bytes().split(b"\0")[0].decode(errors="replace")
        except OSError:  # ended meanwhile, or another user's
            continue
