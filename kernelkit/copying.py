"""Distributions of kernelkit's own Python, copied for another Python of the same build: no network needed."""

from __future__ import annotations

import platform
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from kernelkit.errors import SoftwareError
from kernelkit.interpreter import Interpreter


def same_build(interpreter: Interpreter) -> bool:
    """Whether what is compiled for kernelkit's own Python runs on that one."""
    ours = (
        sys.version_info[:2], platform.python_implementation(),
        sysconfig.get_config_var("SOABI"), platform.machine(),
    )  # fmt: skip
    return ours == (interpreter.minor, interpreter.implementation, interpreter.abi, interpreter.machine)


def closure(requirement: str) -> dict[str, metadata.Distribution]:
    """A distribution installed beside kernelkit and all it needs, by normalised name.

    Raises SoftwareError where one is missing.
    """
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(requirement)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            found[name] = _distribution(name)
            waiting += _needs(found[name], extra)
    return found


def clash(distributions: Mapping[str, metadata.Distribution], present: Mapping[str, str]) -> str:
    """Why these distributions could not run with what another environment has, which wins there; empty where they can.

    ``present`` maps names to versions. Of a package whose version differs, nothing tells what it needs; it is
    trusted where all that ours needs is present too, since then it never sees ours.
    """
    for name, distribution in distributions.items():
        for need in _needs(distribution, ""):
            version = present.get(canonicalize_name(need.name))
            if name not in present and version and not need.specifier.contains(version, prereleases=True):
                return f"kernelkit's own {name} needs {need}, the environment has {version}"
        if name in present and Version(present[name]) != Version(distribution.version):
            absent = sorted(closure(name).keys() - present.keys())
            if absent:
                return f"the environment has {name} {present[name]} without {', '.join(absent)}"
    return ""


def copy(distributions: Mapping[str, metadata.Distribution], folder: Path) -> None:
    """Copy what these distributions installed into site-packages; scripts and byte code stay behind.

    Raises SoftwareError where a distribution has no list of its files.
    """
    for name, distribution in distributions.items():
        if distribution.files is None:
            raise SoftwareError(f"{name}, installed beside kernelkit, does not list its files")
        for file in distribution.files:
            if file.is_absolute() or ".." in file.parts or "__pycache__" in file.parts:
                continue
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(distribution.locate_file(file)), target)


def _distribution(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        raise SoftwareError(f"{name} is not installed beside kernelkit") from error


def _needs(distribution: metadata.Distribution, extra: str) -> list[Requirement]:
    needed = [Requirement(text) for text in distribution.requires or ()]
    return [one for one in needed if one.marker is None or one.marker.evaluate({"extra": extra})]
