"""The one door through which kernelkit runs another program."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

TAIL_LINES = 20
T = TypeVar("T")
R = TypeVar("R")
_running: set[subprocess.Popen[bytes]] = set()


class ProcessError(Exception):
    """A program that could not be run, failed, or did not end in time; ``code`` is None for the last."""

    def __init__(self, argv: Sequence[str], code: int | None, output: str) -> None:
        super().__init__(f"{argv[0]} " + ("did not end in time" if code is None else f"ended with {code}"))
        self.argv = tuple(argv)
        self.code = code
        self.output = output

    @property
    def last_words(self) -> str:
        """The last lines the program printed."""
        return "\n".join(self.output.strip().splitlines()[-TAIL_LINES:])


@dataclass(frozen=True)
class Completed:
    """What a program that ended with 0 left: its standard output and standard error, as bytes."""

    stdout: bytes
    stderr: bytes


def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float | None = None,
    hear: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program to its end, with no input, in a session of its own.

    ``hear`` is given each line while the program runs; its standard error then comes with its standard output.
    ``timeout`` is in seconds; after it the whole process group is killed and not waited for longer than
    a second, since a process that waits for a hung file system cannot be killed.
    Raises ProcessError.
    """
    try:
        process = subprocess.Popen(
            argv, env=None if environment is None else dict(environment), cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if hear else subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise ProcessError(argv, 127, str(error)) from error
    _running.add(process)
    try:
        stdout, stderr = _listen(process, hear, timeout) if hear else process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise ProcessError(argv, None, _end(process, heard=hear is not None)) from error
    except BaseException:
        _end(process, heard=hear is not None)
        raise
    finally:
        _running.discard(process)
    if process.returncode:
        raise ProcessError(argv, process.returncode, (stderr + stdout).decode(errors="replace"))
    return Completed(stdout, stderr)


def _listen(
    process: subprocess.Popen[bytes], hear: Callable[[str], None], timeout: float | None
) -> tuple[bytes, bytes]:
    """Hand on each line as it comes. Raises TimeoutExpired."""
    lines: list[bytes] = []

    def read() -> None:
        if process.stdout is None:
            return
        with process.stdout:
            for line in process.stdout:
                lines.append(line)
                hear(line.decode(errors="replace").rstrip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    process.wait(timeout)
    reader.join(timeout=5)  # seconds: what it started may hold the pipe open
    return b"".join(lines), b""


def side_by_side(function: Callable[[T], R], items: Iterable[T], *, at_once: int | None = None) -> Iterator[R]:
    """Call a function for each item, ``at_once`` or as many as there are cores; the results come in the items' order.

    An interrupt, or a caller who stops listening, begins nothing more and ends the programs that are running.
    """
    pool = ThreadPoolExecutor(at_once or os.cpu_count())
    futures = [pool.submit(function, item) for item in items]
    try:
        for future in futures:
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        while running := [future for future in futures if not future.done()]:
            for process in list(_running):
                # Its own thread hears of it and collects it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            wait(running, timeout=0.1)


def _end(process: subprocess.Popen[bytes], *, heard: bool) -> str:
    """Kill the process group and return what it had printed; where that is ``heard``, its reader alone may read it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        if heard:
            process.wait(1)
            return ""
        stdout, stderr = process.communicate(timeout=1)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        return ""
    return (stderr + stdout).decode(errors="replace")
