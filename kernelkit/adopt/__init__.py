"""Turn a hand-written kernelspec into a definition that gives the same environment; the original is only read."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelkit import reading, tomltext
from kernelkit.adopt.comparison import Comparison, NotComparedError, compare
from kernelkit.adopt.findings import Findings, Lost
from kernelkit.adopt.handwritten import Handwritten, find
from kernelkit.adopt.recognise import Recognised, recognise
from kernelkit.adopt.variables import joined
from kernelkit.errors import KernelkitError
from kernelkit.render import LOGOS
from kernelkit.resolve import Asked, resolve

DEFAULT_CVMFS = "/cvmfs"


@dataclass(frozen=True)
class Adopted:
    """A definition as text, and what there is to say about it: each a line.

    ``lost`` are the parts that it does not do, with file and line; ``comparison`` is None where it was not compared.
    """

    text: str
    remarks: tuple[str, ...]
    lost: tuple[str, ...]
    comparison: Comparison | None


def adopt(folder: Path, name: str) -> Adopted:
    """Read a kernelspec and write the definition ``name`` of it.

    Raises DefinitionError where nothing can be made of it.
    """
    hand = find(folder)
    recognised = recognise(hand.text, str(hand.file))
    env, before, unkept = _of_document(hand)
    lost = [*unkept, *(_told(hand, one) for one in recognised.lost)]
    text = _definition(hand, recognised, [*before, *recognised.steps], env, lost)
    remarks = [*hand.remarks, *_remarks(hand, recognised)]
    try:
        comparison = _compared(text, name, hand, recognised)
    except NotComparedError as error:
        return Adopted(text, (*remarks, f"not compared: {error}"), tuple(lost), None)
    return Adopted(text, tuple(remarks), tuple(lost), comparison)


def _compared(text: str, name: str, hand: Handwritten, recognised: Recognised) -> Comparison:
    """Read the definition as it will be read, and run both."""
    with tempfile.TemporaryDirectory(prefix="kernelkit-adopt-") as place:
        file = Path(place, f"{name}.toml")
        file.write_text(text, encoding="utf-8")
        definition = reading.read(file)
        try:
            choice = resolve(definition, Asked(cvmfs=recognised.cvmfs), say=lambda _: None)
        except KernelkitError as error:
            raise NotComparedError(error.problem) from error
        return compare(hand, recognised, choice)


def _of_document(hand: Handwritten) -> tuple[dict[str, str], list[dict[str, Any]], list[str]]:
    """The env of kernel.json: variables, a step where it joins a path, and what cannot be kept."""
    found, env, unkept = Findings(), {}, []
    for name, text in hand.env.items():
        parts = joined(name, text)
        if parts:
            found.join(name, *parts)
        elif re.search(r"\$(?!\$)[\w{]", text.replace("$$", "")):
            unkept.append(f"{hand.folder}/kernel.json: env: {name} is made from other variables of the server")
        else:
            env[name] = text.replace("$$", "$")
    return env, found.steps, unkept


def _told(hand: Handwritten, lost: Lost) -> str:
    place = f"{hand.file}:{lost.line}" if hand.wrapper else str(hand.file)
    return f"{place}: {lost.text + ': ' if lost.text else ''}{lost.why}"


def _remarks(hand: Handwritten, recognised: Recognised) -> Iterator[str]:
    if recognised.cvmfs and recognised.cvmfs != DEFAULT_CVMFS:
        yield f"its CVMFS is not at {DEFAULT_CVMFS}: install the definition with --cvmfs {recognised.cvmfs}"
    logos = [logo for logo in LOGOS if (hand.folder / logo).is_file()]
    if logos:
        yield f"its logos ({', '.join(logos)}) are used if they lie beside the definition"


def _definition(
    hand: Handwritten, recognised: Recognised, steps: list[dict[str, Any]], env: Mapping[str, str], lost: list[str]
) -> str:
    head = tomltext.comment(f"Made by `kernelkit adopt` from {hand.file}.")
    if lost:
        head += tomltext.comment("It does not do what these lines did:\n" + "\n".join(f"  {line}" for line in lost))
    top: dict[str, Any] = {
        "display_name": hand.display_name,
        "summary": f"Adopted from {hand.folder.name}",
        "language": hand.language,
    }
    if any(step["use"] == "modules" for step in steps):
        top["base"] = ["MODULEPATH", "MODULESHOME", "LMOD_PKG"]
    # Bare keys end where the first table begins.
    text = [head, tomltext.pairs(_literal(top)), tomltext.table("env", _literal(env))]
    text += [tomltext.tables("steps", [{**_literal(step), **_expected(step)}]) for step in steps if len(step) > 1]
    return "".join([*text, tomltext.table("launch", _literal({"python": recognised.python}))])


def _expected(step: Mapping[str, Any]) -> dict[str, Any]:
    """What must hold after a step, since the exit code of these scripts proves nothing."""
    if step["use"] == "alrb" and any(tool.split()[:1] == ["root"] for tool in step.get("setup", ())):
        return {"expects": {"variables": ["ROOTSYS"], "commands": ["root-config"]}}
    if step["use"] == "basf2" and step.get("release"):
        return {"expects": {"values": {"BELLE2_RELEASE": step["release"]}}}
    return {"expects": {"variables": ["LCG_VERSION"]}} if step["use"] == "lcg-view" else {}


def _literal(value: Any) -> Any:
    """Every string in a value, as a definition's string that is filled in to exactly that."""
    if isinstance(value, str):
        return tomltext.literal(value)
    if isinstance(value, Mapping):
        return {key: item if key == "use" else _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list | tuple) else value


__all__ = ["Adopted", "adopt"]
