"""What HTCondor's event logs say of a job, read as it writes them; needs the bindings and no pool."""

import time

import htcondor2
import pytest

from kernelkit.provisioners import htcondor_events

EVENTS = {
    "submitted": "000 {} Job submitted from host: <127.0.0.1:9618>\n",
    "runs": "001 {} Job executing on host: <127.0.0.1:9619>\n",
    "taken": "004 {} Job was evicted.\n\t(0) CPU times\n\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Run Remote Usage\n"
    "\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Run Local Usage\n\t0  -  Run Bytes Sent By Job\n"
    "\t0  -  Run Bytes Received By Job\n",
    "removed": "009 {} Job was aborted.\n\tvia condor_rm (by user kk)\n",
    "removed by itself": "009 {} Job was aborted.\n\tThe job attribute PeriodicRemove expression 'x' evaluated to TRUE\n",
    "held": "012 {} Job was held.\n\tthe disk is counted\n\tCode 1 Subcode 0\n",
    "lost": "022 {} Job disconnected, attempting to reconnect\n    Socket between submit and execute hosts closed\n"
    "    Trying to reconnect to slot1@kk <127.0.0.1:9619>\n",
    "found": "023 {} Job reconnected to slot1@kk\n    startd address: <127.0.0.1:9619>\n    starter address: <127.0.0.1:9620>\n",
    "given up": "024 {} Job reconnection failed\n    Job lease expired\n    Can not reconnect to slot1@kk, rescheduling job\n",
}
STAMP = "(007.000.000) 2026-11-28 07:27:57"


@pytest.mark.parametrize(
    ("happened", "kind", "words"),
    [
        ("submitted", "waiting", "waiting for a slot"),
        ("submitted, runs", "running", "RUNNING"),
        ("submitted, runs, taken", "ended", "its slot was taken away"),
        ("submitted, runs, taken, runs", "ended", "its slot was taken away"),
        ("submitted, runs, taken, removed by itself", "ended", "its slot was taken away"),
        ("submitted, runs, taken, removed", "ended", "it was removed: via condor_rm"),
        ("submitted, runs, taken, held", "ended", "it is held: the disk is counted"),
        ("submitted, runs, lost", "running", "has lost its node"),
        ("submitted, runs, lost, found", "running", "RUNNING"),
        ("submitted, runs, lost, found, taken", "ended", "its slot was taken away"),
        ("submitted, runs, lost, given up", "ended", "its node failed: Job lease expired"),
        ("submitted, runs, lost, given up, runs", "ended", "its node failed: Job lease expired"),
        ("submitted, runs, lost, taken", "ended", "its node failed"),
    ],
)
def test_what_happened_to_a_job(tmp_path, happened, kind, words):
    text = "".join(EVENTS[name].format(STAMP) + "...\n" for name in happened.split(", "))
    (tmp_path / "log").write_text(text)
    state = htcondor_events.of_log(tmp_path, htcondor2)
    assert state.kind == kind
    assert words in state.words


def test_a_log_of_another_time_zone(tmp_path):
    """The log has none, and the hour is that of the machine where jobs are handed in."""
    ahead = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() + 3600))
    stamp = f"(007.000.000) {ahead}"
    (tmp_path / "log").write_text("".join(EVENTS[name].format(stamp) + "...\n" for name in ("runs", "taken")))
    assert htcondor_events.of_log(tmp_path, htcondor2).kind == "ended"


def test_no_log_says_nothing(tmp_path):
    assert htcondor_events.of_log(tmp_path, htcondor2) is None
    (tmp_path / "log").touch()
    assert htcondor_events.of_log(tmp_path, htcondor2) is None
