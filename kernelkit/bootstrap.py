"""The lines that an interpreter runs to become a kernel: ``python -c <code> [overlay] -f <connection file>``.

They are valid in Python 2.7 and 3. The notebook's folder is off the path until the kernel has started, so that a
``random.py`` in it breaks nothing; IPython puts it back for the user's own imports (``InteractiveShellApp.init_path``).
"""

from __future__ import annotations

from kernelkit.choice import Runtime

REFUSED = 78  # the code with which a wrapper says that it refuses to start, EX_CONFIG of sysexits.h

_CHECK = """\
import os, sys
def refuse(text):
    sys.stderr.write("kernelkit: " + text + "\\n")
    sys.exit({code})
if sys.path and sys.path[0] == "":
    del sys.path[0]
if sys.version_info[:2] != {version}:
    found = (sys.executable,) + sys.version_info[:2]
    refuse("%s is Python %d.%d, not {words} as when the kernel was installed" % found)
path = sys.path[:]
"""

# An empty entry, as `PYTHONPATH=/some/lib:` has one, means the notebook's folder too.
_AWAY = """\
if not all(map(os.path.isabs, os.environ.get("PYTHONPATH", "/").split(os.pathsep))):
    sys.path[:] = [entry for entry in path if entry not in ("", os.getcwd())]
"""

_OVERLAY = """\
overlay = sys.argv.pop(1)
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


def code(runtime: Runtime) -> str:
    """The text that starts a runtime's ipykernel, in the Python that was probed and in no other."""
    overlay = runtime.overlay is not None
    return preparation(runtime.version[:2], overlay=overlay, isolated=runtime.isolated) + _RUN


def preparation(version: tuple[int, int], *, overlay: bool, isolated: bool) -> str:
    """The text up to where ipykernel has been imported: what is asked after it is asked of what would start."""
    check = _CHECK.format(code=REFUSED, version=version, words="{}.{}".format(*version))
    place = "0" if isolated else "len(sys.path)"
    return check + _AWAY + (_OVERLAY.format(place=place) if overlay else "") + _IMPORT


def arguments(runtime: Runtime) -> list[str]:
    """The interpreter's arguments before the connection file's.

    The overlay's path is none of the text, where Python 2 would misread it.
    """
    return ["-c", code(runtime), *([runtime.overlay] if runtime.overlay else [])]
