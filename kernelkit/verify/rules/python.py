"""Causes that Python's own words tell: which module, whose folder, which file of the user's."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from kernelkit.causes import Cause, cause
from kernelkit.verify.evidence import Evidence, Rule

KERNEL = ("ipykernel", "ipykernel_launcher")
# What ipykernel brings: an error in one of these is a version that does not fit the Python, not the user's code.
STACK = (
    r"/(?:ipykernel|IPython|traitlets|jupyter_client|jupyter_core|tornado|zmq|comm|debugpy|prompt_toolkit|jedi|parso"
    r"|stack_data|matplotlib_inline|nest_asyncio)(?:/|_launcher\.py|\.py)"
)
OLD = r"No module named '?(?:imp|asyncore|asynchat|distutils)\b|'collections'|attribute '(?:readfp|getargspec)"
ERROR = re.compile(r"^(?P<name>[A-Za-z_.]*(?:Error|Exception|Exit|Interrupt))\b:? ?(?P<words>[^\n]*)", re.MULTILINE)
VERSION = re.compile(r"/python(\d\.\d+)/")

FUTURE = r"No module named '?(?:asyncio|typing|pathlib|dataclasses|contextvars|tomllib|zoneinfo|importlib\.\w+)\b"


def home(evidence: Evidence) -> Cause | None:
    """Python finds no standard library, or another's, where PYTHONHOME says that it is."""
    lost = re.search(r"No module named '?(?:encodings|site)'?\b|init_fs_encoding|SRE module mismatch", evidence.output)
    value = evidence.variable("PYTHONHOME") or _printed(evidence, "PYTHONHOME")
    if not lost or not (value or evidence.line_of(r"\bPYTHONHOME=")):
        return None
    words = f"PYTHONHOME{f' is {value}' if value else ''}, which is no home of this Python: {lost[0]}"
    return cause("pythonhome", words, evidence.line_of(r"\bPYTHONHOME="))


def _printed(evidence: Evidence, name: str) -> str:
    """Python 3.8 and later show how they looked for their library."""
    found = re.search(rf"^\s*{name} = '([^'\n]*)'", evidence.output, re.MULTILINE)
    return found[1] if found else ""


def path(evidence: Evidence) -> Cause | None:
    """PYTHONPATH holds modules of another Python, and the last words are about one of these."""
    folders = [folder for folder in evidence.variable("PYTHONPATH").split(":") if folder]
    error = _error(evidence)
    for folder in folders:
        files = [(file, line) for file, line in evidence.frames if file.startswith(f"{folder}/")]
        version = VERSION.search(f"{folder}/")
        if error and files and (version and version[1] != _version(evidence)):
            words = f"PYTHONPATH holds {folder}, which is made for Python {version[1]}: {error}"
            return cause("pythonpath", words, f"{files[-1][0]}:{files[-1][1]}")
    return None


def _version(evidence: Evidence) -> str:
    """The version of the Python that ran, as its program is called; its links lead to the full name."""
    program = evidence.last.program if evidence.last else ""
    found = re.search(r"python(\d\.\d+)$", program)
    return found[1] if found else ""


def shadowed(evidence: Evidence) -> Cause | None:
    """A file on the way to a module of Python's library has that module's name."""
    error = _error(evidence)
    for file, line in evidence.frames:
        name = Path(file).parent.name if Path(file).name == "__init__.py" else Path(file).stem
        library = VERSION.search(file) or "/lib/python" in file or file.startswith("<")
        if error and name in sys.stdlib_module_names and not library and "ipykernel" not in file:
            return cause("shadowed-module", f"{file} hides Python's own module {name}: {error}", f"{file}:{line}")
    found = evidence.search(r"module '(\w+)' (?:from '([^']+)' )?has no attribute[^\n]*")
    if found and found[1] in sys.stdlib_module_names:
        file = found[2] or _on_pythonpath(evidence, found[1])
        if file:
            return cause("shadowed-module", f"{file} hides Python's own module {found[1]}: {found[0]}", file)
    found = evidence.search(r"cannot import name '\w+' from '(\w+)' \(([^)]+)\)")
    if found and found[1] in sys.stdlib_module_names and not VERSION.search(found[2]):
        return cause("shadowed-module", f"{found[2]} hides Python's own module {found[1]}", found[2])
    return None


def _on_pythonpath(evidence: Evidence, name: str) -> str:
    folders = filter(None, evidence.variable("PYTHONPATH").split(":"))
    return next((str(file) for folder in folders if (file := Path(folder, f"{name}.py")).exists()), "")


def _error(evidence: Evidence) -> str:
    found = None
    for found in ERROR.finditer(evidence.output):  # noqa: B007 - the last one is wanted
        pass
    return found[0] if found else ""


