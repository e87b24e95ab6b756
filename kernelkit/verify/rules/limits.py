"""Causes that are limits: memory, files, disks, processor time, ports; and the signals that come of them."""

from __future__ import annotations

import signal

from kernelkit.causes import Cause, cause
from kernelkit.verify.conversation import ending
from kernelkit.verify.evidence import Evidence, Rule

WORDS = {
    "memory-limit": r"MemoryError\b|[Cc]annot allocate memory|std::bad_alloc|[Oo]ut of memory|xmalloc: "
    r"|failed to map segment|can't start new thread|Resource temporarily unavailable|Cannot create thread",
    "file-limit": r"Too many open files",
    "disk-full": r"No space left on device|Disk quota exceeded|File size limit exceeded",
}
SIGNALS = {
    signal.SIGILL: ("cpu-too-old", "this processor lacks an instruction that a library uses"),
    signal.SIGSEGV: ("crashed", "a compiled library crashed"),
    signal.SIGABRT: ("crashed", "a compiled library gave up"),
    signal.SIGBUS: ("crashed", "a compiled library or the file behind it failed"),
    signal.SIGFPE: ("crashed", "a compiled library crashed"),
    signal.SIGXCPU: ("cpu-limit", "the limit on processor time was hit"),
    signal.SIGXFSZ: ("disk-full", "the limit on the size of files was hit"),
}


def port_clash(evidence: Evidence) -> Cause | None:
    """Jupyter picks free ports and lets go of them until the kernel takes them (jupyter_client 8.10, connect.py)."""
    # ipykernel raises, and now and then waits for its own threads instead of ending (seen with 7.4).
    said = evidence.last_line if evidence.code is None else evidence.output
    if "Address already in use" not in said:
        return None
    return cause("port-clash", "a port that the kernel was given was in use", evidence.last_line)


def words(evidence: Evidence) -> Cause | None:
    """A limit, in the words of whoever hit it."""
    for id_, pattern in WORDS.items():
        found = evidence.search(pattern)
        if found:
            line = evidence.output[: found.end()].rsplit("\n", 1)[-1] + evidence.output[found.end() :].split("\n")[0]
            place = next((complaint.where for complaint in evidence.complaints_of(pattern)), line.strip())
            return cause(id_, f"a limit was hit: {line.strip()}", place)
    return None


def signals(evidence: Evidence) -> Cause | None:
    """The signal that ended it; 128 and more is how a shell hands one on."""
    code = evidence.code
    if code is None or code == 0 or 0 < code <= 128:
        return None
    number = -code if code < 0 else code - 128
    id_, why = next((entry for one, entry in SIGNALS.items() if one == number), ("", ""))
    how = f"it {ending(code)} before its first reply"
    if id_:
        return cause(id_, f"{why}: {how}", evidence.last_line)
    return cause("killed", how, evidence.last_line) if code < 0 else None


RULES: tuple[Rule, ...] = (words, signals)
