"""Causes that lie in the program that the wrapper starts, and in the libraries that it loads."""

from __future__ import annotations

import re
from pathlib import Path

from kernelkit.causes import Cause, cause
from kernelkit.verify.evidence import Complaint, Evidence, Rule

# Libraries of which Python, pyzmq and compiled modules need their own version.
FOREIGN = (
    "libstdc++.so*",
    "libzmq*.so*",
    "libsodium*.so*",
    "libgcc_s.so*",
    "libssl.so*",
    "libsqlite3.so*",
    "libffi.so*",
)
NOT_FOUND = 127
NOT_RUN = 126
LIBRARY = r"[^\s:'\"]*lib[^\s:'\"]*\.so[\w.\-]*"


def wrong_architecture(evidence: Evidence) -> Cause | None:
    """Built for another machine."""
    for complaint in evidence.complaints_of("cannot execute binary file|Exec format error"):
        words = f"the program was not built for this machine: {complaint.words}"
        return cause("interpreter-wrong-architecture", words, complaint.where)
    return None


def not_runnable(evidence: Evidence) -> Cause | None:
    """The shell found no program, or none that it may run: its exit code says so (bash(1), EXIT STATUS)."""
    if evidence.code not in (NOT_FOUND, NOT_RUN):
        return None
    pattern = "No such file|[Nn]ot found|bad interpreter|Permission denied|cannot execute|Is a directory"
    complaint = next(iter(reversed([*evidence.complaints_of(pattern)])), None)
    words = f"a command could not be run: {complaint.words if complaint else evidence.last_line}"
    return cause(_of_program(complaint, evidence.code), words, complaint.where if complaint else "")


def _of_program(complaint: Complaint | None, code: int) -> str:
    said = complaint.words if complaint else ""
    # bash 5.2 says "required file not found" where an older one says "bad interpreter: No such file".
    absent = code == NOT_FOUND or "bad interpreter" in said or "required file not found" in said
    python = re.search(r"/[^:]*python[^:/]*(?=:)|bad interpreter|required file", said)
    if absent:
        return "interpreter-missing" if python else "command-missing"
    return "interpreter-not-executable" if python else "command-not-executable"


def glibc(evidence: Evidence) -> Cause | None:
    """Built for a newer system (ld.so(8))."""
    found = evidence.search(r"(?P<file>\S+): version `(?P<version>GLIBC_[\w.]+)' not found")
    if not found:
        return None
    return cause("glibc-too-old", f"this system's C library is too old: it has no {found['version']}", found[0])


def library_clash(evidence: Evidence) -> Cause | None:
    """A library of one environment meets a program of another."""
    found = (
        evidence.search(r"(?P<file>\S+): version `[^']+' not found[^\n]*")
        or evidence.search(r"(?:symbol lookup error: )?(?P<file>/\S+): undefined symbol: \S+")
        or evidence.search(rf"(?P<file>{LIBRARY}): (?:invalid ELF header|wrong ELF class|file too short)[^\n]*")
        or evidence.search(r"undefined symbol: (?P<file>\w+)")
    )
    if not found:
        return None
    path = evidence.variable("LD_LIBRARY_PATH")
    at = f"; LD_LIBRARY_PATH is {path}" if path else ""
    place = _foreign(path) or found["file"]
    return cause("library-clash", f"libraries that do not fit each other: {found[0]}{at}", place)


def _foreign(path: str) -> str:
    """The first library on LD_LIBRARY_PATH that stands before one which Python's packages bring or expect."""
    files = (file for folder in path.split(":") if folder for name in FOREIGN for file in Path(folder).glob(name))
    return str(next(files, ""))


def library_missing(evidence: Evidence) -> Cause | None:
    """A library is nowhere."""
    found = evidence.search(r"(?P<file>[\w.+\-/]+\.so[\w.]*): cannot open shared object file[^\n]*")
    if not found or "ld.so: object" in evidence.output[max(0, found.start() - 200) : found.start()].split("\n")[-1]:
        return None
    return cause("library-missing", f"a library is missing: {Path(found['file']).name}", found[0])


def container(evidence: Evidence) -> Cause | None:
    """Apptainer, Singularity or Podman could not start the container."""
    found = evidence.search(r"(?m)^FATAL: +[^\n]+|Error: [^\n]*(?:image|container)[^\n]*")
    return cause("container", f"the container could not be started: {found[0].strip()}", found[0]) if found else None


RULES: tuple[Rule, ...] = (wrong_architecture, glibc, library_clash, library_missing, container, not_runnable)
