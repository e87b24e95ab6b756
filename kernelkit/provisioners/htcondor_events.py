"""What HTCondor says of a job, as a state: from the job's own event log, which costs the schedd nothing, or its ad.

The events are those of the HTCondor manual ("Job Event Log Codes"), by their numbers there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kernelkit.provisioners.place import State

LOG = "log"  # its file in a mailbox
IDLE, RUNNING, REMOVED, COMPLETED, HELD, TRANSFERRING, SUSPENDED = range(1, 8)
WAITING = State("waiting", "waiting for a slot that fits")
WORKS = State("running", "RUNNING")
LOST = State("running", "HTCondor has lost its node, and tries to reach it again")
REPEATED = {0: WAITING, 1: WORKS, 10: State("waiting", "suspended"), 11: WORKS, 13: WAITING, 23: WORKS, 22: LOST}
EVICTED, TERMINATED, UNREACHED, REACHED, UNREACHABLE = 4, 5, 22, 23, 24
REASONED = {9: "Reason", 12: "HoldReason", UNREACHABLE: "Reason"}  # what each says of why
REASON_LIMIT = 3.0  # seconds after which a slot that was taken away has no other reason
TAKEN = State("ended", "its slot was taken away, by another job or the owner of the machine")


def of_log(folder: Path, htcondor: Any) -> State | None:
    """The state by the event log in a mailbox; None where there is none, or nothing in it."""
    file = folder / LOG
    if not file.is_file():
        return None
    log = htcondor.JobEventLog(str(file))
    try:
        return _of_events(log.events(stop_after=0))
    finally:
        log.close()


def _of_events(events: Iterable[Any]) -> State | None:
    state, taken, lost = None, False, False
    for event in events:
        number = int(event.type)
        lost = (lost or number == UNREACHED) and number != REACHED
        if number == EVICTED and lost:
            state = state if state and state.kind == "ended" else _lost_its_node(None)
        # A job that lost its slot may start once more, for nobody; a hold or a removal says why it did.
        elif not taken or number in (EVICTED, *REASONED):
            state = _of_event(number, event) or state
        taken = taken or number in (EVICTED, UNREACHABLE)
    return state


def _of_event(number: int, event: Any) -> State | None:
    """None for an event that changes nothing."""
    if number == EVICTED:
        # The log has no time zone, so that one of the schedd's own makes it a time to come.
        soon = abs(time.time() - event.timestamp) < REASON_LIMIT
        return TAKEN if not soon else State("running", "its slot is being taken away")
    if number in REASONED:
        reason = event.get(REASONED[number])
        return None if "PeriodicRemove" in str(reason) else ENDINGS[number](reason)
    if number == TERMINATED:
        return _came_to_its_end(event, "TerminatedBySignal", "ReturnValue", by_signal=not event["TerminatedNormally"])
    return REPEATED.get(number)


def of_ad(ad: Mapping[str, Any]) -> State:
    """The state by the job's ad in the schedd's queue."""
    status = int(ad["JobStatus"])
    if status == HELD:
        return _held(ad.get("HoldReason"))
    if status == REMOVED:
        return _removed(ad.get("RemoveReason"))
    if status == COMPLETED:
        return _came_to_its_end(ad, "ExitSignal", "ExitCode", by_signal=bool(ad.get("ExitBySignal")))
    if status in (RUNNING, TRANSFERRING):
        return WORKS
    return REPEATED[10] if status == SUSPENDED else WAITING


def _held(reason: object) -> State:
    return State("ended", f"it is held: {reason or 'HTCondor does not say why'}")


def _removed(reason: object) -> State:
    return State("ended", f"it was removed: {reason or 'HTCondor does not say by whom'}")


def _lost_its_node(reason: object) -> State:
    return State("ended", f"its node failed: {reason or 'HTCondor cannot reach it any more'}")


def _came_to_its_end(said: Mapping[str, Any], number: str, code: str, *, by_signal: bool) -> State:
    by = f"signal {said.get(number)}" if by_signal else f"code {said.get(code)}"
    return State("ended", f"it came to its end ({by})")


ENDINGS = {9: _removed, 12: _held, 24: _lost_its_node}
