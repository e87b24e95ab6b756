"""A file system that never answers, as one of a hung CVMFS client."""

import functools
import os
import subprocess
import sys
import tempfile

# A FUSE file system whose daemon never answers: whoever looks at it waits for ever.
HANG = """
import ctypes, os, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
if libc.mount(b"hang", os.fsencode(sys.argv[1]), b"fuse", 0, options.encode()):
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
code = subprocess.run(sys.argv[2:], check=False).returncode
libc.umount2(os.fsencode(sys.argv[1]), 2)
sys.exit(code)
"""


def beside(area, argv):
    """The words of a command for which, and for nobody else, a folder hangs."""
    shell = [sys.executable, "-c", HANG, str(area), *argv]
    return ["unshare", "-m" if os.geteuid() == 0 and _may_mount() else "-Urm", *shell]


@functools.cache
def _may_mount():
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-c", HANG, folder, "true"]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0
