"""The batch systems' own programs, run in an environment that nothing of a Jupyter server leaks into.

LD_LIBRARY_PATH of an experiment breaks condor's programs, PYTHONPATH those written in Python, and a wrapped sbatch
first on the path is not what an administrator configured.
"""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass

from kernelkit.processes import ProcessError, run

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
KEPT = ("LANG", "TZ", "SLURM_CONF", "CONDOR_CONFIG", "KRB5CCNAME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME")


def _user() -> dict[str, str]:
    """Who one is; what the environment says where no directory of users answers."""
    try:
        user = pwd.getpwuid(os.getuid())
    except KeyError:
        return {name: os.environ[name] for name in ("USER", "LOGNAME", "SHELL", "HOME") if name in os.environ}
    home = os.environ.get("HOME", user.pw_dir)
    return {"USER": user.pw_name, "LOGNAME": user.pw_name, "SHELL": user.pw_shell or "/bin/sh", "HOME": home}


@dataclass(frozen=True)
class Tools:
    """Programs found in ``folder`` first, where a site names one, then on the system's own path, then on the user's."""

    folder: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a program sees, and with it the job that it hands in."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {**_user(), **kept, "PATH": f"{self.folder}:{PATH}" if self.folder else PATH}

    def run(self, *command: str, timeout: float) -> str:
        """Run one of them to its end, within ``timeout`` seconds; what it printed. Raises ProcessError."""
        environment = self.environment
        program = shutil.which(command[0], path=environment["PATH"]) or shutil.which(command[0])
        if program is None:
            raise ProcessError(command, 127, f"there is no {command[0]} here")
        done = run([program, *command[1:]], environment=environment, timeout=timeout)
        return done.stdout.decode(errors="replace")
