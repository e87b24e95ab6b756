"""The releases that a software area offers: read once, never walked."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kernelkit import area, texts
from kernelkit.definition import ReleaseSource
from kernelkit.errors import SoftwareError
from kernelkit.platformtag import GLIBC, Host, PlatformTag

ALRB = "atlas.cern.ch/repo/ATLASLocalRootBase"
BELLE2 = "belle.cern.ch"
BELLE2_NAMES = {"releases": re.compile(r"(pre)?release-|light-"), "externals": re.compile(r"v\d")}
LCG_VIEWS = "sft.cern.ch/lcg/views"


@dataclass(frozen=True)
class Release:
    """One release by its full name; ``hidden`` ones are found only by that."""

    name: str
    machine: str | None = None
    system: str | None = None
    aliases: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True)
class Offer:
    """The releases of one option and the place that lists them."""

    origin: Path
    releases: tuple[Release, ...]

    def alias(self, word: str) -> Release | None:
        """The release that an alias such as ``recommended`` stands for."""
        return next((release for release in self.releases if word in release.aliases), None)


@dataclass(frozen=True)
class Area:
    """Where software lies: the CVMFS root, this machine, and the values a listing's path may mention."""

    cvmfs: Path
    host: Host
    names: Mapping[str, str] = field(default_factory=dict)


def offer(source: ReleaseSource, where: Area) -> Offer:
    """What the area offers. Raises SoftwareError where it is missing, unreadable, hung or empty."""
    found = READERS[source.kind](source, where)
    if not found.releases:
        raise SoftwareError(
            f"{found.origin}: lists no release",
            "Is this the right software area? Name another with --cvmfs PATH.",
        )
    return found


class Listings:
    """Offers read once, for a run that asks for many kernels; what could not be read is not asked again."""

    def __init__(self) -> None:
        self._read: dict[tuple[ReleaseSource, Path, str], Offer | SoftwareError] = {}

    def offer(self, source: ReleaseSource, where: Area) -> Offer:
        """What ``offer`` gives. Raises SoftwareError."""
        key = (source, where.cvmfs, texts.fill(source.path, {"cvmfs": str(where.cvmfs), **where.names}))
        if key not in self._read:
            try:
                self._read[key] = offer(source, where)
            except SoftwareError as error:
                self._read[key] = error
        found = self._read[key]
        if isinstance(found, SoftwareError):
            raise SoftwareError(found.problem, found.advice)
        return found


def _alrb(source: ReleaseSource, where: Area) -> Offer:
    """ALRB's own index, one line per release: ``number|S or H|folder|name|alias|alias|`` (swConfig/functions.sh)."""
    origin = where.cvmfs / ALRB / where.host.machine / source.tool / ".alrb/mapfile.txt"
    rows = [line.split("|") for line in area.read_file(origin).splitlines()]
    return Offer(origin, tuple(_alrb_release(row) for row in rows if len(row) > 3 and row[3]))


def _alrb_release(row: list[str]) -> Release:
    return _tagged(row[3], tuple(alias for alias in row[4:] if alias), hidden=row[1] == "H")


def _tagged(name: str, aliases: tuple[str, ...] = (), *, hidden: bool = False) -> Release:
    tag = PlatformTag.within(name)
    return Release(name, tag.machine if tag else None, tag.system if tag else None, aliases, hidden)


def _basf2(source: ReleaseSource, where: Area) -> Offer:
    """The folders of the platform that suits this machine, of releases or of ``externals``; ``recommended`` from
    versioning.py.
    """
    root = where.cvmfs / BELLE2
    kind = source.tool or "releases"
    system = _belle2_system(area.list_folder(root), where.host)
    origin = root / system / kind
    recommended = _belle2_recommended(root / "versioning/versioning.py")
    names = [name for name in area.list_folder(origin) if BELLE2_NAMES[kind].match(name)]
    return Offer(origin, tuple(_belle2_release(name, system, recommended) for name in sorted(names)))


def _belle2_release(name: str, system: str, recommended: str | None) -> Release:
    return Release(name, None, system, ("recommended",) if name == recommended else ())


def _belle2_system(names: list[str], host: Host) -> str:
    """The platform folder: this system's, else the newest that runs here (tools/b2presetup.sh does the like)."""
    systems = [name for name in names if name in GLIBC]
    fitting = [name for name in systems if host.fit(None, name) in ("native", "older")] or systems
    if not fitting:
        raise SoftwareError(
            f"no platform folder among {', '.join(names) or 'nothing'}",
            "Is this Belle II's CVMFS repository?",
        )
    return max(fitting, key=lambda name: (host.fit(None, name) == "native", GLIBC[name]))


def _belle2_recommended(file: Path) -> str | None:
    match = re.search(r"^_recommended_release\s*=\s*(.+)$", area.read_file(file), re.MULTILINE)
    value = ast.literal_eval(match[1]) if match else None
    return value if isinstance(value, str) else None


def _lcg(_: ReleaseSource, where: Area) -> Offer:
    """The views of the LCG stack: one listing of ``views/``."""
    origin = where.cvmfs / LCG_VIEWS
    names = [name for name in area.list_folder(origin) if name.startswith("LCG_")]
    return Offer(origin, tuple(Release(name) for name in sorted(names)))


def _directory(source: ReleaseSource, where: Area) -> Offer:
    """The names in a folder that the definition gives."""
    origin = Path(texts.fill(source.path, {"cvmfs": str(where.cvmfs), **where.names}))
    names = [name for name in area.list_folder(origin) if not name.startswith(".")]
    return Offer(origin, tuple(_tagged(name) for name in sorted(names)))


READERS: dict[str, Callable[[ReleaseSource, Area], Offer]] = {
    "alrb": _alrb, "basf2": _basf2, "lcg": _lcg, "directory": _directory,
}  # fmt: skip
