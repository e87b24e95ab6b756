"""What a kernel is: the values a definition file holds once it has been read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,199}")  # file systems end at 255 bytes, and staging adds a suffix
OPTION_NAME = re.compile(r"[a-z][a-z0-9_]*")
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class ReleaseSource:
    """Where the releases of an option are listed: ``kind`` is a key of ``releases.READERS``."""

    kind: str
    tool: str = ""
    path: str = ""


@dataclass(frozen=True)
class Option:
    """What a user may choose; ``default`` is None where the user must.

    ``path`` says that it is a file or folder: a relative one is meant from where the command runs.
    """

    name: str
    help: str = ""
    default: str | None = None
    releases: ReleaseSource | None = None
    path: bool = False

    @property
    def flag(self) -> str:
        """The command-line flag: ``user_dir`` becomes ``--user-dir``."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True)
class Expects:
    """What must hold after a step, since the exit code of a vendor script proves nothing."""

    variables: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One piece of environment set-up: the template it uses and the arguments the template declares.

    Where ``when`` comes out empty, the step is left out.
    """

    use: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    expects: Expects = Expects()
    when: str | None = None


@dataclass(frozen=True)
class Launch:
    """Which interpreter runs the kernel, and where its ipykernel comes from.

    ``python`` is ``auto`` or a path. ``version_command`` prints the version (``2.7``) of the Python the
    release was built for. ``ipykernel`` is ``auto``, ``environment`` (its own or none) or ``overlay``.
    ``module`` is the Python module that is the kernel where that is another than IPython's, on ipykernel's machinery.
    """

    python: str = "auto"
    version_command: tuple[str, ...] = ()
    ipykernel: str = "auto"
    module: str = ""


@dataclass(frozen=True)
class Check:
    """Code run in the kernel by ``kernelkit test``; ``prints`` is its exact output, None for any."""

    name: str
    code: str
    prints: str | None = None


@dataclass(frozen=True)
class Definition:
    """A definition, whole and valid. ``sources`` are the files it was read from, its own first.

    ``digest`` covers them and the templates that its kernels are rendered from.
    """

    name: str
    path: Path
    sources: tuple[Path, ...]
    display_name: str
    summary: str = ""
    tried: str = ""
    language: str = "python"
    options: Mapping[str, Option] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    launch: Launch = Launch()
    checks: tuple[Check, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    base: tuple[str, ...] = ()
    user_site: bool = True
    in_notebook_folder: bool = False
    snapshot: bool = True
    digest: str = ""
    user_hook: bool | None = None

    @property
    def folder(self) -> Path:
        """Where the definition's logos lie."""
        return self.path.parent

    def strings(self) -> list[tuple[str, str]]:
        """Every string that is a template, with the key it stands under."""
        found = [("display_name", self.display_name), ("launch.python", self.launch.python)]
        found += [(f"env.{name}", value) for name, value in self.env.items()]
        for number, step in enumerate(self.steps, 1):
            found += [
                pair for key, value in step.arguments.items() for pair in _leaves(f"steps[{number}].{key}", value)
            ]
            found += [(f"steps[{number}].expects.values.{k}", v) for k, v in step.expects.values.items()]
            found += [(f"steps[{number}].when", step.when)] if step.when is not None else []
        found += [(f"checks[{n}].prints", c.prints) for n, c in enumerate(self.checks, 1) if c.prints is not None]
        return found


def _leaves(key: str, value: Any) -> list[tuple[str, str]]:
    """The strings inside a step's argument."""
    if isinstance(value, str):
        return [(key, value)]
    if isinstance(value, list):
        return [pair for item in value for pair in _leaves(key, item)]
    if isinstance(value, dict):
        return [pair for name, item in value.items() for pair in _leaves(f"{key}.{name}", item)]
    return []
