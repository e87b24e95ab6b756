"""Belle II: platforms with releases of basf2 and the externals they run on, in the layout of its repository."""

from __future__ import annotations

import os
from pathlib import Path

from kernelkit.sandbox import distributions, interpreter, scripts
from kernelkit.sandbox.interpreter import Interpreter

# What each release says in .externals; older externals than 01.10 would leave JUPYTER_CONFIG_DIR alone.
EXTERNALS = {
    "release-08-02-06": "v01-12-01",
    "release-09-00-15": "v02-00-02",
    "light-2601-hyperion": "v02-00-02",
    "light-2603-ina": "v02-00-02",
}
PLATFORMS = {
    "el9": tuple(EXTERNALS),
    "ubuntu2404": tuple(release for release in EXTERNALS if release != "release-08-02-06"),
}
ROOT_VERSION = "6.30.02"


def lay_out(repository: Path, arch: str, python: Interpreter, copied: Path) -> Path:
    """Make every platform; return the one folder of Python packages that all of them share."""
    subfolder = f"Linux_{arch}"
    common: Path | None = None
    for platform, releases in PLATFORMS.items():
        for release in releases:
            _release(repository / platform / "releases" / release, release, subfolder)
        for version in sorted({EXTERNALS[release] for release in releases}, reverse=True):
            common = _externals(repository / platform / "externals" / version / subfolder, copied, python, common)
    assert common is not None
    packages = interpreter.site_packages(common / "bin" / python.names[0])
    distributions.copy("ipykernel", packages)
    return packages


def _release(folder: Path, release: str, subfolder: str) -> None:
    for part in ("bin", "lib"):
        scripts.copy(f"basf2-release/{part}", folder / part / subfolder / "opt")
    (folder / "include").mkdir()
    (folder / ".externals").write_text(EXTERNALS[release] + "\n")


def _externals(folder: Path, copied: Path, python: Interpreter, common: Path | None) -> Path:
    """One version of the externals: a Python of its own the first time, afterwards a relative link to that."""
    scripts.copy_root(folder / "opt" / "root", ROOT_VERSION, python.release)
    if common is None:
        interpreter.link(copied, folder / "common")
        scripts.copy("basf2-externals/common", folder / "common")
        return folder / "common"
    (folder / "common").symlink_to(os.path.relpath(common, folder))
    return common
