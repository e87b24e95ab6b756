"""What is looked at in a running kernel: a table of small functions, each with a stable id.

Code that is sent to a kernel is valid in Python 2.7 and in any Python 3.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kernelkit.verify import printed, replay
from kernelkit.verify.conversation import KernelSilentError
from kernelkit.verify.launch import Launch
from kernelkit.verify.verdict import Status

INTERRUPT_LIMIT = 5.0  # seconds for an interrupt to arrive; the code that waits for it ends by itself then


@dataclass(frozen=True)
class Finding:
    """What a check found; ``cause_id`` where it knows the cause better than its name says."""

    status: Status
    detail: str = ""
    cause_id: str = ""


PASSED = Finding("passed")
Function = Callable[[Launch, float], Awaitable[Finding]]


def failed(detail: str, cause_id: str = "") -> Finding:
    """A finding that fails the kernel."""
    return Finding("failed", detail, cause_id)


def skipped(detail: str) -> Finding:
    """A finding that says why there was nothing to look at."""
    return Finding("skipped", detail)


async def execute(launch: Launch, limit: float) -> Finding:
    """The kernel runs code and gives its result."""
    exchange = await launch.talk.execute("1+1" if launch.is_python else "", limit)
    if exchange.error:
        return failed(exchange.error)
    if not launch.is_python:
        return Finding("passed", f"only an empty cell was run, as no {launch.language or 'other'} code is known here")
    return PASSED if exchange.result == "2" else failed(f"1+1 gave {exchange.result!r}")


async def streams(launch: Launch, limit: float) -> Finding:
    """What a cell prints reaches the notebook."""
    exchange = await launch.talk.execute("print('kernelkit ' + 'streams')", limit)
    if exchange.error:
        return failed(exchange.error)
    if exchange.stdout.strip() != "kernelkit streams":
        return failed(f"printed text did not arrive as it was: {exchange.stdout!r}")
    return PASSED


async def output(launch: Launch, limit: float) -> Finding:  # noqa: ARG001 - every check is given a limit
    """What it printed while it started is fit for a server's log."""
    size = launch.printed.stat().st_size
    if size > printed.MUCH:
        return failed(f"it printed {size / 1e6:.0f} MB while it started", "too-much-output")
    names = printed.shown(launch.printed, launch.secrets)
    if names:
        told = ["its environment" if name == printed.DECOY else name for name in names]
        return failed(f"it printed what is secret: {', '.join(told)}", "secret-printed")
    return PASSED


async def pid(launch: Launch, limit: float) -> Finding:
    """The process that Jupyter spawned became the kernel, so that signals and the parent's death reach it."""
    if launch.pid is None:
        return skipped("started by a provisioner on another machine")
    if launch.spec.record.get("container"):
        return skipped("it runs in a container, whose runtime stays between")
    own = await value(launch, limit, "__import__('os').getpid()")
    if own in _numbers(launch.pid):
        return PASSED
    return failed(f"the kernel is process {own} and Jupyter started process {launch.pid}")


def _numbers(number: int) -> set[int]:
    """A process's pid here and in each PID namespace that it is in (a container's)."""
    lines = Path(f"/proc/{number}/status").read_text(errors="replace").splitlines()
    inner = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return {number, *map(int, inner)}


async def interpreter(launch: Launch, limit: float) -> Finding:
    """The Python that runs is the one that was recorded at installation."""
    recorded = launch.spec.record.get("interpreter")
    if not isinstance(recorded, dict) or "path" not in recorded:
        return skipped("no interpreter is recorded in this kernelspec")
    path, version = await value(
        launch, limit, "(lambda s: [s.executable, list(s.version_info[:3])])(__import__('sys'))"
    )
    expected = str(recorded["path"])
    if path != expected and Path(path).resolve() != Path(expected).resolve():
        return failed(f"it runs {path}, and {expected} is recorded")
    numbers = recorded.get("version") or []
    if list(numbers) != version[: len(numbers)]:
        return failed(f"it is Python {_dotted(version)}, and {_dotted(numbers)} is recorded")
    return PASSED


