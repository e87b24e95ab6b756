"""The index that ALRB keeps of a tool's versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, aliases: Mapping[str, str]) -> None:
    """Make the aliases of a tool's versions, as links, and write ``.alrb/mapfile.txt`` from what lies there.

    One line per version, in C order: ``number|S|folder|name|alias|alias|``, each field ended by a bar. The
    format is that of alrb_fn_createReleaseMap in swConfig/functions.sh (Tier3SW/ATLASLocalRootBase, 2018).
    """
    for alias, version in aliases.items():
        (folder / alias).symlink_to(version)
    versions = sorted(entry.name for entry in folder.iterdir() if not entry.is_symlink() and entry.name != ".alrb")
    (folder / ".alrb").mkdir(exist_ok=True)
    lines = [_line(version, sorted(alias for alias in aliases if aliases[alias] == version)) for version in versions]
    (folder / ".alrb" / "mapfile.txt").write_text("".join(lines))


def _line(version: str, aliases: list[str]) -> str:
    return "|".join([_number(version), "S", version, version, *aliases]) + "|\n"


def _number(version: str) -> str:
    """What versions are ordered by: 60806 for 6.08.06-..., 493 for gcc493_..., 620 for gcc62_... ."""
    compiler = re.match(r"gcc(\d{2,3})", version)
    if compiler:
        return compiler[1].ljust(3, "0")
    major, minor, patch = version.split("-", maxsplit=1)[0].split(".")
    return str(int(major) * 10000 + int(minor) * 100 + int(patch))
