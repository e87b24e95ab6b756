"""The lines that an interpreter runs to become a kernel: ``python -c <code> [overlay] [wrapper] -f <connection file>``.

Where it refuses, it becomes the wrapper again, which logs the reason and shows it in the notebook. The lines are
valid in Python 2.7 and 3. The notebook's folder is off the path until the kernel has started, so that a ``random.py``
in it breaks nothing; IPython puts it back for the user's own imports (``InteractiveShellApp.init_path``).
"""

from __future__ import annotations

from kernelkit.choice import Choice, Runtime

REFUSED = 78  # the code with which a wrapper says that it refuses to start, EX_CONFIG of sysexits.h

_CHECK = """\
import os, sys
{arguments}def refuse(text):
{back}    sys.stderr.write("kernelkit: " + text + "\\n")
    sys.exit({code})
if sys.path and sys.path[0] == "":
    del sys.path[0]
if sys.version_info[:2] != {version}:
    found = (sys.executable,) + sys.version_info[:2]
    refuse("%s is Python %d.%d, not {words} as when the kernel was installed" % found)
path = sys.path[:]
"""

# Libraries that fit this software's programs need not fit bash.
_BACK = """\
    sane = dict(pair for pair in os.environ.items() if not pair[0].startswith(("LD_", "PYTHON")))
    sys.stderr.flush()
    try:
        os.execve("/bin/bash", ["/bin/bash", "-p", wrapper, "--kernelkit-refused", text[:4000]] + sys.argv[1:], sane)
    except (OSError, TypeError, ValueError):
        pass
"""

# An empty entry, as `PYTHONPATH=/some/lib:` has one, means the notebook's folder too.
_AWAY = """\
if not all(map(os.path.isabs, os.environ.get("PYTHONPATH", "/").split(os.pathsep))):
    sys.path[:] = [entry for entry in path if entry not in ("", os.getcwd())]
"""

# A job that sees no home brings it along.
_OVERLAY = """\
if not os.path.isdir(overlay):
    overlay = os.environ.get("KERNELKIT_OVERLAY", overlay)
if not os.path.isdir(overlay):
    refuse(overlay + ": this overlay is gone; install the kernel again")
sys.path.insert({place}, overlay)
"""

# A library that clashes raises anything, not only ImportError. What follows the import sees the path as it was,
# the overlay behind it.
_IMPORT = """\
try:
    import ipykernel.kernelapp, ipykernel_launcher
except Exception as error:
    sys.excepthook(*sys.exc_info())
    refuse("%s cannot import ipykernel: %s: %s" % (sys.executable, type(error).__name__, error))
sys.path[:] = path + [entry for entry in sys.path if entry not in path]
"""

# As `-m ipykernel_launcher`, which would also take the notebook's folder from a PYTHONPATH that names it.
_RUN = """\
sys.argv[0] = os.path.splitext(ipykernel_launcher.__file__)[0] + ".py"
ipykernel.kernelapp.launch_new_instance()
"""

# A kernel of another language on ipykernel's machinery, as `-m` runs it.
_RUN_MODULE = """\
import runpy
runpy.run_module("{module}", run_name="__main__", alter_sys=True)
"""


# What a wrapper becomes to show a failure in the notebook, in kernelkit's own Python.
_FALLBACK = """\
import sys
try:
    from kernelkit.fallback import main
except Exception as error:
    sys.stderr.write("kernelkit: the notebook cannot show this: %s: %s\\n" % (type(error).__name__, error))
    sys.exit({code})
main()
"""


def code(runtime: Runtime, *, wrapper: bool = False) -> str:
    """The text that starts a runtime's ipykernel, in the Python that was probed and in no other.

    With ``wrapper`` a refusal goes back to the wrapper, whose path is an argument.
    """
    overlay = runtime.overlay is not None
    run = _RUN_MODULE.format(module=runtime.module) if runtime.module else _RUN
    return preparation(runtime.version[:2], overlay=overlay, isolated=runtime.isolated, wrapper=wrapper) + run


def preparation(version: tuple[int, int], *, overlay: bool, isolated: bool, wrapper: bool = False) -> str:
    """The text up to where ipykernel has been imported: what is asked after it is asked of what would start."""
    names = [name for name, taken in (("overlay", overlay), ("wrapper", wrapper)) if taken]
    check = _CHECK.format(
        code=REFUSED, version=version, words="{}.{}".format(*version), back=_BACK if wrapper else "",
        arguments="".join(f"{name} = sys.argv.pop(1)\n" for name in names),
    )  # fmt: skip
    place = "0" if isolated else "len(sys.path)"
    return check + _AWAY + (_OVERLAY.format(place=place) if overlay else "") + _IMPORT


def arguments(runtime: Runtime, *, wrapper: bool = False) -> list[str]:
    """The interpreter's arguments before the connection file's, and before the wrapper's path where that is taken.

    The overlay's path is none of the text, where Python 2 would misread it.
    """
    # As in ipykernel's own kernelspec: a debugger cannot see into frozen modules, which Python has from 3.11 on.
    debugged = runtime.version[:2] >= (3, 11) and runtime.spec.get("metadata", {}).get("debugger")
    options = ["-Xfrozen_modules=off"] if debugged else []
    return [*options, "-c", code(runtime, wrapper=wrapper), *([runtime.overlay] if runtime.overlay else [])]


def fallback(choice: Choice) -> list[str]:
    """The command that shows why a kernel did not start, before its arguments; empty where there is none.

    Neither the environment nor the notebook's folder adds to its path; a user's own packages are on it, since
    kernelkit may be one of them.
    """
    if not choice.fallback:
        return []
    version = ".".join(map(str, choice.runtime.version)) if choice.runtime else ""
    text = _FALLBACK.format(code=REFUSED)
    return [choice.fallback, "-E", "-P", "-c", text, choice.name, choice.definition.language, version]