def _dotted(numbers: list[int]) -> str:
    return ".".join(map(str, numbers))


async def environment(launch: Launch, limit: float) -> Finding:
    """The variables and commands that the steps promise are there."""
    expects = launch.spec.record.get("expects")
    if not isinstance(expects, dict) or not any(expects.values()):
        return skipped("no expectations are recorded in this kernelspec")
    wanted = {key: list(expects.get(key) or ()) for key in ("variables", "commands", "values")}
    found = await value(launch, limit, _ENVIRONMENT.format(wanted=json.dumps(json.dumps(wanted))))
    faults = [f"{name} is not set" for name in wanted["variables"] if not found["values"].get(name)]
    faults += [f"{name} is not on the path" for name in wanted["commands"] if name not in found["commands"]]
    for name, promised in (expects.get("values") or {}).items():
        if found["values"].get(name) != promised:
            faults.append(f"{name} is {found['values'].get(name)!r}, not {promised!r}")
    return failed("; ".join(faults)) if faults else PASSED


# In Python 2 a variable is bytes that may be no text, and joins with no unicode; shutil.which is only in Python 3.
_ENVIRONMENT = """(lambda os, json: (lambda w: {{
'values': dict((n, os.environ[n] if str is not bytes else os.environ[n].decode('utf-8', 'replace'))
  for n in w['variables'] + w['values'] if n in os.environ),
'commands': [c for c in w['commands'] if any(os.access(os.path.join(d, str(c)), os.X_OK)
  and os.path.isfile(os.path.join(d, str(c))) for d in os.environ.get('PATH', '').split(os.pathsep))]}}
)(json.loads({wanted})))(__import__('os'), __import__('json'))"""


async def snapshot(launch: Launch, limit: float) -> Finding:  # noqa: ARG001 - every check is given a limit
    """What the wrapper replays is what its steps make."""
    if "format" not in launch.spec.record or launch.pid is None:
        ours = "format" in launch.spec.record
        return skipped("its steps ran on another machine" if ours else "kernelkit did not make this kernel")
    kept = await replay.replayed(launch)
    if kept.code == replay.NOTHING_KEPT:
        return skipped(kept.words)
    now = await replay.made(launch)
    if kept.code or now.code:
        return failed(kept.words if kept.code else now.words)
    differing = replay.differences(kept.seen, now.seen)
    if not differing:
        return PASSED
    again = await replay.made(launch)
    # What does not agree with what was recorded is not kept, whatever the reason.
    said = await replay.recorded_again(launch)
    if replay.differences(now.seen, again.seen):
        return Finding("note", said)
    return failed(f"what was recorded is not what the steps make: {differing}")


async def interrupt(launch: Launch, limit: float) -> Finding:
    """A cell that runs can be interrupted, and the kernel works afterwards."""
    code = f"import sys, time\nprint('running')\nsys.stdout.flush()\ntime.sleep({INTERRUPT_LIMIT})"
    finding = await _interrupted(launch, limit, code)
    if finding.status != "passed":
        return finding
    launch.interruptible = True
    after = await launch.talk.execute("1+1", limit)
    return PASSED if after.result == "2" else failed(f"the next cell gave {after.error or after.result!r}")


async def children(launch: Launch, limit: float) -> Finding:
    """An interrupt reaches the processes that a cell started."""
    if not launch.interruptible:
        return skipped("no interrupt arrives")
    finding = await _interrupted(launch, limit, _CHILD.format(seconds=INTERRUPT_LIMIT))
    if finding.status != "passed":
        return finding
    ended = await value(launch, limit, _CHILDS_END)
    if not ended and launch.spec.record.get("container"):
        return Finding("note", "in this container an interrupt reaches the kernel alone")
    return PASSED if ended else failed("a process that the cell had started ran on")


