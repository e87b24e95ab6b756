"""Causes that lie in the wrapper: what its shell says of it, and what became of its arguments."""

from __future__ import annotations

import re
from pathlib import Path

from kernelkit.causes import Cause, cause
from kernelkit.verify.evidence import Evidence, Rule

EARLY = ("wrapper-missing", "no-connection-file")  # nothing that is printed can say it better


def early_doubt(evidence: Evidence) -> Cause | None:
    """A file that argv names is not there."""
    return _doubt(evidence, EARLY)


def late_doubt(evidence: Evidence) -> Cause | None:
    """What looked wrong before is to blame where nothing better is known."""
    return _doubt(evidence, ())


def _doubt(evidence: Evidence, ids: tuple[str, ...]) -> Cause | None:
    found = [doubt for doubt in evidence.doubts if not ids or doubt.cause_id in ids]
    return cause(found[0].cause_id, "; ".join(doubt.words for doubt in found)) if found else None


def line_ends(evidence: Evidence) -> Cause | None:
    """A script that was edited on Windows."""
    if "\r\n" not in evidence.script:
        return None
    return cause("wrapper-line-ends", "the wrapper's lines end with CR LF, as on Windows", evidence.line_of("\r$"))


def syntax(evidence: Evidence) -> Cause | None:
    """A script that its shell cannot parse."""
    for complaint in evidence.complaints_of(r"syntax error|unexpected (?:EOF|end of file)|Syntax error|Unterminated"):
        return cause("wrapper-syntax", f"the shell cannot parse the script: {complaint.words}", complaint.where)
    return None


def unset_variable(evidence: Evidence) -> Cause | None:
    """``set -u`` ends the shell."""
    for complaint in evidence.complaints_of(r"unbound variable$|parameter not set$"):
        name = complaint.words.partition(":")[0]
        return cause("unset-variable", f"set -u ended the wrapper: {name} is not set", complaint.where)
    return None


def arguments(evidence: Evidence) -> Cause | None:
    """The kernel runs, or ran, with arguments that are not what Jupyter gave."""
    name = Path(evidence.connection_file).name
    kernels = [sight for sight in (*evidence.living, evidence.last) if sight and sight.is_python]
    for argument in (argument for sight in kernels for argument in sight.argv if name and name in argument):
        if argument == evidence.connection_file:
            return None
        return _changed(evidence, argument)
    if not evidence.lost_arguments:
        return None
    words = "the wrapper did not hand on its arguments, so that the kernel does not know its connection file"
    return cause("arguments-lost", words, evidence.line_of(r"ipykernel|\bexec\b"))


def _changed(evidence: Evidence, argument: str) -> Cause:
    place = evidence.line_of(r"\$[@*]|\$\{?[1-9]") or evidence.line_of("ipykernel")
    if argument.startswith("/") and Path(argument).name == Path(evidence.connection_file).name:
        words = f"the kernel was given {argument} and not Jupyter's {evidence.connection_file}"
        return cause("connection-file", words, place)
    return cause("arguments-split", f"the wrapper split or joined its arguments: the kernel got {argument!r}", place)


def silence(evidence: Evidence) -> Cause | None:
    """It neither answers nor ended."""
    if evidence.code is not None:
        return None
    waited = f"no reply within {evidence.limit:g} s"
    words = f"; the last line it printed: {evidence.last_line}" if evidence.last_line else ""
    for sight in evidence.living:
        if sight.is_shell and sight.busy > evidence.limit / 10:
            return cause("endless-loop", f"{waited}: the shell computes without end{words}", sight.line)
    for sight in evidence.living:
        if evidence.connection_file in sight.argv and not sight.is_shell:
            return cause("slow-start", f"{waited}: the kernel itself is still starting{words}", sight.command)
    running = evidence.living[-1].command if evidence.living else ""
    doing = f", still running: {running}" if running else ""
    place = next((sight.line for sight in reversed(evidence.living) if sight.line), "") or evidence.last_line
    return cause("still-in-step", f"{waited}{doing}{words}", place)


def ended(evidence: Evidence) -> Cause | None:
    """It ended by itself, and by its own will."""
    if evidence.code == 0:
        words = "the command that Jupyter started ended at once, without an error and without a kernel"
        return cause("exited-at-once", words, evidence.line_of(r"\bexit 0\b|\bsetsid\b|&\s*$"))
    if not evidence.code or evidence.code < 0 or not evidence.script:
        return None
    place = evidence.line_of(rf"\b(?:exit|return) {evidence.code}\b")
    by_itself = re.search(r"^\s*set -[a-z]*e|^\s*set -o errexit", evidence.script, re.MULTILINE)
    if not place and not (by_itself and not evidence.frames):
        return None
    said = f": {evidence.last_line}" if evidence.last_line else " and printed nothing"
    why = "" if place else ", as set -e has it after a command that fails,"
    return cause("step-failed", f"the wrapper ended itself{why} with exit code {evidence.code}{said}", place)


RULES: tuple[Rule, ...] = (line_ends, syntax, unset_variable, arguments)
