"""Real interpreters, copied whole from this machine so that a sandbox can be moved and outlives its source."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kernelkit import processes
from kernelkit.errors import SoftwareError

# Asked of an interpreter rather than read from sysconfig: what its build once wrote there is wrong in every
# distribution that moves interpreters. The imports map the private libraries of the extension modules.
QUESTION = """\
import json, os, sys
for name in "ssl ctypes sqlite3 bz2 lzma zlib readline curses uuid pyexpat decimal".split():
    try:
        __import__(name)
    except ImportError:
        pass
mapped = [line.split(None, 5)[-1].strip() for line in open("/proc/self/maps")]
sys.stdout.write(json.dumps({
    "executable": sys.executable,
    "version": sys.version_info[:3],
    "prefix": getattr(sys, "base_prefix", sys.prefix),
    "stdlib": os.path.dirname(os.__file__),
    "dynload": [entry for entry in sys.path if os.path.basename(entry) == "lib-dynload" and os.path.isdir(entry)],
    "mapped": sorted(set(name for name in mapped if name.startswith("/") and ".so" in os.path.basename(name))),
}))
"""
# A system's own libraries stay where they are: every program on the machine needs them.
SYSTEM_PREFIXES = frozenset({Path("/"), Path("/usr")})
LEFT_OUT = shutil.ignore_patterns(
    "site-packages", "dist-packages", "test", "tests", "idlelib", "idle_test", "tkinter", "lib-tk", "turtledemo",
    "ensurepip", "lib2to3", "config", "config-*", "*.opt-[12].pyc", "*.pyo", "*.a", "_test*.so", "_ctypes_test*.so",
    "_tkinter*.so", "xxlimited*.so", "sitecustomize*", "EXTERNALLY-MANAGED",
)  # fmt: skip
LOADER_ORIGIN = b"$ORIGIN/../lib"


@dataclass(frozen=True)
class Interpreter:
    """Where the parts of one installed CPython lie; ``libraries`` are its own shared libraries."""

    executable: Path
    version: tuple[int, int, int]
    stdlib: Path
    dynload: Path
    libraries: tuple[Path, ...]

    @property
    def release(self) -> str:
        """The version as ``3.11.7``."""
        return ".".join(map(str, self.version))

    @property
    def names(self) -> tuple[str, str, str]:
        """The names of the program, the longest first."""
        major, minor, _ = self.version
        return f"python{major}.{minor}", f"python{major}", "python"


def ask(executable: Path) -> Interpreter:
    """Find out where an interpreter's parts lie by running it.

    Raises SoftwareError where it does not run.
    """
    try:
        answer = processes.run([str(executable), "-E", "-s", "-c", QUESTION], timeout=60).stdout
    except processes.ProcessError as error:
        raise SoftwareError(f"the interpreter {executable} does not run: {error.last_words or error}") from error
    said = json.loads(answer)
    major, minor, patch = said["version"]
    stdlib = Path(said["stdlib"]).resolve()
    dynload = Path(said["dynload"][0]).resolve() if said["dynload"] else stdlib / "lib-dynload"
    libraries = _own_libraries(Path(said["prefix"]).resolve(), stdlib, [Path(name) for name in said["mapped"]])
    program = Path(said["executable"]).resolve()
    return Interpreter(program, (major, minor, patch), stdlib, dynload, tuple(libraries))


def copy(source: Interpreter, target: Path) -> None:
    """Lay a copy of an interpreter out below ``target``: bin, lib, and nothing that was added to it."""
    library = target.joinpath(*source.stdlib.parts[-2:])
    shutil.copytree(source.stdlib, library, ignore=LEFT_OUT)
    if source.dynload.is_dir() and not source.dynload.is_relative_to(source.stdlib):
        shutil.copytree(source.dynload, library / "lib-dynload", ignore=LEFT_OUT)
    (target / "lib").mkdir(exist_ok=True)
    for file in source.libraries:
        shutil.copy2(file, target / "lib", follow_symlinks=False)
    _copy_program(source, target / "bin")
    _own(target)
    _slim(target)


def link(copied: Path, target: Path) -> None:
    """Lay out the same interpreter again as hard links: no space taken, and no path from one repository into
    another. Where the file system has none, as copies.
    """
    shutil.copytree(copied, target, symlinks=True, copy_function=_link_or_copy)


def site_packages(program: Path) -> Path:
    """Where an interpreter looks for added packages: Debian's own has another place than everybody's."""
    question = "import site, sys; sys.stdout.write(site.getsitepackages()[0])"
    return Path(os.fsdecode(processes.run([str(program), "-I", "-c", question], timeout=60).stdout))


def _copy_program(source: Interpreter, folder: Path) -> None:
    folder.mkdir()
    program, *others = source.names
    image = source.executable.read_bytes()
    for built_for in {str(file.parent).encode() for file in source.libraries}:
        # The loader prefers the copied libpython to the one the build names, as long as the text fits.
        if len(built_for) >= len(LOADER_ORIGIN):
            padded = LOADER_ORIGIN.ljust(len(built_for), b"\0")
            image = image.replace(b"\0" + built_for + b"\0", b"\0" + padded + b"\0")
    (folder / program).write_bytes(image)
    shutil.copystat(source.executable, folder / program)
    for name in others:
        (folder / name).symlink_to(program)


def _own(folder: Path) -> None:
    """Give the owner the right to write, and so to delete: some distributions install without it."""
    for entry in (folder, *folder.rglob("*")):
        if not entry.is_symlink():
            entry.chmod(entry.stat().st_mode | (stat.S_IRWXU if entry.is_dir() else stat.S_IRUSR | stat.S_IWUSR))


def _slim(folder: Path) -> None:
    """Drop debug symbols, two thirds of a self-made build, where the tool for it is at hand and willing."""
    tool = shutil.which("strip")
    libraries = [str(file) for file in folder.rglob("*.so*") if not file.is_symlink()]
    if tool and libraries:
        with contextlib.suppress(processes.ProcessError):
            processes.run([tool, "--strip-debug", "--preserve-dates", *libraries], timeout=60)


def _own_libraries(prefix: Path, stdlib: Path, mapped: list[Path]) -> Iterator[Path]:
    """Of the libraries a process had mapped, those that came with the interpreter, and the links to them."""
    for file in mapped:
        own = prefix not in SYSTEM_PREFIXES and file.is_relative_to(prefix) and not file.is_relative_to(stdlib)
        if own or file.name.startswith("libpython"):
            yield from (other for other in file.parent.glob("*.so*") if other.resolve() == file.resolve())


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