# The name is taken back at the end: what a user's notebook sees is not the check's to fill.
_CHILD = """import subprocess, sys
_kernelkit_child = subprocess.Popen(['sleep', '{seconds}'])
print('running')
sys.stdout.flush()
_kernelkit_child.wait()"""
# A wait() that is interrupted can lose the exit code, so that only whether the child has ended is asked.
_CHILDS_END = """(lambda child, time: (
  any(child.poll() is not None or time.sleep(0.02) for _ in range(50)),
  child.poll() is None and (child.kill() or child.wait()))[0]
)(globals().pop('_kernelkit_child'), __import__('time'))"""


async def _interrupted(launch: Launch, limit: float, code: str) -> Finding:
    """Run a cell that prints once it is running and then waits, and interrupt it."""
    exchange = launch.talk.start(code)
    await launch.talk.until(lambda: bool(exchange.stdout) or exchange.complete, exchange, limit)
    await launch.interrupt()
    try:
        await launch.talk.until(lambda: exchange.complete, exchange, INTERRUPT_LIMIT * 2)
    except KernelSilentError:
        return failed("the cell neither stopped nor ended")
    if exchange.status == "ok":
        return failed(f"the interrupt did not arrive: the cell ran on for {INTERRUPT_LIMIT:g} s to its end")
    if not exchange.error.startswith("KeyboardInterrupt"):
        return failed(f"the cell ended with {exchange.error}")
    return PASSED


async def own(check: dict[str, Any], launch: Launch, limit: float) -> Finding:
    """A check that the definition brings."""
    exchange = await launch.talk.execute(str(check.get("code", "")), limit)
    if exchange.error:
        return failed(exchange.error)
    expected = check.get("prints")
    # Vendor modules print banners when they are imported: what is expected must come last, on lines of its own.
    if expected is not None and not f"\n{exchange.stdout.strip()}".endswith(f"\n{str(expected).strip()}"):
        return failed(f"it printed {exchange.stdout.strip()!r} and should print {expected!r}")
    return PASSED


async def value(launch: Launch, limit: float, expression: str) -> Any:
    """The value of a Python expression in the kernel; it leaves no name behind, and printed noise does not matter."""
    exchange = await launch.talk.execute("", limit, {"value": f"__import__('json').dumps({expression})"})
    answer = (exchange.reply or {}).get("user_expressions", {}).get("value", {})
    text = answer.get("data", {}).get("text/plain")
    if text is None:
        raise CheckError(f"the kernel could not say: {answer.get('ename', exchange.error)} {answer.get('evalue', '')}")
    return json.loads(ast.literal_eval(text))


class CheckError(Exception):
    """The kernel answered a check's question with an error."""


FIRST: tuple[str, Function] = ("execute", execute)
PYTHON: tuple[tuple[str, Function], ...] = (
    ("streams", streams),
    ("pid", pid),
    ("interpreter", interpreter),
    ("environment", environment),
)
OUTPUT: tuple[str, Function] = ("output", output)
SNAPSHOT: tuple[str, Function] = ("snapshot", snapshot)
# Last, for a cell that cannot be interrupted keeps the kernel busy.
LAST: tuple[tuple[str, Function], ...] = (("interrupt", interrupt), ("children", children))
ENDINGS = ("shutdown", "restart", "parent")
IDS = ("spec", "files", "start", *(name for name, _ in (FIRST, OUTPUT, *PYTHON, SNAPSHOT, *LAST)), *ENDINGS)


def after_first(launch: Launch) -> list[tuple[str, Function]]:
    """The checks that follow the first reply: kernelkit's, the definition's, and the interrupt."""
    listed = launch.spec.record.get("checks")
    brought = [check for check in listed if isinstance(check, dict)] if isinstance(listed, list) else []
    own_checks = [(f"check:{check.get('name', '')}", partial(own, check)) for check in brought]
    return [OUTPUT, *map(_for_python, PYTHON), SNAPSHOT, *own_checks, *map(_for_python, LAST)]


def _for_python(entry: tuple[str, Function]) -> tuple[str, Function]:
    name, function = entry

    async def only_python(launch: Launch, limit: float) -> Finding:
        if not launch.is_python:
            return skipped(f"no {launch.language or 'other'} code is known here")
        return await function(launch, limit)

    return name, only_python
