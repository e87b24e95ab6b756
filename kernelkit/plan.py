"""What installing a kernel would change, decided before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit.definition import NAME
from kernelkit.errors import RefusedError, UsageError
from kernelkit.kernel import Kernel
from kernelkit.kernelspecs import NATIVE, Kernelspec, read
from kernelkit.scopes import Scope
from kernelkit.seal import edited_files, record


@dataclass(frozen=True)
class Plan:
    """``action`` is create, update, replace or unchanged; ``diff`` shows each file's change as text."""

    action: str
    target: Path
    diff: str = ""


def plan(kernel: Kernel, scope: Scope, *, replace: bool, declared: bool = False) -> Plan:
    """Decide whether a kernel may go to its place. Raises UsageError, RefusedError.

    With ``declared``, whoever asks says what this place must hold: another choice of kernelkit's own may go too.
    """
    target = place_for(kernel.name, scope)
    try:
        present = _files(target)
        if present is None:
            return Plan("create", target, "".join(_diff({}, kernel.files)))
        if present == kernel.files:
            return Plan("unchanged", target)
        standing = read(kernel.name, target)
        reason = reason_to_keep(standing) or ("" if declared else _another(standing.document, kernel.document))
    except PermissionError as error:
        raise RefusedError(f"{target}: {error.strerror}", "Is it another user's?") from error
    if reason and not replace:
        raise refusal(kernel.name, target, reason)
    return Plan("replace" if reason else "update", target, "".join(_diff(present, kernel.files)))


def is_installed(kernel: Kernel, scope: Scope) -> bool:
    """Whether exactly this kernel stands in its place, as far as can be seen while others may be installing there.

    Raises UsageError, RefusedError.
    """
    target = place_for(kernel.name, scope)
    try:
        return _files(target) == kernel.files
    except (FileNotFoundError, PermissionError):
        return False


def place_for(name: str, scope: Scope) -> Path:
    """The folder of a kernel of that name. Raises UsageError for what is no name, RefusedError for python3."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a kernel's name: lower case letters, digits, '.', '_' and '-' only")
    if name == NATIVE:
        raise RefusedError(f"{NATIVE} is the name of the server's own kernel and is never touched", "Give --name.")
    return scope.kernels / name


def refusal(name: str, target: Path, reason: str) -> RefusedError:
    """The error for a place that is taken."""
    return RefusedError(f"{name}: {target} {reason}", "Give --replace to overwrite it, or --name for another name.")


def _files(target: Path) -> dict[str, bytes] | None:
    """The content of what stands at the target; None where nothing does. Raises RefusedError for a link or a file."""
    if target.is_symlink():
        raise RefusedError(f"{target} is a link to {target.readlink()}", "Remove the link, or give --name.")
    if not target.exists():
        return None
    if not target.is_dir():
        raise RefusedError(f"{target} is not a folder", "Move it away, or give --name.")
    return {entry.name: entry.read_bytes() if entry.is_file() else b"" for entry in target.iterdir()}


def reason_to_keep(present: Kernelspec) -> str:
    """Why the kernel that is there is not kernelkit's to change; empty where it is."""
    if present.document is None or record(present.document) is None:
        return "was not made by kernelkit"
    edited = edited_files(present.path, present.document)
    return f"has been edited ({', '.join(edited)})" if edited else ""


def _another(present: Mapping[str, Any] | None, document: Mapping[str, Any]) -> str:
    """Why it is not the same kernel as it was earlier."""
    old, new = record(present) or {}, record(document) or {}
    if old["definition"]["name"] != new["definition"]["name"]:
        return f"comes from another definition, {old['definition']['name']}"
    if old.get("asked") != new["asked"]:
        return "is another choice of the same definition"
    return ""


def _diff(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, b""), new.get(name, b"")
        if before == after and name in old and name in new:
            continue
        try:
            lines = before.decode().splitlines(keepends=True), after.decode().splitlines(keepends=True)
        except UnicodeDecodeError:
            yield f"{name}: {'changed' if name in old and name in new else 'new' if name in new else 'gone'}\n"
        else:
            yield from difflib.unified_diff(*lines, f"installed/{name}", f"new/{name}")
