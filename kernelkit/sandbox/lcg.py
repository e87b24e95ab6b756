"""LCG views: farms of links into the releases they are made of, in the layout of the SFT group's repository."""

from __future__ import annotations

import os
from pathlib import Path

from kernelkit.sandbox import interpreter, scripts
from kernelkit.sandbox.interpreter import Interpreter

# Each view with its platforms, but for the architecture, and the ROOT in it.
VIEWS = (
    ("LCG_107", "el9-gcc13-opt", "6.34.02"),
    ("LCG_107_swan", "el9-gcc13-opt", "6.34.02"),
    ("LCG_106", "el9-gcc13-opt", "6.32.02"),
    ("LCG_104", "centos7-gcc11-opt", "6.28.04"),
    ("LCG_104", "el9-gcc13-opt", "6.28.04"),
    ("LCG_88", "slc6-gcc49-opt", "6.08.06"),
)


def lay_out(lcg: Path, arch: str, python: Interpreter, copied: Path, packages: Path) -> None:
    """Make every view and the releases it points to; ``packages`` holds the Jupyter kernel for all of them."""
    releases = lcg / "releases"
    kernel = releases / "ipykernel" / f"{arch}-{VIEWS[0][1]}" / "site-packages"
    interpreter.link(packages, kernel)
    first = releases / "Python" / python.release / f"{arch}-{VIEWS[0][1]}"
    interpreter.link(copied, first)
    for view, system, root in VIEWS:
        platform = f"{arch}-{system}"
        home = releases / "Python" / python.release / platform
        if not home.exists():
            home.mkdir()
            _link_all(first, home)
        root_home = releases / "ROOT" / root / platform
        if not root_home.exists():
            scripts.copy_root(root_home, root, python.release)
        _view(lcg / "views" / view / platform, python, (home, root_home), kernel)


def _view(folder: Path, python: Interpreter, parts: tuple[Path, ...], kernel: Path) -> None:
    scripts.copy("lcg-view", folder)
    packages = folder / "lib" / python.names[0] / "site-packages"
    packages.mkdir(parents=True)
    _link_all(kernel, packages)
    for part in parts:
        _link_all(part / "bin", folder / "bin")
        for entry in (part / "lib").iterdir():
            if not entry.is_dir():
                _link(entry, folder / "lib")


def _link_all(source: Path, folder: Path) -> None:
    for entry in source.iterdir():
        _link(entry, folder)


def _link(entry: Path, folder: Path) -> None:
    (folder / entry.name).symlink_to(os.path.relpath(entry, folder))
