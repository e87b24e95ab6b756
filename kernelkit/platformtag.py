"""Platform tags such as ``x86_64-el9-gcc13-opt``, and which builds run on this machine."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

# The glibc each operating system has: a build runs where glibc is not older than the one it was built with.
# Source: the distributions' own package lists. Unknown words are taken as fitting nothing but themselves.
GLIBC = {
    "slc5": (2, 5), "sl5": (2, 5), "slc6": (2, 12), "sl6": (2, 12), "el6": (2, 12),
    "centos7": (2, 17), "cc7": (2, 17), "el7": (2, 17), "sl7": (2, 17), "el8": (2, 28), "centos8": (2, 28),
    "el9": (2, 34), "centos9": (2, 34), "el10": (2, 39),
    "ubuntu1804": (2, 27), "ubuntu2004": (2, 31), "ubuntu2204": (2, 35), "ubuntu2404": (2, 39),
}  # fmt: skip
SAME = {"cc7": "el7", "centos7": "el7", "sl7": "el7", "slc6": "el6", "sl6": "el6", "slc5": "el5", "sl5": "el5",
        "centos8": "el8", "centos9": "el9"}  # fmt: skip
ENTERPRISE_LINUX = {"rhel", "centos", "rocky", "almalinux", "scientific", "ol"}
TAG = re.compile(r"(x86_64|aarch64|i686|ppc64le)-([a-z]+\d+)-([a-z]+\d*)-(opt|dbg)")


@dataclass(frozen=True)
class PlatformTag:
    """What a build was made for: machine, operating system, compiler and kind (opt or dbg)."""

    machine: str
    system: str
    compiler: str
    kind: str

    @classmethod
    def within(cls, name: str) -> PlatformTag | None:
        """The tag inside a release's name, or None where there is none."""
        match = TAG.search(name)
        return cls(*match.groups()) if match else None

    def __str__(self) -> str:
        return f"{self.machine}-{self.system}-{self.compiler}-{self.kind}"


@dataclass(frozen=True)
class Host:
    """This machine: ``x86_64``, ``el9`` (or ``debian12``), and its glibc, which is None elsewhere."""

    machine: str
    system: str
    glibc: tuple[int, ...] | None

    def fit(self, machine: str | None, system: str | None) -> str:
        """How a build for that machine and system runs here: ``native``, ``older``, ``newer`` or ``foreign``."""
        if machine is not None and machine != self.machine:
            return "foreign"
        if system is None or SAME.get(system, system) == self.system:
            return "native"
        if system not in GLIBC or self.glibc is None:
            return "newer"
        return "older" if GLIBC[system] <= self.glibc else "newer"

    def __str__(self) -> str:
        return f"{self.machine}-{self.system}"


def this_host(os_release: Path = Path("/etc/os-release")) -> Host:
    """Ask /etc/os-release, uname and the C library."""
    return Host(platform.machine(), _system(os_release), _glibc())


def _system(os_release: Path) -> str:
    try:
        lines = os_release.read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    entries = {key: value.strip("\"'") for key, _, value in (line.partition("=") for line in lines)}
    version = entries.get("VERSION_ID", "")
    if entries.get("ID") in ENTERPRISE_LINUX:
        return "el" + version.partition(".")[0]
    return entries.get("ID", "unknown") + version.replace(".", "")


def _glibc() -> tuple[int, ...] | None:
    try:
        words = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (ValueError, OSError):
        return None
    return tuple(int(part) for part in words[1].split(".")[:2]) if len(words) == 2 else None
