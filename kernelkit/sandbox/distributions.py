"""Python packages for the software areas that bring a Jupyter kernel of their own, taken from kernelkit's."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kernelkit.errors import SoftwareError

# Tests, and what jedi knows of packages that are not there.
LEFT_OUT = frozenset({"tests", "test", "stubs", "django-stubs"})


def copy(name: str, site_packages: Path) -> str:
    """Copy an installed distribution and all it needs into a folder, without a network; return its version.

    Raises SoftwareError where one of them is missing, or was installed without a list of its files.
    """
    closure: dict[str, Distribution] = {}
    _collect(name, closure)
    for distribution in closure.values():
        for inside, file in _files(distribution):
            target = site_packages / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
    return closure[canonicalize_name(name)].version


def _collect(name: str, closure: dict[str, Distribution]) -> None:
    """Add a distribution, and what it requires here, to those found so far."""
    key = canonicalize_name(name)
    if key in closure:
        return
    try:
        closure[key] = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise SoftwareError(
            f"the package {name} is not installed beside kernelkit", "install ipykernel again"
        ) from error
    for requirement in map(Requirement, closure[key].requires or []):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            _collect(requirement.name, closure)


def _files(distribution: Distribution) -> Iterator[tuple[Path, Path]]:
    """Each file of a distribution that lies among the packages: its place there, and the file itself.

    Compiled files come along even where the installer did not list them: the first start is as fast as here.
    """
    if distribution.files is None:
        name = distribution.metadata["Name"]
        raise SoftwareError(f"nobody knows the files of the installed package {name}", f"install {name} with pip or uv")
    listed = {Path(entry) for entry in distribution.files if entry.parts[0] != ".." and not entry.is_absolute()}
    compiled = {Path(importlib.util.cache_from_source(str(entry))) for entry in listed if entry.suffix == ".py"}
    for inside in listed | compiled:
        file = Path(str(distribution.locate_file(inside)))
        if LEFT_OUT.isdisjoint(inside.parts) and file.is_file():
            yield inside, file
