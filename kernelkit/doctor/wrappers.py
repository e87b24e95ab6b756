"""The wrappers that kernels are started by, judged by lint; and files that are judged by hand."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from kernelkit.doctor.finding import Finding
from kernelkit.doctor.looking import Looker, NoAnswer
from kernelkit.doctor.machine import SHELLS, Machine, texts_of
from kernelkit.doctor.onlooker import Kind
from kernelkit.errors import UsageError
from kernelkit.lint import Judgement, Remark, lint
from kernelkit.lint.table import TABLE

DEPTH = 8  # folders below one that is given
MANY = 10_000  # files below one that is given


def check_wrappers(machine: Machine) -> Iterator[Finding]:
    """The scripts that argv leads to, and the text that it hands to a shell."""
    for spec, argv in machine.argvs:
        for remark in _of_texts(argv):
            yield _said(remark, f"{spec.folder}/kernel.json", spec.name)
        for command, wrapper in machine.wrappers(spec):
            for remark in wrapper.judgement.remarks:
                # A kernel of one user's may name that user's home.
                if remark.id != "hard-coded-home" or not spec.path.is_relative_to(Path.home()):
                    yield _said(remark, command.path, spec.name)


def _of_texts(argv: list[str]) -> Iterator[Remark]:
    """What argv hands to a shell as text: on no line of a file, and mostly without arguments to inherit."""
    for text in texts_of(argv):
        for remark in lint(text.encode("utf-8", "surrogateescape")).remarks:
            if text != argv[-1] or remark.id not in ("inherited-arguments", "eaten-arguments"):
                yield Remark(0, remark.id, remark.about)
    for shell, option in itertools.pairwise(argv):
        if shell.rpartition("/")[2] in SHELLS and (option == "--login" or re.fullmatch(r"-[a-z]*l[a-z]*", option)):
            yield Remark(0, "login-shell", f"{shell} {option}")


def _said(remark: Remark, file: str, kernel: str = "") -> Finding:
    place = "" if remark.line else f"{file}: "  # what stands on no line says its file itself
    return Finding(remark.id, f"{place}{remark.about}: {TABLE[remark.id].what}", kernel, file, remark.line)


def judge_files(paths: list[Path], limit: float) -> Iterator[Finding]:
    """Files and folders that were given by hand, none of them run. Raises UsageError for one that is not there."""
    with Looker(limit) as looker:
        for path in paths:
            answer = looker.ask("kind", str(path.absolute()))
            if isinstance(answer, Kind) and answer.error:
                raise UsageError(f"{path}: {os.strerror(answer.error) if answer.error > 0 else 'is no path'}")
            for file in _files(looker, path):
                yield from _judge(looker, file)


def _files(looker: Looker, path: Path) -> list[str]:
    found = looker.ask("scripts", str(path), DEPTH, MANY)
    return [str(path)] if isinstance(found, NoAnswer) else found


def _judge(looker: Looker, file: str) -> Iterator[Finding]:
    answer = looker.ask("judge", file)
    if isinstance(answer, NoAnswer):
        why = "did not answer in time" if answer.hung else "ended whoever read it"
        answer = Judgement((Remark(0, "unreadable", why),))
    for remark in answer.remarks:
        yield _said(remark, file)
