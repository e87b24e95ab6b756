"""Stand-ins for what an environment has already: wheels that hold a name and a version, and nothing else.

A resolver that finds them agrees with the environment without downloading any of it, which is often not to be had:
built by the experiment, older than wheels, or under a version of its own.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from packaging.version import Version

# The local part of a version keeps a stand-in apart from every real release and is ignored by what asks for
# "==1.2" or "<2" (PEP 440, "Local version identifiers").
LOCAL = "kernelkit"


def write(present: Mapping[str, str], folder: Path) -> list[str]:
    """Write a wheel for each name and version into ``folder``; returns the constraints that make them the only ones."""
    return [_write(name, f"{Version(version).public}+{LOCAL}", folder) for name, version in present.items()]


def _write(name: str, version: str, folder: Path) -> str:
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: kernelkit\nRoot-Is-Purelib: true\n"
        "Tag: py2-none-any\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{stem}-py2.py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"]))
    return f"{name}=={version}"


def remove(folder: Path) -> None:
    """Remove what the stand-ins left where packages were installed."""
    for info in folder.glob(f"*+{LOCAL}.dist-info"):
        shutil.rmtree(info)


def is_one(line: str) -> bool:
    """Whether a line of a lock is of a stand-in."""
    return line.endswith(f"+{LOCAL}")
