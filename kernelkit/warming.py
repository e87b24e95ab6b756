"""Recording before anyone launches, and touching once what a launch will touch."""

from __future__ import annotations

from dataclasses import dataclass

from kernelkit.errors import RefusedError, SoftwareError
from kernelkit.kernel import WRAPPER_FILE
from kernelkit.kernelspecs import Kernelspec
from kernelkit.processes import ProcessError, run
from kernelkit.seal import record
from kernelkit.snapshots import Snapshot, snapshots
from kernelkit.verify import Target, Verdict, verify

TIMEOUT = 600.0  # seconds for recording: two runs of the steps, on a cold file system
CONFIRMED = "confirmed"


@dataclass(frozen=True)
class Warmed:
    """What is kept now, or the ``reason`` why nothing is; and what a launch from it said."""

    name: str
    snapshot: Snapshot | None
    reason: str
    verdict: Verdict


def warm(spec: Kernelspec, *, timeout: float) -> Warmed:
    """Record a kernel's environment until two recordings agree, then launch it: a cold cache has its files afterwards.

    ``timeout`` is in seconds from spawn to first reply. Raises RefusedError for a kernel that kernelkit did not make,
    SoftwareError where its steps fail.
    """
    if record(spec.document) is None:
        raise RefusedError(
            f"{spec.name}: {spec.path} was not made by kernelkit, so that there is nothing to record",
            "`kernelkit definitions` lists what could be installed.",
        )
    wrapper = spec.path / WRAPPER_FILE
    try:
        answer = run(["/bin/bash", "-p", str(wrapper), "--kernelkit-record"], timeout=TIMEOUT)
    except ProcessError as error:
        words = error.last_words.splitlines()[-1:] or [str(error)]
        raise SoftwareError(
            f"{spec.name}: {words[0].removeprefix('kernelkit: ')}", f"`kernelkit test {spec.name}` says more."
        ) from error
    said = answer.stdout.decode(errors="replace").strip()
    (verdict,) = verify([Target(spec.name, spec.path)], jobs=1, timeout=timeout)
    kept = next(iter(snapshots(spec.name, wrapper)), None) if said == CONFIRMED else None
    return Warmed(spec.name, kept, "" if kept else said, verdict)
