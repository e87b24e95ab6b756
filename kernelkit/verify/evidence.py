"""What was seen of a kernel that did not start: all that the rules go by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kernelkit.causes import Cause
from kernelkit.verify.whereabouts import Sight

# bash: "FILE: line N: WORDS"; dash: "FILE: N: WORDS".
_COMPLAINT = re.compile(r"^(?P<file>[^\n:]+): (?:line )?(?P<line>\d+): (?P<words>.*)$", re.MULTILINE)
_FRAME = re.compile(r'^\s*File "(?P<file>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)


@dataclass(frozen=True)
class Complaint:
    """What a shell said of a line of a script."""

    file: str
    line: int
    words: str

    @property
    def where(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"

    @property
    def code(self) -> str:
        """The line itself; empty where the file cannot be read."""
        try:
            return Path(self.file).read_text(errors="replace").split("\n")[self.line - 1].strip()
        except (OSError, IndexError):
            return ""


@dataclass(frozen=True)
class Doubt:
    """What looked wrong before the launch, and to which cause it would lead."""

    cause_id: str
    words: str


@dataclass(frozen=True)
class Evidence:
    """How the process ended (``code`` is None where it did not), what it printed, and what looked wrong before.

    ``last`` is what the process that was spawned was when it was last seen, ``living`` what was there at a time-out.
    """

    code: int | None
    output: str
    limit: float
    doubts: tuple[Doubt, ...] = ()
    lost_arguments: bool = False
    connection_file: str = ""
    wrapper: Path = field(default_factory=Path)
    last: Sight | None = None
    living: tuple[Sight, ...] = ()

    @cached_property
    def last_line(self) -> str:
        """The last line printed; empty where nothing was."""
        lines = self.output.strip().splitlines()
        return lines[-1].strip() if lines else ""

    @cached_property
    def complaints(self) -> tuple[Complaint, ...]:
        """What shells said of their scripts, in order."""
        return tuple(
            Complaint(found["file"], int(found["line"]), found["words"]) for found in _COMPLAINT.finditer(self.output)
        )

    @cached_property
    def frames(self) -> tuple[tuple[str, int], ...]:
        """The files and lines of Python's tracebacks."""
        return tuple((found["file"], int(found["line"])) for found in _FRAME.finditer(self.output))

    @cached_property
    def script(self) -> str:
        """The wrapper's text; empty where there is none."""
        try:
            return self.wrapper.read_bytes().decode(errors="replace")
        except OSError:
            return ""

    def line_of(self, pattern: str) -> str:
        """``file:line`` of the wrapper's first line in which something is found; empty where it is in none."""
        for number, line in enumerate(self.script.split("\n"), 1):
            if re.search(pattern, line):
                return f"{self.wrapper}:{number}"
        return ""

    def variable(self, name: str) -> str:
        """A variable of the process when it was last seen."""
        return self.last.environment.get(name, "") if self.last else ""

    def search(self, pattern: str) -> re.Match[str] | None:
        """The last place of the output in which a pattern is found."""
        found: re.Match[str] | None = None
        for found in re.finditer(pattern, self.output):  # noqa: B007 - the last one is wanted
            pass
        return found

    def complaints_of(self, pattern: str) -> Iterator[Complaint]:
        """The complaints in which a pattern is found."""
        return (complaint for complaint in self.complaints if re.search(pattern, complaint.words))


Rule = Callable[[Evidence], Cause | None]
