"""What a node's job is given, and what it tells, through the folder of the job.

``request.json`` is what is to be done. ``results`` is a line of JSON for each thing that happened on the node:
``{"started": HOST}``, then ``{"verdict": {...}}`` for each kernel as it is done, and ``{"end": true}``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernelkit.fleet.plan import Conditions, Fleet
from kernelkit.verify import Target

REQUEST, RESULTS = "request.json", "results"


def write_request(fleet: Fleet, folder: Path) -> None:
    """Leave it for the job, with a file for its results that only the user can read."""
    passed = {name: os.environ[name] for name in fleet.settings.environment if name in os.environ}
    request = {
        "targets": [[target.name, str(target.path)] for target in fleet.targets],
        "jobs": fleet.kernels_at_once, "grace": fleet.settings.grace, "environment": passed,
        "conditions": vars(fleet.conditions),
    }  # fmt: skip
    for name, text in ((REQUEST, json.dumps(request)), (RESULTS, "")):
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)


def read_request(folder: Path) -> tuple[list[Target], Conditions, Mapping[str, Any]]:
    """The kernels, how they are verified, and the rest as plain values. Raises OSError."""
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    targets = [Target(name, Path(path), here=True) for name, path in request["targets"]]
    return targets, Conditions(**request["conditions"]), request


class Results:
    """The lines that a job has told, each handed on once."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / RESULTS
        self._read = 0

    def news(self) -> Iterator[Mapping[str, Any]]:
        """The lines that have arrived whole since the last time."""
        try:
            with self._file.open("rb") as stream:
                stream.seek(self._read)
                arrived = stream.read()
        except OSError:
            return
        whole = arrived[: arrived.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            yield from _object(line)


def _object(line: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        value = json.loads(line)
    except ValueError:
        return
    if isinstance(value, dict):
        yield value
