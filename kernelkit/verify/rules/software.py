"""Causes that lie in the software area: what a file system answers for it, and what a kernelkit wrapper says of it."""

from __future__ import annotations

import re
from pathlib import Path

from kernelkit.causes import Cause, cause
from kernelkit.reasons import ANSWERS, DENIED, MISSING, absence, of_reason
from kernelkit.verify.evidence import Complaint, Evidence, Rule

PREFIX = "kernelkit: "
WRAPPER_CODE = 78  # a kernelkit wrapper that has said why on its standard error
LAST_WORDS = "kernelkit:   | "
SOURCING = re.compile(r"(?:^|[;&|]\s*|\b(?:if|then|do)\s+)(?:source|\.)\s")


def hung(evidence: Evidence) -> Cause | None:
    """Something waits for a file: it was blocked in the system call that opens or looks at it."""
    if evidence.code is not None:
        return None
    for sight in reversed(evidence.living):
        if sight.file:
            words = f"no reply within {evidence.limit:g} s: {sight.file} does not answer whoever opens it"
            return cause("software-hung", words, sight.file)
    return None


def wrapper_said(evidence: Evidence) -> Cause | None:
    """A wrapper of kernelkit's own ends with the reason on its last line."""
    said = [line.removeprefix(PREFIX) for line in evidence.output.splitlines() if line.startswith(PREFIX)]
    if evidence.code != WRAPPER_CODE or not said:
        return None
    lines = [line.removeprefix(LAST_WORDS) for line in evidence.output.splitlines() if line.startswith(LAST_WORDS)]
    return of_reason(said[-1], lines[-1] if lines else "")


def answered(evidence: Evidence) -> Cause | None:
    """A file system's answer, in the words of a shell or of a program."""
    for id_, pattern in ANSWERS.items():
        line = next((line for line in evidence.output.splitlines() if re.search(pattern, line)), "")
        if line:
            return cause(id_, f"a file cannot be read: {line.strip()}", _where(evidence, pattern) or line.strip())
    return None


def _where(evidence: Evidence, pattern: str) -> str:
    return next((complaint.where for complaint in evidence.complaints_of(pattern)), "")


def not_there(evidence: Evidence) -> Cause | None:
    """A script that the wrapper sources is not there: whatever follows runs without what it should have made."""
    for complaint in evidence.complaints_of(MISSING):
        path = complaint.words.split(": ")[0]
        if _own(complaint, evidence) and path.startswith("/") and (SOURCING.search(complaint.code) or _cvmfs(path)):
            id_ = absence(path)
            what = "the software area is not there" if id_ == "software-missing" else "the release is not there"
            return cause(id_, f"{what}: {path}: No such file or directory", complaint.where)
    return None


def _own(complaint: Complaint, evidence: Evidence) -> bool:
    """Whether it is the wrapper itself that complains: vendor scripts do so in passing."""
    return complaint.file == str(evidence.wrapper) or Path(complaint.file).parent == evidence.wrapper.parent


def _cvmfs(path: str) -> bool:
    return path.startswith("/cvmfs/")


def denied(evidence: Evidence) -> Cause | None:
    """What is sourced or lies in a software area may not be read."""
    for line in evidence.output.splitlines():
        if re.search(rf"/cvmfs/\S+: {DENIED}", line):
            return cause("software-unreadable", f"the software may not be read: {line.strip()}", line.strip())
    for complaint in evidence.complaints_of(DENIED):
        if SOURCING.search(complaint.code):
            return cause("software-unreadable", f"the software may not be read: {complaint.words}", complaint.where)
    return None


RULES: tuple[Rule, ...] = (answered, not_there, denied)
