"""What is said to a pool, in a process of its own: ``python -m kernelkit.provisioners.schedd VERB JSON``.

The bindings hold the interpreter while they wait: a schedd that is silent would stop a whole Jupyter server, signs of
life to other kernels with it, for twenty seconds at a time. The answer is printed as JSON, a refusal to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kernelkit.processes import ProcessError, run
from kernelkit.provisioners.place import PlaceError

REFUSES = "Refuses"
# Those that are absent are told to who asks for them alone.
EVERY = "Absent =?= true || (State =!= undefined && Machine =!= undefined)"
PATIENCE = 30.0  # seconds; the bindings give up on a silent schedd after twenty


def ask(verb: str, given: Any) -> Any:
    """What is answered to one of ``VERBS``. Raises PlaceError with the daemon's own words."""
    argv = [sys.executable, "-P", "-W", "ignore", "-m", __name__, verb, json.dumps(given)]
    try:
        return json.loads(run(argv, timeout=PATIENCE).stdout)
    except ProcessError as error:
        silent = f"the {'collector' if verb == 'machines' else 'schedd'} did not answer within {PATIENCE:g} s"
        said = silent if error.code is None else error.last_words or str(error)
        raise refusal(said) from error


def refusal(said: str) -> PlaceError:
    """What a daemon or the bindings said, with where to look."""
    return PlaceError(f"HTCondor: {said}", "`condor_q` shows your jobs, `condor_status` the pool's slots.")


def _submit(htcondor: Any, description: Mapping[str, str]) -> str:
    return str(_schedd(htcondor).submit(htcondor.Submit(description)).cluster())


def _query(htcondor: Any, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(ad) for ad in _schedd(htcondor).query(asked["constraint"], projection=asked["attributes"])]


def _cancel(htcondor: Any, jobs: Sequence[str]) -> None:
    _schedd(htcondor).act(htcondor.JobAction.Remove, list(jobs), reason=("the notebook's kernel was ended", 0))


def _machines(htcondor: Any, attributes: Sequence[str]) -> list[dict[str, Any]]:
    """The slots of all machines by these attributes, absent ones too; REFUSES is true where no job at all matches.

    Only the collector can say that: what ``Requirements`` is made of are a pool's own attributes.
    """
    collector, kind = htcondor.Collector(), htcondor.AdType.Startd
    closed = {ad["Name"] for ad in collector.query(kind, "Requirements =?= false", ["Name"])}
    ads = collector.query(kind, EVERY, list(attributes))
    # An ad spells its attributes in ways of its own.
    return [{REFUSES: ad["Name"] in closed, **{name: ad[name] for name in attributes if name in ad}} for ad in ads]


VERBS: dict[str, Callable[[Any, Any], Any]] = {
    "submit": _submit, "query": _query, "cancel": _cancel, "machines": _machines
}  # fmt: skip


def _schedd(htcondor: Any) -> Any:
    """The schedd that a site's configuration names, else this machine's own."""
    name = htcondor.param.get("SCHEDD_HOST")
    collector = htcondor.Collector()
    kind = htcondor.DaemonType.Schedd
    return htcondor.Schedd(collector.locate(kind, name) if name else collector.locate(kind))


def main() -> None:
    """Do what the command line says."""
    import htcondor2

    verb, given = sys.argv[1:]
    try:
        answer = VERBS[verb](htcondor2, json.loads(given))
    except htcondor2.HTCondorException as error:
        sys.exit(" ".join(str(error).split()))
    sys.stdout.write(json.dumps(answer, default=str))


if __name__ == "__main__":
    main()
