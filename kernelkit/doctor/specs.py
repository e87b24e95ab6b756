"""Each kernelspec: what Jupyter, VS Code and nbclient make of its kernel.json, and whether what it runs is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kernelkit.doctor.finding import Finding
from kernelkit.doctor.machine import HUNG, Machine, files_of
from kernelkit.kernelspecs import NATIVE, Kernelspec
from kernelkit.seal import record

CONNECTION = "{connection_file}"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|COOKIE|PRIVATE_KEY|API_?KEY")
# The traits of jupyter_client 8.10's KernelSpec; a key besides warns today and is an error one day.
KEYS = {
    "argv", "display_name", "language", "env", "interrupt_mode", "metadata", "kernel_protocol_version", "mimetype",
    "name", "resource_dir",
}  # fmt: skip
TEXTS = ("display_name", "language", "kernel_protocol_version", "mimetype", "name")
# jupyter_client 8.10, manager.py, format_kernel_cmd: these become the server's own interpreter.
_PYTHON = re.compile(r"python(3(\.\d+)?)?")


def check_specs(machine: Machine) -> Iterator[Finding]:
    """What is wrong with kernel.json."""
    for spec in machine.used:
        if spec.native:
            continue
        found = [(_id_of_fault(spec.fault), spec.fault)] if spec.fault else []
        for id_, what in [*found, *_of_document(machine, spec)]:
            yield Finding(id_, f"{spec.name}: {what}", spec.name, f"{spec.folder}/kernel.json")


def _id_of_fault(fault: str) -> str:
    if fault == HUNG:
        return "kernel-hung"
    return "software-gone" if "does not exist" in fault else "kernel-broken"


def _of_document(machine: Machine, spec: Kernelspec) -> Iterator[tuple[str, str]]:
    if not _NAME.fullmatch(spec.folder.rpartition("/")[2]):
        yield "odd-name", f"its folder is called {spec.folder.rpartition('/')[2]!r}"
    if spec.document is None:
        return
    yield from _of_keys(spec.document)
    yield from _of_argv(spec.document.get("argv"), spec.name)
    yield from _of_metadata(spec.document.get("metadata"), machine)
    env = spec.document.get("env")
    for name, value in env.items() if isinstance(env, dict) else ():
        if _SECRET.search(str(name)) and value and not str(value).startswith("$"):
            yield "secret-in-spec", f"its env sets {name}"


def _of_keys(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in TEXTS:
        if not isinstance(document.get(key, ""), str):
            yield "refused-value", f"{key} is no text"
    if not isinstance(document.get("metadata", {}), dict):
        yield "refused-value", "metadata is no object"
    for key in sorted(document.keys() - KEYS):
        yield "unknown-key", f"the key {key!r}"


def _of_argv(argv: Any, name: str) -> Iterator[tuple[str, str]]:
    if not isinstance(argv, list) or not argv or not all(isinstance(word, str) for word in argv):
        return
    if "{resource_dir}" in argv[0]:
        yield "argv0-in-folder", f"argv begins with {argv[0]}"
    if _PYTHON.fullmatch(argv[0]) and name != NATIVE:
        yield "server-python", f"argv begins with {argv[0]}"
    larger = [word for word in argv if CONNECTION in word and word != CONNECTION]
    if larger:
        yield "connection-file-in-word", f"argv holds {larger[0]!r}"
    elif CONNECTION not in argv:
        yield "connection-file-missing", "argv names no connection file"


def _of_metadata(metadata: Any, machine: Machine) -> Iterator[tuple[str, str]]:
    provisioner = metadata.get("kernel_provisioner") if isinstance(metadata, dict) else None
    name = provisioner.get("provisioner_name") if isinstance(provisioner, dict) else None
    if name is None or name == "local-provisioner":
        return
    if name not in machine.server.provisioners:
        yield "provisioner-unknown", f"{machine.server.executable} has no provisioner called {name!r}"
    yield "provisioner-ignored", f"it is launched by {name!r}"


def check_software(machine: Machine) -> Iterator[Finding]:
    """What argv, the wrappers and kernelkit's records name, and is no longer there."""
    for spec, argv in machine.argvs:
        if spec.fault:
            continue
        for command in files_of(argv):
            if machine.gone(command.path):
                yield _gone(spec, f"{spec.folder}/kernel.json", command.path)
        interpreter = (record(spec.document) or {}).get("interpreter")
        path = interpreter.get("path") if isinstance(interpreter, dict) else None
        if isinstance(path, str) and machine.gone(path):
            yield _gone(spec, f"{spec.folder}/kernel.json", path)
        for command, wrapper in machine.wrappers(spec):
            for line, needed in wrapper.judgement.needs:
                if needed != path and machine.gone(needed):
                    yield _gone(spec, command.path, needed, line)


def _gone(spec: Kernelspec, file: str, path: str, line: int = 0) -> Finding:
    return Finding("software-gone", f"{spec.name} needs {path}, which is not there", spec.name, file, line)
