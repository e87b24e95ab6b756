"""A kernel that tells in the notebook why there is no job, in the place of the one that has none.

It is the fallback kernel of a wrapper's (`kernelkit.fallback`), on the machine of the server.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernelkit.provisioners.connection import PORTS
from kernelkit.provisioners.place import PlaceError

LONGEST = 32 * 1024  # bytes
LOOPBACK = "127.0.0.1"
POLL = 0.05  # seconds
PATIENCE = 2.0  # seconds between SIGTERM and SIGKILL
SWITCH = "KERNELKIT_FALLBACK"  # 0: whoever starts a kernel wants the error itself
COMMAND = (sys.executable, "-E", "-P", "-c", "from kernelkit.fallback import main; main()")
TITLE = "The kernel {name} has no job, and no code was run."


class TellingKernel:
    """A process and its connection file, in a private folder; nothing is left after ``end``."""

    def __init__(self, why: PlaceError, kernel: Mapping[str, str], env: Mapping[str, str], folder: str) -> None:
        """``kernel`` has the name, language and version that it answers for. Raises OSError."""
        self._folder = Path(tempfile.mkdtemp(prefix="kernelkit-"))
        self._file = self._folder / "connection.json"
        self._argv = [*COMMAND, kernel["name"], kernel["language"], kernel["version"], "-f", str(self._file)]
        self._env = {**env, "JPY_PARENT_PID": str(os.getpid()), **_told(why, kernel["name"])}
        self._cwd = folder if folder and Path(folder).is_dir() else None
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, offer: Mapping[str, Any]) -> dict[str, Any]:
        """Start it; the connection that it tells, empty where it cannot be. Raises OSError."""
        text = json.dumps({**offer, "ip": LOOPBACK, **dict.fromkeys(PORTS, 0)})
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
        self._process = subprocess.Popen(
            self._argv, env=self._env, cwd=self._cwd, stdin=subprocess.DEVNULL, start_new_session=True
        )
        while self.poll() is None:
            told = self._told()
            if told:
                return told
            await asyncio.sleep(POLL)
        return {}

    def _told(self) -> dict[str, Any]:
        try:
            said: dict[str, Any] = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return said if all(said.get(name) for name in PORTS) else {}

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll() if self._process else 1

    def send(self, number: int) -> None:
        """A signal to it."""
        if self._process and self.poll() is None:
            self._process.send_signal(number)

    def end(self) -> None:
        """End it and take its folder away."""
        self.send(signal.SIGTERM)
        try:
            if self._process:
                self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)


def _told(why: PlaceError, name: str) -> dict[str, str]:
    """How a wrapper tells it (`kernelkit.fallback`)."""
    reason = ". ".join(filter(None, [why.problem, why.advice if why.advice != why.output else ""]))
    told = {"REASON": reason, "OUTPUT": why.output, "CAUSE": "job-failed", "TITLE": TITLE.format(name=name)}
    return {f"KERNELKIT_FAILED_{key}": _short(value.replace("\0", "")) for key, value in told.items()}


def _short(text: str) -> str:
    """The end of what is too long for a variable (execve(2): 128 KiB)."""
    return text.encode(errors="replace")[-LONGEST:].decode(errors="ignore")
