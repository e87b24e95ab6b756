"""A local kernel whose second start is a child of a process that plays the server, see server.py."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from kernelkit.verify import server
from kernelkit.verify.leftovers import MARKER, identity


class ServedProcess:
    """A kernel and its server, with what jupyter_client asks of a ``Popen``: it is nobody's child here."""

    stdin = stdout = stderr = None

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: str, output: Any) -> None:
        """Raises OSError where the command cannot be run."""
        self.returncode: int | None = None
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", server.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output,
            env={MARKER: env[MARKER], "LC_ALL": "C.UTF-8"}, start_new_session=True,
        )  # fmt: skip
        asked = json.dumps({"argv": list(argv), "env": dict(env), "cwd": cwd}).encode()
        assert self._keeper.stdin
        assert self._keeper.stdout
        with self._keeper.stdin as stream:
            stream.write(asked)
        words = self._keeper.stdout.readline().split()
        if words[:1] != [b"kernel"]:
            self.wait()
            raise OSError(f"{argv[0]} cannot be run again")
        self.pid, self.server = int(words[1]), int(words[2])
        self._identity = identity(self.pid)
        os.set_blocking(self._keeper.stdout.fileno(), False)

    def poll(self) -> int | None:
        """The kernel's exit code, negative for a signal, and SIGKILL's where nobody knows; None while it runs."""
        stream = self._keeper.stdout
        if self.returncode is None and stream and not stream.closed:
            line = stream.readline()
            if line:
                self.returncode = int(line.split()[1])
            elif self._keeper.poll() is not None and (not self._identity or identity(self.pid) != self._identity):
                self.returncode = -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the keeper, which is killed where it has nothing to keep. Raises TimeoutExpired."""
        if self.returncode is not None:
            self._keeper.kill()
        self._keeper.wait(timeout)
        self.poll()
        if self._keeper.stdout:
            self._keeper.stdout.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """To the kernel, where it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill_server(self) -> None:
        """End the server at once, as a crash does."""
        if self.poll() is None:
            os.kill(self.server, signal.SIGKILL)

    def abandon(self) -> None:
        """Leave the kernel to init, or to whoever adopts orphans here."""
        self._keeper.kill()
        self._keeper.wait()


class ServedProvisioner(LocalProvisioner):
    """jupyter_client's own, which starts the kernel through a server of its own once ``through_server`` is set.

    ``started`` hears of the process that it starts itself, as soon as there is one.
    """

    through_server = False
    started: Callable[[int], None] | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start it."""
        if not self.through_server:
            connection = await super().launch_kernel(cmd, **kwargs)
            if self.started and self.pid:
                self.started(self.pid)
            return connection
        # jupyter_client 8.10 expands every argument (launcher.py).
        argv = [str(Path(word).expanduser()) if word.startswith("~") else word for word in cmd]
        self.process: Any = ServedProcess(argv, kwargs["env"], str(kwargs["cwd"]), kwargs["stdout"])
        self.pid = self.pgid = self.process.pid
        return self.connection_info
