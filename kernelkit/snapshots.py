"""The environments that wrappers recorded: read here, written by ``setup.sh`` alone (templates/snapshot.sh.j2).

A file holds records that each end with a NUL byte: what it is, a checksum, the key, its state, when it was recorded and
until when it holds, how long the steps took (microseconds), the state of its inputs, and how many they are. A refusal
holds its key, until when it counts, and the reason.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kernelkit.definition import NAME

MAGIC = b"kernelkit-snapshot=1"
REFUSAL = b"kernelkit-refusal=1"
LARGEST = 1 << 26  # bytes; what is larger, no wrapper wrote
_MILLION = 1_000_000
_ID = re.compile(r"^kernelkit_id=([0-9a-f]{16})$", re.MULTILINE)


@dataclass(frozen=True)
class Snapshot:
    """One recorded environment, or the reason why there is none.

    ``state`` is ``provisional`` until a second recording agrees, then ``confirmed``; or ``refused`` for the ``reason``.
    ``recorded`` and ``until`` are in seconds since 1970, ``took`` is what the steps took, in seconds.
    """

    file: Path
    state: str
    recorded: float
    until: float
    took: float
    inputs: int
    reason: str = ""


def folder(name: str) -> Path | None:
    """Where a kernel's snapshots are, found as the wrapper finds it; None where there can be none."""
    cache, home = os.environ.get("XDG_CACHE_HOME", ""), os.environ.get("HOME", "")
    if not cache.startswith("/"):
        cache = f"{home}/.cache" if home.startswith("/") else ""
    return Path(cache, "kernelkit", "snapshots", name) if cache and NAME.fullmatch(name) else None


def snapshots(name: str, wrapper: Path) -> list[Snapshot]:
    """What is kept for the kernel with this wrapper as it is now, newest first. What cannot be read is left out."""
    found = [snapshot for file in _files(folder(name), _identity(wrapper)) if (snapshot := _read(file))]
    return sorted(found, key=lambda snapshot: -snapshot.recorded)


def forget(name: str) -> None:
    """Remove all that is kept for a kernel, where it can be removed."""
    place = folder(name)
    if place and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)


def _identity(wrapper: Path) -> str:
    try:
        found = _ID.search(wrapper.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return found[1] if found else ""


def _files(place: Path | None, identity: str) -> Iterator[Path]:
    try:
        yield from sorted(place.glob(f"{identity}.*")) if place and identity else []
    except OSError:
        return


def _read(file: Path) -> Snapshot | None:
    try:
        if not file.is_file() or file.is_symlink() or file.stat().st_size > LARGEST:
            return None
        return _parsed(file, file.read_bytes().split(b"\0"))
    except (OSError, ValueError, IndexError):
        return None


def _parsed(file: Path, records: list[bytes]) -> Snapshot | None:
    if records[0] == REFUSAL:
        recorded = file.stat().st_mtime
        return Snapshot(file, "refused", recorded, _seconds(records[2]), 0.0, 0, os.fsdecode(records[3]))
    if records[0] != MAGIC:
        return None
    recorded, until, took = map(_seconds, records[4:7])
    return Snapshot(file, os.fsdecode(records[3]), recorded, until, took, sum(map(int, records[8:11])))


def _seconds(record: bytes) -> float:
    return int(record) / _MILLION
