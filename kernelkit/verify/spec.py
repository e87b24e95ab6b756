"""A kernelspec read from its own directory and judged as far as that goes without launching it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit.kernel import SPEC_FILE, WRAPPER_FILE
from kernelkit.provisioners.places import PREFIX
from kernelkit.verify.evidence import Doubt

# jupyter_client 8.10, manager.py, format_kernel_cmd: these words become the server's own interpreter.
SERVER_PYTHON = {"python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
FIELDS: dict[str, tuple[type, str]] = {
    "argv": (list, "a list"),
    "display_name": (str, "a text"),
    "language": (str, "a text"),
    "env": (dict, "an object"),
    "metadata": (dict, "an object"),
}


class SpecError(Exception):
    """Jupyter cannot launch anything from this directory; the text says why, ``cause_id`` which cause it is."""

    def __init__(self, cause_id: str, words: str) -> None:
        super().__init__(words)
        self.cause_id = cause_id


@dataclass(frozen=True)
class Spec:
    """A kernel.json that Jupyter can launch from; ``document`` is all of it."""

    folder: Path
    document: dict[str, Any]

    @property
    def argv(self) -> list[str]:
        """The command as it is written."""
        argv: list[str] = self.document["argv"]
        return argv

    @property
    def display_name(self) -> str:
        """What a launcher shows."""
        return str(self.document.get("display_name", ""))

    @property
    def record(self) -> dict[str, Any]:
        """What kernelkit recorded of a kernel that it made; empty for any other."""
        record = self.document.get("metadata", {}).get("kernelkit")
        return record if isinstance(record, dict) else {}

    def expanded(self, argument: str) -> str:
        """An argument as Jupyter fills it in, but for what is known only at launch."""
        filled = argument.replace("{resource_dir}", str(self.folder)).replace("{prefix}", sys.prefix)
        return str(Path(filled).expanduser()) if filled.startswith("~") else filled


def read(folder: Path) -> Spec:
    """Read ``kernel.json``. Raises SpecError."""
    try:
        document = json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError("spec-missing", f"{SPEC_FILE} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SpecError("spec-not-json", f"{SPEC_FILE} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SpecError("spec-not-object", f"{SPEC_FILE}: not an object")
    if document.get("argv") in (None, []):
        raise SpecError("no-argv", f"{SPEC_FILE}: argv is missing: there is nothing to launch")
    for fault in _faults(document):
        raise SpecError("spec-field", f"{SPEC_FILE}: {fault}")
    return Spec(folder, document)


def without_place(spec: Spec) -> Spec:
    """It without the batch system that it belongs to, so that it is launched where this runs."""
    metadata = dict(spec.document.get("metadata", {}))
    provisioner = metadata.get("kernel_provisioner")
    if isinstance(provisioner, dict) and str(provisioner.get("provisioner_name", "")).startswith(PREFIX):
        del metadata["kernel_provisioner"]
    return Spec(spec.folder, {**spec.document, "metadata": metadata})


def _faults(document: dict[str, Any]) -> list[str]:
    wrong = [
        f"{key} is not {kind}"
        for key, (type_, kind) in FIELDS.items()
        if not isinstance(document.get(key, type_()), type_)
    ]
    return wrong or [*_argv_faults(document["argv"]), *_other_faults(document)]


def _argv_faults(argv: list[object]) -> list[str]:
    return [f"argv[{place}] is not a text" for place, argument in enumerate(argv) if not isinstance(argument, str)]


def _other_faults(document: dict[str, Any]) -> list[str]:
    env = document.get("env", {})
    faults = [f"env: the value of {name} is not a text" for name, value in env.items() if not isinstance(value, str)]
    if str(document.get("interrupt_mode", "signal")).lower() not in ("signal", "message"):
        faults.append(f"interrupt_mode is {document['interrupt_mode']!r}, and must be 'signal' or 'message'")
    return faults


def command_fault(spec: Spec) -> Doubt | None:
    """Why argv[0] cannot be run; None where it can be. Jupyter looks a bare name up on its own PATH."""
    program = spec.expanded(spec.argv[0])
    if program in SERVER_PYTHON or shutil.which(program, path=spec.document.get("env", {}).get("PATH")):
        return None
    if "/" not in program:
        return Doubt("program-missing", f"{program} is not on the path")
    if not os.path.lexists(program):
        return Doubt("program-missing", f"{program} does not exist")
    if Path(program).is_file():
        return Doubt("program-not-executable", f"{program} is not executable")
    return Doubt("program-missing", f"{program} is not a file that can be read")


def doubts(spec: Spec) -> list[Doubt]:
    """What looks wrong and is to blame should the kernel not start: one that starts nevertheless works."""
    found = []
    if not any("{connection_file}" in argument for argument in spec.argv):
        found.append(Doubt("no-connection-file", "argv names no {connection_file}"))
    named = [argument for argument in map(spec.expanded, spec.argv[1:]) if re.fullmatch(r"/[^{}\n]*", argument)]
    found += [Doubt("wrapper-missing", f"{name} does not exist") for name in named if not os.path.lexists(name)]
    return [*found, *(Doubt("wrapper-edited", words) for words in _changed_files(spec))]


def _changed_files(spec: Spec) -> list[str]:
    digests = spec.record.get("digests")
    if not isinstance(digests, dict):
        return []
    return [
        text for name, digest in digests.items() if name != SPEC_FILE and (text := _changed(spec.folder / name, digest))
    ]


def _changed(file: Path, digest: object) -> str:
    try:
        actual = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        return f"{file.name} cannot be read: {error.strerror}"
    if actual == str(digest).removeprefix("sha256:"):
        return ""
    edited = "is empty" if not file.stat().st_size else "is not the one that was installed"
    return f"{file.name} {edited}"


def wrapper(spec: Spec) -> Path:
    """The kernelspec's own wrapper, whether or not there is one."""
    return spec.folder / WRAPPER_FILE


def script(spec: Spec) -> Path:
    """The script that argv runs: its first word that is a file which begins as a script does."""
    for argument in map(spec.expanded, spec.argv):
        if argument.startswith("/") and _is_script(Path(argument)):
            return Path(argument)
    return wrapper(spec)


def _is_script(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            start = stream.read(64)
    except OSError:
        return False
    return start.startswith(b"#!") or (file.suffix in (".sh", ".bash") and b"\0" not in start)
