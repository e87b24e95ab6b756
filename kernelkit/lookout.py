"""Places that may hang, looked at from a distance: what answers in time counts, the rest is named and left behind."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from kernelkit import lookout_script
from kernelkit.errors import SoftwareError
from kernelkit.lookout_script import Question
from kernelkit.processes import ProcessError, run


@dataclass
class View:
    """What was asked and what was answered so far."""

    asked: list[Question]
    answers: dict[Question, Any] = field(default_factory=dict)

    def of(self, kind: str, path: str) -> Any:
        """The answer to one question; None where there is none."""
        return self.answers.get((kind, path))

    def all(self, kind: str) -> list[tuple[str, Any]]:
        """The paths with the answers of one kind, in the order of their paths."""
        return sorted((path, answer) for (asked, path), answer in dict(self.answers).items() if asked == kind)

    @property
    def silent(self) -> list[str]:
        """The places that did not answer, without those below them."""
        paths = {PurePath(path) for kind, path in self.asked if (kind, path) not in self.answers}
        return sorted(str(path) for path in paths if not paths & {*path.parents})

    def hear(self, line: str) -> None:
        """Take in a line of the other side's; what else stands there is a warning of its Python's."""
        told = json.loads(line) if line.startswith("{") else {}
        self.asked += [(kind, path) for kind, path in told.get("asked", ())]
        if "of" in told:
            kind, path = told["of"]
            self.answers[kind, path] = told["answer"]


def look(questions: Sequence[Question], limit: float) -> View:
    """Ask the kinds of questions that ``lookout_script`` knows, for ``limit`` seconds at most. Raises SoftwareError."""
    view = View(list(questions))
    argv = [sys.executable, "-I", "-S", lookout_script.__file__, json.dumps(questions)]
    try:
        run(argv, timeout=limit, hear=view.hear)
    except ProcessError as error:
        if error.code is not None:
            raise SoftwareError(f"{sys.executable} ended with {error.code} while it looked around") from error
    return view
