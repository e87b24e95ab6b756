"""What is gathered while a wrapper is read: steps, where the software lies, and what could not be kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from kernelkit.lint.script import Command, Word

ASSIGNED = re.compile(r"\$(?:\{(\w+)(?::?[-+?][^}]*)?\}|(\w+))")


@dataclass(frozen=True)
class Lost:
    """One thing that the definition does not do: the line, its text, and why."""

    line: int
    text: str
    why: str


@dataclass
class Findings:
    """The steps so far, in order; ``cvmfs`` is where CVMFS is mounted, if anything said so."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    cvmfs: str | None = None
    python: str = "auto"
    module_init: str = ""

    def lose(self, command: Command, why: str) -> None:
        """A command that is not kept."""
        self.lost.append(Lost(command.line, command.text, why))

    def add(self, use: str, **arguments: Any) -> dict[str, Any]:
        """One more step; arguments that are empty are left out."""
        step = {"use": use, **{name: item for name, item in arguments.items() if item}}
        self.steps.append(step)
        return step

    def latest(self, use: str) -> dict[str, Any]:
        """The step that was added last if it is of this kind, else a new one."""
        return self.steps[-1] if self.steps and self.steps[-1]["use"] == use else self.add(use)

    def set(self, name: str, value: str) -> None:
        """A variable gets a value."""
        step = self.latest("env")
        for other in step.keys() - {"use"}:
            step[other] = _without(step[other], name)
        step.setdefault("set", {})[name] = value

    def join(self, name: str, front: str, back: str) -> None:
        """Something goes in front of a variable's value, or behind it."""
        step = self.latest("env")
        if name in step.get("set", {}):
            step["set"][name] = ":".join(part for part in (front, step["set"][name], back) if part)
            return
        for key, text in (("prepend", front), ("append", back)):
            if text:
                present = step.setdefault(key, {}).get(name)
                ordered = (text, present) if key == "prepend" else (present, text)
                step[key][name] = ":".join(part for part in ordered if part)

    def below_home(self, name: str, place: str) -> None:
        """A variable names something in the home of whoever starts the kernel."""
        self.latest("env").setdefault("home", {})[name] = place

    def unset(self, name: str) -> None:
        """A variable goes away."""
        step = self.latest("env")
        for other in step.keys() - {"use"}:
            step[other] = _without(step[other], name)
        step.setdefault("unset", []).append(name)


def _without(values: Any, name: str) -> Any:
    if isinstance(values, dict):
        return {key: item for key, item in values.items() if key != name}
    return [item for item in values if item != name]


def text_of(word: Word, known: dict[str, str]) -> str:
    """A word's text without its quotes, in which what is known is filled in and the rest still stands as ``$name``."""
    if word.literal is not None:
        return word.literal
    text = word.text.replace('"', "").replace("'", "")
    return ASSIGNED.sub(lambda match: known.get(match[1] or match[2], match[0]), text)


def whole(word: Word, known: dict[str, str]) -> str | None:
    """The value of a word; None where it cannot be known from the script."""
    if word.literal is not None and not word.text.startswith("~"):
        return word.literal
    text = text_of(word, known)
    unknown = text.startswith("~") or "$" in text or "`" in text or word.substitution or word.array
    return None if unknown else text