def startup(evidence: Evidence) -> Cause | None:
    """The last words come from a start-up file, or it ended without a word and there are such files."""
    for file, line in reversed(evidence.frames):
        if "/startup/" in file and "profile_" in file:
            return cause("startup-file", f"a start-up file of IPython fails: {_error(evidence)}", f"{file}:{line}")
    if evidence.code is None or evidence.code < 0 or evidence.frames or not (evidence.last and evidence.last.is_python):
        return None
    files = _startup_files(evidence)
    if not files:
        return None
    words = f"it ended with exit code {evidence.code} and no word of its own; IPython runs {len(files)} start-up files"
    return cause("startup-file", words.replace("1 start-up files", "a start-up file"), ", ".join(map(str, files)))


def _startup_files(evidence: Evidence) -> list[Path]:
    folder = evidence.variable("IPYTHONDIR") or f"{evidence.variable('HOME')}/.ipython"
    try:
        files = [*Path(folder, "profile_default/startup").iterdir()]
    except OSError:
        return []
    return sorted(file for file in files if file.suffix in (".py", ".ipy"))


def configuration(evidence: Evidence) -> Cause | None:
    """A configuration file, by name, or a value in one."""
    found = evidence.search(r"([^\s'\"]*/(?:ipython|ipython_kernel|jupyter)_(?:kernel_)?config\.(?:py|json))")
    trait = evidence.search(r"(?:TraitError|Bad config encountered during initialization)[^\n]*")
    if found and (trait or "Exception while loading config file" in evidence.output):
        return cause(
            "configuration-file", f"a configuration file is at fault: {_error(evidence) or found[1]}", found[1]
        )
    if trait:
        return cause(
            "configuration-file", f"a value in the configuration is at fault: {trait[0]}", _configuration(evidence)
        )
    return None


def _configuration(evidence: Evidence) -> str:
    folder = evidence.variable("IPYTHONDIR") or f"{evidence.variable('HOME')}/.ipython"
    try:
        files = sorted(Path(folder, "profile_default").glob("*_config.*"))
    except OSError:
        return ""
    return ", ".join(map(str, files))


def history(evidence: Evidence) -> Cause | None:
    """SQLite cannot work with the history."""
    for sight in evidence.living:
        database = next((file for file in sight.opened if re.search(r"history[\w\-.]*\.sqlite$", file)), "")
        if database and evidence.connection_file in sight.argv:
            words = f"no reply within {evidence.limit:g} s: the kernel waits for IPython's history database"
            return cause("history-database", words, database)
    found = evidence.search(r"sqlite3\.\w*Error: [^\n]*|disk I/O error|database is locked")
    if not found:
        return None
    file = evidence.search(r"[^\s'\"]*history[\w\-.]*\.sqlite")
    return cause("history-database", f"IPython's history database: {found[0]}", file[0] if file else "")


def unwritable(evidence: Evidence) -> Cause | None:
    """The home, or what stands for it, cannot be written."""
    found = evidence.search(
        r"(?:PermissionError|OSError|FileNotFoundError|NotADirectoryError|IOError): \[Errno (?:1|2|13|17|20|30)\] "
        r"[^:\n]+: '(?P<file>[^'\n]+)'"
    ) or evidence.search(r"(?P<file>/[^\s:']+): Read-only file system")
    if not found or not re.search(r"ipython|jupyter|profile_|\.local|\.cache|runtime", found["file"], re.IGNORECASE):
        return None
    return cause("home-read-only", f"a file that every start writes cannot be written: {found[0]}", found["file"])


def too_new(evidence: Evidence) -> Cause | None:
    """ipykernel, or what it brings, is written for another Python than the one that reads it."""
    error = _error(evidence)
    in_stack = [file for file, _ in evidence.frames if re.search(STACK, file)]
    if not error or not in_stack:
        return None
    if re.search(OLD, error):
        return cause("ipykernel-too-old", f"ipykernel is too old for this Python: {error}", in_stack[-1])
    named = r"^SyntaxError|cannot import name|not subscriptable|unsupported operand type|from future|requires Python"
    if re.search(f"{named}|{FUTURE}", error) or (error.startswith("ImportError") and "_zmq" in error):
        return cause("ipykernel-too-new", f"ipykernel is too new for this Python: {error}", in_stack[-1])
    return None


def module(evidence: Evidence) -> Cause | None:
    """A module is missing."""
    found = evidence.search(r"No module named '?\"?([\w.]+)")
    if not found:
        return None
    if found[1].split(".")[0] in KERNEL:
        return cause("ipykernel-missing", "the Python that the kernel runs has no module named ipykernel", found[0])
    return cause("module-missing", f"the kernel's Python has no module named {found[1]}", found[0])


RULES: tuple[Rule, ...] = (home, path, startup, configuration, history, shadowed, too_new, unwritable, module)
