"""Empty virtual environments: alone on an interpreter, or over what a software's set-up offers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kernelkit import indexes, packages
from kernelkit.errors import SoftwareError
from kernelkit.interpreter import Interpreter, probe
from kernelkit.processes import ProcessError, run

OLDEST = (3, 8)  # of the Pythons whose own venv and pip make a working environment without virtualenv
MAKING = 300.0  # seconds, for the empty environment
NO_USER = {"PYTHONNOUSERSITE": "1"}
BELOW = "kernelkit-below.pth"

# What makes a Python import from elsewhere than the environment it belongs to.
MISLEADING = ("PYTHON", "VIRTUAL_ENV", "CONDA_", "LD_", "PIP_", "__PYVENV")


@dataclass(frozen=True)
class Base:
    """What an environment is made on: an interpreter in its surroundings.

    ``over`` keeps what the interpreter finds there in sight, as a layer of packages upon an experiment's software.
    """

    interpreter: Interpreter
    surroundings: Mapping[str, str]
    over: bool = False

    @property
    def too_old(self) -> bool:
        """Whether this Python makes no virtual environment of use."""
        return self.interpreter.minor < OLDEST

    @property
    def words(self) -> str:
        """The Python's version, as people say it."""
        return ".".join(map(str, self.interpreter.version))

    @property
    def inside(self) -> dict[str, str]:
        """The surroundings of the environment's own interpreter."""
        return {**self.surroundings, **NO_USER}


def alone(python: str) -> Base:
    """Nothing but an interpreter, whatever this process was started with. Raises SoftwareError."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(MISLEADING)}
    base = Base(probe(python, surroundings), surroundings)
    if base.too_old:
        raise SoftwareError(f"{base.interpreter.path} is Python {base.words}: environments need 3.8 or newer")
    return base


def over(python: str, environment: Mapping[str, str]) -> Base:
    """An interpreter with the software it was found in, and nothing of the user's own. Raises SoftwareError.

    PYTHONHOME, which LCG views set, would hide any virtual environment; without it they find their libraries too.
    """
    base = Base(probe(python, {**environment, **NO_USER}), {**environment, **NO_USER}, over=True)
    if base.too_old:
        return base
    hidden = ("PYTHONHOME", "VIRTUAL_ENV")
    return replace(base, surroundings={name: v for name, v in base.surroundings.items() if name not in hidden})


def create(path: Path, base: Base) -> Path:
    """An empty virtual environment; its interpreter. Raises SoftwareError."""
    uv = packages.find_uv()
    environment = indexes.uv_environment(base.surroundings) if uv else base.surroundings
    sight = ["--system-site-packages"] if base.over else []
    quiet = [uv, "venv", "--quiet", "--python", base.interpreter.path] if uv else None
    argv = [*(quiet or [base.interpreter.path, "-m", "venv", "--without-pip"]), *sight, str(path)]
    try:
        run(argv, environment=environment, folder=path.parent, timeout=MAKING)
    except ProcessError as error:
        words = packages.gist(error.output) or error
        raise SoftwareError(f"{base.interpreter.path} makes no virtual environment: {words}") from error
    python = path / "bin/python"
    if base.over:
        _see_through(path, python, base)
    return python


def _see_through(path: Path, python: Path, base: Base) -> None:
    """Let the new environment see all that its base sees, which may be an environment itself.

    Raises SoftwareError where a package that is there below is not there above.
    """
    seen = _search_path(str(python), base.inside)
    hidden = [entry for entry in _search_path(base.interpreter.path, base.surroundings) if entry not in seen]
    # A site folder brings its own .pth files along (the site module of Python's library reference).
    lines = [f"import site; site.addsitedir({entry!r})\n" for entry in hidden if Path(entry).is_dir()]
    (_site_packages(python, base) / BELOW).write_text("".join(lines), encoding="utf-8")
    lost = base.interpreter.distributions.keys() - probe(str(python), base.surroundings).distributions.keys()
    if lost:
        raise SoftwareError(f"{path} does not see what {base.interpreter.path} has: {', '.join(sorted(lost))}")


def _site_packages(python: Path, base: Base) -> Path:
    return python.parent.parent / "lib" / "python{}.{}".format(*base.interpreter.minor) / "site-packages"


def _search_path(python: str, environment: Mapping[str, str]) -> list[str]:
    """The folders that an interpreter imports from. Raises SoftwareError."""
    try:
        told = run([python, "-c", "import json, sys; print(json.dumps(sys.path[1:]))"], environment=environment)
    except ProcessError as error:
        raise SoftwareError(f"{python} does not run: {error.last_words}") from error
    found: list[str] = json.loads(told.stdout.splitlines()[-1])
    return [entry for entry in found if entry]
