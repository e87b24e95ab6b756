"""The lines that an interpreter runs to become a kernel: ``python -c <code> [overlay] -f <connection file>``.

They are valid in Python 2.7 and 3. The notebook's folder is off the path until the kernel has started, so that a
``random.py`` in it breaks nothing; IPython puts it back for the user's own imports (``InteractiveShellApp.init_path``).
"""

from __future__ import annotations

from kernelkit.choice import Runtime

REFUSED = 78  # the code with which a wrapper says that it refuses to start, EX_CONFIG of sysexits.h

_CHECK = """\
import sys
def refuse(text):
    sys.stderr.write("kernelkit: " + text + "\\n")
    sys.exit({code})
if sys.path and sys.path[0] == "":
    del sys.path[0]
if sys.version_info[:2] != {version}:
    refuse("%s is Python %d.%d, not {words} as when the kernel was installed" % ((sys.executable,) + sys.version_info[:2]))
"""

_OVERLAY = """\
import os
overlay = sys.argv.pop(1)
if not os.path.isdir(overlay):
    refuse(overlay + ": this overlay is gone; install the kernel again")
sys.path.append(overlay)
"""

_ISOLATED = """\
sys.path.remove(overlay)
sys.path.insert(0, overlay)
"""

_START = """\
try:
    import runpy, ipykernel.kernelapp
except ImportError as error:
    refuse("%s cannot import ipykernel: %s" % (sys.executable, error))
"""

_LAST = """\
sys.path.remove(overlay)
sys.path.append(overlay)
"""

_RUN = """\
runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
"""


def code(runtime: Runtime) -> str:
    """The text that starts a runtime's ipykernel, in the Python that was probed and in no other."""
    check = _CHECK.format(code=REFUSED, version=runtime.version[:2], words="{}.{}".format(*runtime.version))
    if runtime.overlay is None:
        return check + _START + _RUN
    if runtime.isolated:
        return check + _OVERLAY + _ISOLATED + _START + _LAST + _RUN
    return check + _OVERLAY + _START + _RUN


def arguments(runtime: Runtime) -> list[str]:
    """The interpreter's arguments before the connection file's; a path is no text of the code, which Python 2 would misread."""
    return ["-c", code(runtime), *([runtime.overlay] if runtime.overlay else [])]
