"""What runs on a node: the verification of kernels as on any machine, its results told as they come.

It ends when nobody wants it any more: when its folder is gone, or when no order has come for the time of grace.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from kernelkit.fleet.errands import RESULTS, read_request
from kernelkit.report.json_report import as_object
from kernelkit.verify import Event, verify

LOOK = 1.0  # seconds between two looks for orders
LAST_LOOK = 0.1  # the same, when nothing is left to be done
STOP = b" stop "


def main(folder: Path) -> None:
    """Do what the folder's request says; the folder goes too where nobody else is left to take it away."""
    lost = threading.Event()
    try:
        _verify(folder, lost)
    except (FileNotFoundError, KeyboardInterrupt):
        return
    finally:
        if lost.is_set():
            shutil.rmtree(folder, ignore_errors=True)


def _verify(folder: Path, lost: threading.Event) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    targets, conditions, request = read_request(folder)
    os.environ.update(request["environment"])
    # Wrappers keep a log of each launch: that of a whole fleet is nothing that a user wants to find.
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    threading.Thread(target=_heed, args=(folder, float(request["grace"]), lost), daemon=True).start()
    _tell(folder, started=socket.gethostname())
    verify(targets, jobs=request["jobs"], on_event=lambda event: _tell_verdict(folder, event), **vars(conditions))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asyncio has put the system's own in its place
    _tell(folder, end=True)
    # Whoever reads that takes the folder away. Where nobody does, this process is lost.
    while _orders(folder):
        time.sleep(LAST_LOOK)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _tell_verdict(folder: Path, event: Event) -> None:
    if event.verdict:
        _tell(folder, verdict=as_object(event.verdict))


def _tell(folder: Path, **values: Any) -> None:
    """Add a line. Other machines see over NFS what a file held when it was closed. Nobody may listen any more."""
    with contextlib.suppress(FileNotFoundError), (folder / RESULTS).open("a", encoding="utf-8") as results:
        results.write(json.dumps(values) + "\n")


def _heed(folder: Path, grace: float, lost: threading.Event) -> None:
    """End this process, as somebody who interrupts it would, once nobody wants it."""
    order, heard = b"", time.monotonic()
    while True:
        said = _orders(folder)
        if said != order:
            order, heard = said, time.monotonic()
        if time.monotonic() - heard > grace:
            lost.set()
        if lost.is_set() or STOP in order or not folder.is_dir():
            break
        time.sleep(LOOK)
    os.kill(os.getpid(), signal.SIGTERM)


def _orders(folder: Path) -> bytes:
    try:
        return (folder / "orders").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
