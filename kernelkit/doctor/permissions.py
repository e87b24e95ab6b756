"""Who may change what this account runs, and who may read what it keeps to itself."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from jupyter_core import paths

from kernelkit import catalogue, launchlog, snapshots
from kernelkit.doctor.finding import Finding
from kernelkit.doctor.machine import Machine, files_of
from kernelkit.doctor.onlooker import Kind


def check_open(machine: Machine) -> Iterator[Finding]:
    """Folders of kernelspecs, kernelspecs, what their argv names, definitions and step templates."""
    told: set[str] = set()
    for path, kernel in _run_by_us(machine):
        place = machine.looker.ask("open", path)
        if isinstance(place, str) and place not in told:
            told.add(place)
            below = f", and with it {path}" if place != path else ""
            yield Finding("open-to-others", f"others may write {place}{below}", kernel, place)


def _run_by_us(machine: Machine) -> Iterator[tuple[str, str]]:
    """What is run or rendered, each with the kernel that it belongs to."""
    yield from ((folder, "") for folder, count in machine.folders.items() if isinstance(count, int))
    for spec, argv in machine.argvs:
        yield f"{spec.folder}/kernel.json", spec.name
        yield from ((command.path, spec.name) for command in files_of(argv))
        yield from ((command.path, spec.name) for command, _ in machine.wrappers(spec))
    for folder in [*catalogue.search_path(), *catalogue.step_folders()]:
        yield from ((str(file), "") for file in sorted(folder.glob("**/*")) if file.suffix in (".toml", ".j2"))


def check_closed(machine: Machine) -> Iterator[Finding]:
    """What lies where every user's Jupyter looks, and cannot be read by every user."""
    for spec in machine.used:
        if not any(spec.folder.startswith(folder + "/") for folder in paths.SYSTEM_JUPYTER_PATH):
            continue
        for path, needed in ((spec.folder, 0o005), (f"{spec.folder}/kernel.json", 0o004)):
            answer = machine.looker.ask("kind", path)
            if isinstance(answer, Kind) and not answer.error and answer.mode & needed != needed:
                mode = f"{stat.S_IMODE(answer.mode):o}"
                yield Finding("closed-to-others", f"{path} has the mode {mode}", spec.name, path)


def check_private(machine: Machine) -> Iterator[Finding]:
    """The folders of snapshots and launch logs, which hold what the steps made and printed."""
    for folder in _private_folders(machine):
        try:
            status = folder.stat()
        except OSError:
            continue
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            owner = "" if status.st_uid == os.geteuid() else f" and belongs to user {status.st_uid}"
            mode = f"{stat.S_IMODE(status.st_mode):o}"
            yield Finding("private-folder-open", f"{folder} has the mode {mode}{owner}", file=str(folder))


def _private_folders(machine: Machine) -> list[Path]:
    found: dict[Path, None] = {}
    for spec in machine.specs:
        for folder in (launchlog.folder(spec.name), snapshots.folder(spec.name)):
            if folder:
                found[folder] = None
    return list(found)
