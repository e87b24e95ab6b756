"""What doctor looks at: a server's Jupyter as that server sees it, and every kernelspec it would find."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kernelkit.doctor.looking import Looker, NoAnswer
from kernelkit.doctor.onlooker import Wrapper
from kernelkit.errors import SoftwareError
from kernelkit.kernelspecs import NATIVE, Kernelspec, with_shadows
from kernelkit.processes import ProcessError, run
from kernelkit.seal import record

ASKING = 60.0  # seconds, for a Python on a cold network file system
# jupyter_client itself would make ~/.ipython when it is asked for its folders (kernelspec.py, IPython's paths.py).
_QUESTION = """
import json, os, sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from jupyter_core.paths import jupyter_path
if not find_spec("jupyter_client"):
    sys.exit("No module named jupyter_client")
folders = jupyter_path("kernels")
if find_spec("IPython"):
    folders.append(os.path.join(os.path.expanduser(os.environ.get("IPYTHONDIR") or "~/.ipython"), "kernels"))
group = "jupyter_client.kernel_provisioners"
found = entry_points()
found = found.select(group=group) if hasattr(found, "select") else found.get(group, [])
ipykernel = find_spec("ipykernel")
print(json.dumps({
    "folders": folders, "executable": sys.executable, "prefix": sys.prefix,
    "provisioners": sorted({entry.name for entry in found}), "ipykernel": ipykernel and ipykernel.origin,
}))
"""


@dataclass(frozen=True)
class Server:
    """The Python that a Jupyter server runs on, and what its Jupyter says of itself."""

    executable: str
    prefix: str
    folders: tuple[str, ...]
    provisioners: frozenset[str]
    ipykernel: str | None


@dataclass(frozen=True)
class Command:
    """A word of argv that names a file: ``directly`` where it is argv[0], ``after_shell`` where a shell reads it."""

    path: str
    directly: bool
    after_shell: bool


@dataclass
class Machine:
    """The server, its kernelspecs in Jupyter's order, and the eyes to look at what they name."""

    server: Server
    looker: Looker
    specs: list[Kernelspec]
    folders: dict[str, int | NoAnswer | None]
    _wrappers: dict[Command, Wrapper | NoAnswer] = field(default_factory=dict)

    @property
    def used(self) -> list[Kernelspec]:
        """The kernelspecs that people get."""
        return [spec for spec in self.specs if not spec.shadowed_by]

    @property
    def argvs(self) -> Iterator[tuple[Kernelspec, list[str]]]:
        """Each kernelspec that people get with its argv as Jupyter fills it in."""
        for spec in self.used:
            if isinstance(spec.document, dict) and not spec.native:
                yield spec, self.argv(spec)

    def argv(self, spec: Kernelspec) -> list[str]:
        """The words of argv, with all but the connection file filled in."""
        words = (spec.document or {}).get("argv")
        return [self._filled(spec, word) for word in words if isinstance(word, str)] if isinstance(words, list) else []

    def _filled(self, spec: Kernelspec, word: str) -> str:
        return os.path.expanduser(word.replace("{resource_dir}", spec.folder).replace("{prefix}", self.server.prefix))  # noqa: PTH111

    def wrappers(self, spec: Kernelspec) -> Iterator[tuple[Command, Wrapper]]:
        """The scripts for a shell that a kernelspec's argv leads to, judged."""
        for command in files_of(self.argv(spec)):
            if command not in self._wrappers:
                answer = self.looker.ask(
                    "wrapper", command.path, command.directly, command.after_shell, roots(self.specs)
                )
                self._wrappers[command] = answer
            answer = self._wrappers[command]
            if isinstance(answer, Wrapper) and answer.is_script:
                yield command, answer

    def gone(self, path: str) -> bool:
        """Whether there is surely nothing at a path."""
        answer = self.looker.ask("kind", path)
        return not isinstance(answer, NoAnswer) and answer.error != 0


def files_of(argv: list[str]) -> list[Command]:
    """The words of argv that name files."""
    found = []
    for number, word in enumerate(argv):
        shell = next((w for w in reversed(argv[:number]) if not w.startswith("-")), "").rpartition("/")[2] in SHELLS
        if word.startswith("/") and "{" not in word and "\n" not in word and not (shell and _is_text(argv, number)):
            found.append(Command(word, directly=number == 0, after_shell=shell))
    return found


SHELLS = {"sh", "bash", "dash", "ksh", "zsh"}


def texts_of(argv: list[str]) -> Iterator[str]:
    """The words of argv that a shell runs as text: ``bash -c TEXT``."""
    yield from (word for number, word in enumerate(argv) if _is_text(argv, number))


def _is_text(argv: list[str], number: int) -> bool:
    before = argv[:number]
    return (
        len(before) > 1 and before[-1].startswith("-") and before[-1].endswith("c")
        and before[-2].rpartition("/")[2] in SHELLS
    )  # fmt: skip


def roots(specs: list[Kernelspec]) -> tuple[str, ...]:
    """Where kernels that kernelkit made found CVMFS."""
    pins = [(record(spec.document) or {}).get("choice", {}).get("cvmfs") for spec in specs]
    return tuple(sorted({str(pin["value"]) for pin in pins if isinstance(pin, dict) and pin.get("value")}))


def ask_server(python: Path | None) -> Server:
    """What a Python's Jupyter says of itself; kernelkit's own where none is given. Raises SoftwareError."""
    argv = [str(python or sys.executable), "-c", _QUESTION]
    try:
        answer = json.loads(run(argv, timeout=ASKING).stdout)
    except ProcessError as error:
        last = error.last_words.rpartition("\n")[2]
        raise SoftwareError(f"{argv[0]}: has no jupyter_client that answers: {last or error}") from error
    except ValueError as error:
        raise SoftwareError(f"{argv[0]}: is no Python with jupyter_client") from error
    folders, provisioners = tuple(answer["folders"]), frozenset(answer["provisioners"])
    return Server(answer["executable"], answer["prefix"], folders, provisioners, answer["ipykernel"])


def survey(server: Server, looker: Looker, say: Callable[[str], None]) -> Machine:
    """Find every kernelspec, folder by folder; what does not answer is left out and known to be hung."""
    specs: list[Kernelspec] = []
    folders: dict[str, int | NoAnswer | None] = {}
    for folder in server.folders:
        say(folder)
        places = looker.ask("places", folder)
        if not isinstance(places, list):
            folders[folder] = places
            continue
        found = [spec for name, place in places if (spec := _read(looker, name, place))]
        folders[folder] = len(found)
        specs.extend(found)
    specs = with_shadows(specs)
    if server.ipykernel and not any(spec.name == NATIVE for spec in specs):
        argv = [server.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        specs.append(Kernelspec(NATIVE, str(Path(server.ipykernel).parent / "resources"), {"argv": argv}, native=True))
    return Machine(server, looker, specs, folders)


def _read(looker: Looker, name: str, place: str) -> Kernelspec | None:
    answer: Kernelspec | NoAnswer | None = looker.ask("kernelspec", place, name)
    if not isinstance(answer, NoAnswer):
        return answer
    return Kernelspec(name, place, fault=HUNG if answer.hung else "kernel.json ends whoever reads it")


HUNG = "did not answer in time"
