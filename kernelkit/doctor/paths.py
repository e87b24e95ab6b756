"""The folders that Jupyter searches, what hides what, and python3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from kernelkit.doctor.finding import Finding
from kernelkit.doctor.looking import NoAnswer
from kernelkit.doctor.machine import Machine
from kernelkit.kernelspecs import NATIVE


def check_search_path(machine: Machine) -> Iterator[Finding]:
    """Each folder in its order."""
    listed = [Path(entry) for entry in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if entry]
    for number, (folder, count) in enumerate(machine.folders.items(), 1):
        of_variable = Path(folder).parent in listed
        if isinstance(count, NoAnswer):
            yield Finding("search-path-hung", f"{folder} did not answer within {machine.looker.limit:g} s", file=folder)
        elif count is not None:
            yield Finding("search-path", f"{number}. {folder}: {count} kernel{'s' * (count != 1)}", file=folder)
        elif of_variable:
            yield Finding("search-path-missing", f"{number}. {folder}: there is no such folder", file=folder)
        if of_variable and not folder.startswith("/"):
            yield Finding("search-path-relative", f"{folder} depends on the current folder", file=folder)


def check_shadows(machine: Machine) -> Iterator[Finding]:
    """What is hidden by an earlier folder."""
    for spec in machine.specs:
        if spec.shadowed_by:
            yield Finding("shadowed", f"{spec.folder} is hidden by {spec.shadowed_by}", spec.name, spec.folder)


def check_native(machine: Machine) -> Iterator[Finding]:
    """The kernel that cannot be removed."""
    python3 = next((spec for spec in machine.used if spec.name == NATIVE), None)
    if not machine.server.ipykernel or python3 is None:
        return
    if python3.native:
        what = f"no kernelspec is called {NATIVE}, and Jupyter offers {machine.server.executable} under that name"
    else:
        what = f"without {python3.folder}, Jupyter would offer {machine.server.executable} under the name {NATIVE}"
    yield Finding("native-kernel", what, NATIVE, python3.folder)
