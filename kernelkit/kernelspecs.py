"""The kernelspecs that Jupyter finds here, in its order, read without importing jupyter_client.

The rules are those of jupyter_client 8's ``kernelspec.py``: each folder of the path in turn, a kernelspec is a folder
that holds a ``kernel.json``, its key is the folder's name in lower case, and the first one of a name wins.
"""

from __future__ import annotations

import functools
import json
import operator
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path

from kernelkit.errors import SoftwareError
from kernelkit.kernel import SPEC_FILE

NATIVE = "python3"
USUAL = 1 << 13  # bytes of a kernel.json: nearly all are smaller,
LARGEST = 1 << 20  # and none that is real is nearly as large
_DECODER = json.JSONDecoder()
ASK_ANOTHER = (
    "import json; from jupyter_client.kernelspec import KernelSpecManager as M; m = M();"
    "print(json.dumps([m.kernel_dirs, m.find_kernel_specs().get('python3')]))"
)


@dataclass(frozen=True)
class Kernelspec:
    """A kernelspec's folder. ``fault`` says why it is broken; ``shadowed_by`` which folder Jupyter takes instead.

    The native kernel's folder is ipykernel's own resources, and ``native`` is set. Folders are kept as plain strings:
    ten thousand of them are listed at a time.
    """

    name: str
    folder: str
    document: dict[str, Any] | None = None
    fault: str | None = None
    shadowed_by: str | None = None
    native: bool = False

    @property
    def path(self) -> Path:
        """The kernelspec's folder."""
        return Path(self.folder)


def search_path() -> list[Path]:
    """The folders that Jupyter searches for kernelspecs, for the Python that runs this."""
    folders = [Path(folder) for folder in jupyter_path("kernels")]
    return [*folders, _ipython_dir() / "kernels"] if find_spec("IPython") else folders


def find_all() -> list[Kernelspec]:
    """Every kernelspec, the ones that are shadowed included, in Jupyter's order."""
    found = with_shadows(_in_folders(search_path()))
    native = _native() if not any(spec.name == NATIVE for spec in found) else None
    return [*found, native] if native else found


def find_all_for(python: Path) -> list[Kernelspec]:
    """The same for another Python's Jupyter. Raises SoftwareError where it has none."""
    from kernelkit.processes import ProcessError, run

    try:
        folders, native = json.loads(run([str(python), "-c", ASK_ANOTHER], timeout=60).stdout)
    except ProcessError as error:
        last = error.last_words.rpartition("\n")[2]
        raise SoftwareError(f"{python}: has no jupyter_client that answers: {last or error}") from error
    except ValueError as error:
        raise SoftwareError(f"{python}: is no Python with jupyter_client") from error
    found = with_shadows(_in_folders([Path(folder) for folder in folders]))
    if native and not any(spec.name == NATIVE for spec in found):
        found.append(read(NATIVE, native, native=True))
    return found


def read(name: str, folder: str | Path, *, native: bool = False) -> Kernelspec:
    """One kernelspec from its folder, its fault with it."""
    place = str(folder)
    try:
        text = _text(f"{place}/{SPEC_FILE}")
    except OSError as error:
        return Kernelspec(name, place, fault=f"kernel.json cannot be read: {error.strerror}", native=native)
    return _judged(name, place, text, native=native)


def found_at(name: str, place: str) -> Kernelspec | None:
    """One kernelspec; None where the folder holds no regular kernel.json, so that Jupyter passes it by."""
    file = f"{place}/{SPEC_FILE}"
    try:
        text = _text(file)
    except OSError:
        return read(name, place) if os.path.isfile(file) else None
    return _judged(name, place, text, native=False) if text or os.path.isfile(file) else None


def _judged(name: str, place: str, text: bytes, *, native: bool) -> Kernelspec:
    document, fault = _parsed(text)
    if document is not None and not native:
        fault = _fault(document, place)
    return Kernelspec(name, place, document, fault, None, native)


