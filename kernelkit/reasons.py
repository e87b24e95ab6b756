"""The cause behind the reason that a wrapper of kernelkit's gave for not starting its kernel."""

from __future__ import annotations

import re
from pathlib import Path

from kernelkit import area
from kernelkit.causes import Cause, cause
from kernelkit.errors import SoftwareError

# What a broken mount answers, see docs/causes.md; the words are the C library's.
ANSWERS = {
    "software-loop": "Too many levels of symbolic links",
    "software-io-error": "Input/output error|Transport endpoint is not connected|Software caused connection abort"
    "|Stale file handle|Host is down|Remote I/O error",
}
HUNG = "did not answer within"
MISSING = "No such file or directory|Not a directory"
GONE = "this Python is gone|release was removed"
DENIED = "Permission denied"
PATH = re.compile(r"(?:^|[\s'\"`:])(/[^:'\"`\n]+?)(?=[:'\"`]|$)")


def of_reason(reason: str, last_words: str = "") -> Cause:
    """The cause behind a reason; ``last_words`` is what the steps printed last."""
    for id_, pattern in ANSWERS.items():
        if re.search(pattern, reason):
            return cause(id_, reason, last_words)
    if HUNG in reason:
        return cause("software-hung", reason, last_words)
    if DENIED in reason:
        return cause("software-unreadable", reason, last_words)
    if re.search(f"{MISSING}|{GONE}", reason):
        found = PATH.search(reason)
        return cause(absence(found[1]) if found else "release-gone", reason, last_words)
    return cause("step-failed", reason, last_words)


def absence(path: str) -> str:
    """Whether a whole software area is missing, or something that was in it."""
    parts = Path(path).parts
    root = Path(*parts[:3]) if parts[1:2] == ("cvmfs",) and len(parts) > 2 else Path(path).parent.parent
    return "release-gone" if _holds_something(root) else "software-missing"


def _holds_something(folder: Path) -> bool:
    try:
        return bool(area.list_folder(folder))
    except SoftwareError:
        return False
