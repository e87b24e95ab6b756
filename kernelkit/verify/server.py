"""A process that plays the Jupyter server of one kernel, so that it can be killed and the kernel be watched.

Run as a program, this is a keeper: it starts the server, which starts the kernel, and tells what becomes of the kernel.
It adopts what loses its parent, because not every container has an init that does. On standard input: one JSON object
with ``argv``, ``env`` and ``cwd``; on standard output: ``kernel PID SERVER``, then ``ended CODE``, a line each; the
kernel's own output goes to standard error. It imports nothing but the standard library's quick parts.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from typing import Any

SET_CHILD_SUBREAPER = 36  # prctl(2)


def keep() -> None:
    """Start server and kernel, and stay until nothing of them is left."""
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    command = json.load(sys.stdin)
    told, tell = os.pipe()
    server = os.fork()
    if not server:
        os.close(told)
        _serve(command, tell)
    os.close(tell)
    # What the server still says is in the pipe when the server is gone; a killed one says no more than the first line.
    with os.fdopen(told) as said:
        words = said.readline().split()
        _say(" ".join([*words, str(server)]) if words[:1] == ["kernel"] else "ended 127")
        _wait(server, int(words[1]) if words[:1] == ["kernel"] else 0)
        for line in said:
            _say(line.strip())


def _serve(command: dict[str, Any], tell: int) -> None:
    """Start the kernel as jupyter_client 8.10 does (launcher.py), and wait for it."""
    env = {**command["env"], "JPY_PARENT_PID": str(os.getpid())}
    try:
        kernel = subprocess.Popen(
            command["argv"], env=env, cwd=command["cwd"], stdin=subprocess.PIPE, stdout=2, stderr=2,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        os._exit(127)
    if kernel.stdin:
        kernel.stdin.close()
    os.write(tell, f"kernel {kernel.pid}\n".encode())
    os.write(tell, f"ended {kernel.wait()}\n".encode())
    os._exit(0)


def _wait(server: int, kernel: int) -> None:
    """Until there is no child any more, adopted ones included; the kernel's end is told as soon as it is known."""
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            return
        if pid == kernel:
            _say(f"ended {os.waitstatus_to_exitcode(status)}")
        if pid == server and not os.WIFSIGNALED(status):
            return


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    keep()