def candidates(folder: str) -> list[tuple[str, str]]:
    """What a folder may hold of kernelspecs: each name with its place, in the order in which Jupyter takes them."""
    # Names that differ in case alone are one key, and within a folder Jupyter takes the one it reads last.
    found = [(entry.lower(), f"{folder}/{entry}") for entry in reversed(_entries(folder))]
    return sorted(found, key=operator.itemgetter(0))


def _in_folders(folders: list[Path]) -> Iterator[Kernelspec]:
    for folder in map(str, folders):
        for name, place in candidates(folder):
            if spec := found_at(name, place):
                yield spec


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def with_shadows(specs: Iterable[Kernelspec]) -> list[Kernelspec]:
    """Kernelspecs in Jupyter's order, those that an earlier one of the same name hides marked."""
    found: list[Kernelspec] = []
    first: dict[str, str] = {}
    for spec in specs:
        winner = first.setdefault(spec.name, spec.folder)
        found.append(spec if winner == spec.folder else replace(spec, shadowed_by=winner))
    return found


def _native() -> Kernelspec | None:
    """The kernel of the server's own Python, which Jupyter offers where no kernelspec is called python3."""
    module = find_spec("ipykernel")
    if module is None or module.origin is None:
        return None
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    document = {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"}
    return Kernelspec(NATIVE, str(Path(module.origin).parent / "resources"), document, native=True)


def _ipython_dir() -> Path:
    return Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython").expanduser()


def _text(file: str) -> bytes:
    """The bytes of a kernel.json, as far as they are looked at; a plain descriptor, since many are read.

    Nothing of what is no regular file, such as a pipe or a device.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        text = os.read(descriptor, USUAL)
        if 0 < len(text) < USUAL:
            return text
        status = os.fstat(descriptor)
        return text + os.read(descriptor, min(status.st_size, LARGEST)) if stat.S_ISREG(status.st_mode) else b""
    finally:
        os.close(descriptor)


def _parsed(text: bytes) -> tuple[dict[str, Any] | None, str | None]:
    if len(text) > LARGEST:
        return None, f"kernel.json is larger than {LARGEST} bytes"
    try:
        document = _decoded(text.decode())
    except json.JSONDecodeError as error:
        return None, f"kernel.json is not JSON: {error.msg}, line {error.lineno} column {error.colno}"
    except UnicodeDecodeError:
        return None, "kernel.json is not UTF-8"
    except RecursionError:
        return None, "kernel.json is nested too deep"
    return (document, None) if isinstance(document, dict) else (None, "kernel.json is not an object")


def _decoded(text: str) -> Any:
    """What ``json.loads`` gives, in half its time where nothing surrounds the document."""
    try:
        document, end = _DECODER.raw_decode(text)
    except ValueError:
        return json.loads(text)
    return document if text[end:] in ("", "\n") else json.loads(text)


def _fault(document: dict[str, Any], folder: str) -> str | None:
    """Why Jupyter could not start this kernel, as far as its files tell."""
    argv, env = document.get("argv"), document.get("env", {})
    if not isinstance(argv, list) or not argv or {*map(type, argv)} != {str}:
        return "argv is no list of strings" if argv else "has no argv"
    if not isinstance(env, dict) or (env and {*map(type, env.values())} != {str}):
        return "env holds a value that is no string"
    if document.get("interrupt_mode", "signal") not in ("signal", "message"):
        return f"interrupt_mode {document['interrupt_mode']!r} is neither signal nor message"
    return _fault_of_program(argv, folder)


def _fault_of_program(argv: list[str], folder: str) -> str | None:
    program = argv[0].replace("{resource_dir}", folder) if "{" in argv[0] else argv[0]
    if "{" not in program and not _can_run(program):
        return f"{program} does not exist or cannot be run"
    for word in argv[1:]:
        if word.startswith("{resource_dir}/"):
            script = word.replace("{resource_dir}", folder)
            if not os.path.exists(script):
                return f"{script} does not exist"
    return None


@functools.cache
def _can_run(program: str) -> bool:
    return shutil.which(os.path.expanduser(program)) is not None
