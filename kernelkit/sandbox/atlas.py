"""ATLASLocalRootBase: the releases of ROOT and what they need, in the layout of its tools folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kernelkit.sandbox import interpreter, mapfile, scripts
from kernelkit.sandbox.interpreter import Interpreter


@dataclass(frozen=True)
class RootRelease:
    """One ROOT release of ALRB, but for the architecture; ``python2`` where its time was Python 2's."""

    version: str
    platform: str
    gcc: str
    flavour: str = ""
    python2: bool = False

    def name(self, arch: str) -> str:
        """The release as ALRB names it."""
        return "-".join(filter(None, [self.version, self.flavour, self.build(arch)]))

    def build(self, arch: str) -> str:
        """Architecture, system, compiler and mode: ``x86_64-slc6-gcc49-opt``."""
        return f"{arch}-{self.platform}-opt"


RELEASES = (
    RootRelease("6.08.06", "slc6-gcc49", "gcc493", flavour="HiggsComb", python2=True),
    RootRelease("6.08.02", "slc6-gcc49", "gcc493", python2=True),
    RootRelease("6.14.04", "slc6-gcc62", "gcc620"),
    RootRelease("6.20.06", "centos7-gcc8", "gcc830"),
    RootRelease("6.28.08", "el9-gcc13", "gcc1310"),
    RootRelease("6.30.02", "el9-gcc13", "gcc1310"),
)
PROJECTS = (("24.2", "AnalysisBase", "24.2.35"), ("24.2", "AnalysisBase", "24.2.41"), ("0.7", "StatAnalysis", "0.7.3"))
PROJECT_BUILD = "el9-gcc13-opt"
CURRENT = "6.28.08"
RECOMMENDED = "6.30.02"


def lay_out(base: Path, arch: str, current: Interpreter, old: Interpreter) -> Path:
    """Make every release with its Python and its compiler; return the copy made of the current Python."""
    tools = base / arch
    copies: dict[str, Path] = {}
    for release in reversed(RELEASES):
        python = old if release.python2 else current
        _python(tools / "python" / f"{python.release}-{release.build(arch)}", python, copies)
        scripts.copy_root(tools / "root" / release.name(arch), release.version, python.release)
        _tag(tools / "root" / release.name(arch), "root")
        _compiler(tools / "Gcc" / f"{release.gcc}_{arch}_{release.platform.split('-')[0]}")
    names = {release.version: release.name(arch) for release in RELEASES}
    mapfile.write(tools / "root", {"current": names[CURRENT], "recommended": names[RECOMMENDED]})
    mapfile.write(tools / "python", {})
    mapfile.write(tools / "Gcc", {})
    scripts.copy("atlas-setup", tools / "AtlasSetup" / "V02-00-37" / "AtlasSetup")
    (tools / "AtlasSetup" / "current").symlink_to("V02-00-37")
    return copies[current.release]


def lay_out_projects(software: Path, arch: str, python: Interpreter, copied: Path) -> None:
    """Make the analysis releases that asetup sets up, each with a Python and a ROOT in it."""
    for series, project, version in PROJECTS:
        home = software / series / project / version / "InstallArea" / f"{arch}-{PROJECT_BUILD}"
        scripts.copy("atlas-project", home)
        interpreter.link(copied, home / "python")
        scripts.copy_root(home / "root", RECOMMENDED, python.release)


def _python(folder: Path, python: Interpreter, copies: dict[str, Path]) -> None:
    """A version folder: a copy the first time, afterwards relative links into that one."""
    if folder.exists():
        return
    if python.release not in copies:
        interpreter.copy(python, folder)
        copies[python.release] = folder
    else:
        folder.mkdir()
        for entry in copies[python.release].iterdir():
            (folder / entry.name).symlink_to(os.path.relpath(entry, folder))
    _tag(folder, "python")


def _compiler(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / "setup.sh").write_text(
            "# shellcheck shell=bash\n# kernelkit sandbox: a compiler that is not there.\n"
        )
        _tag(folder, "gcc")


def _tag(folder: Path, tool: str) -> None:
    """What marks a version folder as installed."""
    (folder / ".alrb").mkdir(exist_ok=True)
    (folder / ".alrb" / "tag").write_text(f"{tool} kernelkit-sandbox\n")
