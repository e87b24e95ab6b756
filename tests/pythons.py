"""The real interpreters of the machine the tests run on; a shim proves nothing, so each is run once."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ["python2.7", *(f"python3.{minor}" for minor in range(6, 16))]
QUESTION = "import sys; sys.stdout.write('%d.%d %s' % (sys.version_info[:2] + (sys.executable,)))"


def _candidates():
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    versions = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    for name in NAMES:
        yield from [
            shutil.which(name),
            f"/usr/bin/{name}",
            *versions.glob(f"{name.removeprefix('python')}.*/bin/python"),
        ]


def _found():
    found = {"{}.{}".format(*sys.version_info): sys.executable}
    for candidate in _candidates():
        if candidate and Path(candidate).exists():
            done = subprocess.run([candidate, "-c", QUESTION], capture_output=True, text=True, check=False)
            version, _, executable = done.stdout.partition(" ")
            if executable:
                found.setdefault(version, executable)
    return found


PYTHONS = _found()  # version, as "3.8", to executable; the running one among them
OTHERS = {version: path for version, path in PYTHONS.items() if path != sys.executable}
