"""The two programs that have a `module` command, as the distribution packages them: they exclude each other there."""

import functools
import re
import subprocess
import tempfile
from pathlib import Path

from conftest import OURS

LMOD = Path("/usr/share/lmod/lmod/init/bash")


@functools.cache
def environment_modules():
    """The init/bash of Environment Modules: the package unpacked into a folder, its own paths corrected."""
    folder = Path(tempfile.mkdtemp(prefix="modules-", dir=OURS))
    subprocess.run(["apt-get", "-qq", "download", "environment-modules"], cwd=folder, check=True, capture_output=True)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg", "-x", package, folder / "root"], check=True)
    program = (folder / "root/usr/lib/modulecmd.tcl").resolve()
    init = folder / "root/usr/share/modules/init/bash"
    for file in (program, init):
        text = file.read_text()
        text = re.sub(r"/usr/lib/[a-z0-9_-]+/modulecmd\.tcl", str(program), text)
        file.write_text(re.sub(r"(?<![\w/])/(usr/share/modules|etc/environment-modules)", rf"{folder}/root/\1", text))
    return init


SYSTEMS = {"Lmod": lambda: LMOD, "Environment Modules": environment_modules}
