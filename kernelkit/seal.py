"""Digests of a kernelspec's files, kept in its kernel.json, by which an edit shows."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernelkit.kernel import SPEC_FILE

KEY = "kernelkit"  # within kernel.json's metadata


def seal(document: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """The document with the digest of every file in ``metadata.kernelkit.digests``, its own included."""
    sealed = copy.deepcopy(dict(document))
    digests = {name: _digest(content) for name, content in sorted(files.items())}
    sealed["metadata"][KEY]["digests"] = {**digests, SPEC_FILE: _digest_of_document(sealed)}
    return sealed


def record(document: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What kernelkit recorded in a kernel.json, or None where it did not make it."""
    metadata = document.get("metadata") if document else None
    found = metadata.get(KEY) if isinstance(metadata, dict) else None
    whole = isinstance(found, dict) and all(
        isinstance(found.get(key), dict) for key in ("definition", "choice", "digests")
    )
    return found if whole else None


def edited_files(folder: Path, document: Mapping[str, Any]) -> list[str]:
    """The files that are not what kernelkit wrote: changed, gone or added; sorted."""
    digests = (record(document) or {}).get("digests", {})
    present = {entry.name for entry in folder.iterdir()}
    changed = {name for name, digest in digests.items() if _digest_of_file(folder, name, document) != digest}
    return sorted(changed | (present - digests.keys()))


def _digest_of_file(folder: Path, name: str, document: Mapping[str, Any]) -> str | None:
    if name == SPEC_FILE:
        return _digest_of_document(document)
    file = folder / name
    return _digest(file.read_bytes()) if file.is_file() else None


def _digest_of_document(document: Mapping[str, Any]) -> str:
    """The digest of a kernel.json's content without the digests themselves, however it is laid out."""
    made = {key: value for key, value in document["metadata"][KEY].items() if key != "digests"}
    bare = {**document, "metadata": {**document["metadata"], KEY: made}}
    return _digest(json.dumps(bare, sort_keys=True, separators=(",", ":")).encode())


def _digest(content: bytes) -> str:
    import hashlib  # a tenth of what `list` costs, and needed only where there are kernels of ours

    return hashlib.sha256(content).hexdigest()
