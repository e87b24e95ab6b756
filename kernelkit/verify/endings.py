"""How a kernel ends and starts anew: on request, for a restart, and with its server."""

from __future__ import annotations

import time

from traitlets import TraitError

from kernelkit.verify import checks
from kernelkit.verify.checks import PASSED, Finding, failed, skipped
from kernelkit.verify.conversation import KernelDiedError, KernelSilentError, ending
from kernelkit.verify.launch import Launch
from kernelkit.verify.leftovers import Process

SHUTDOWN_LIMIT = 5.0  # seconds
SERVER_PATIENCE = 2.5  # seconds after which a server sends SIGTERM (jupyter_client 8.10, half of shutdown_wait_time)
# Seconds for a kernel to notice that its server is gone: ipykernel looks every second (parentpoller.py). Before
# version 6 it counts only that init has adopted it, so that one that our keeper has adopted is left to init then.
KEPT_LIMIT = 4.0
NOTICE_LIMIT = 15.0


async def shutdown(launch: Launch) -> Finding:
    """It ends in time when a server asks it to, as for a restart, and nothing of it is left running."""
    launch.footprint.look()
    request = await launch.request_shutdown()
    ended = await launch.ended(SERVER_PATIENCE) is not None
    if not ended:
        await launch.terminate()
        if await launch.ended(SHUTDOWN_LIMIT - SERVER_PATIENCE) is None:
            return failed(
                f"it did not end within {SHUTDOWN_LIMIT:g} s, not on SIGTERM either, and was killed", "shutdown-ignored"
            )
    left = await launch.left()
    if left:
        return failed("it left running: " + ", ".join(map(_described, left)), "process-left-behind")
    if ended:
        return PASSED
    if request.reply is None:
        return failed("it did not answer the request to end, and ended on SIGTERM only", "shutdown-ignored")
    # ipykernel 7.4 now and then answers and then waits for its own thread for ever (kernelapp.py, close).
    return Finding(
        "note",
        f"it answered the request to end and did not: a server's SIGTERM {SERVER_PATIENCE:g} s later ended it",
    )


def _described(process: Process) -> str:
    return f"{process.command or 'a process'} (process {process.pid})"


async def restart(launch: Launch, limit: float) -> Finding:
    """The manager starts it again, with the same ports, and it works. ``limit`` is in seconds, anew."""
    finding, clash = await _restarted(launch, limit)
    if clash:
        # Between two starts the ports are free, and another program may take one.
        finding, _ = await _restarted(launch, limit, new_ports=True)
    return Finding(finding.status, finding.detail, "restart-fails" if finding.status == "failed" else "")


async def _restarted(launch: Launch, limit: float, *, new_ports: bool = False) -> tuple[Finding, bool]:
    """What was found, and whether a port was taken meanwhile."""
    begin = time.monotonic()
    try:
        await launch.restart(new_ports=new_ports)
        await launch.answer(limit)
        return await checks.execute(launch, max(limit - (time.monotonic() - begin), 1)), False
    except KernelDiedError as died:
        return failed(f"after a restart it {ending(died.code)}"), "Address already in use" in launch.output()
    except KernelSilentError as silent:
        lines = launch.output().strip().splitlines() or [""]
        return failed(f"after a restart: {silent}"), "Address already in use" in lines[-1]
    except (OSError, ValueError, RuntimeError, TraitError) as error:
        return failed(f"it could not be started again: {error}"), False


async def parent(launch: Launch, limit: float) -> Finding:
    """It ends by itself when its server is killed."""
    if launch.served is None:
        return skipped("its provisioner keeps it elsewhere")
    fault, cause_id = ("", "") if _excuse(launch) else await _family(launch, limit)
    launch.served.kill_server()
    if await launch.ended(KEPT_LIMIT) is not None:
        return PASSED
    if fault:
        return failed(fault, cause_id)
    launch.served.abandon()
    if await launch.ended(KEPT_LIMIT if _excuse(launch) else NOTICE_LIMIT) is not None:
        return PASSED
    reason = _excuse(launch)
    if reason:
        return Finding("note", f"it runs on when its server is killed; {reason}", "outlives-server")
    return failed("it runs on when its server is killed", "outlives-server")


def _excuse(launch: Launch) -> str:
    """Why it is no fault of this kernelspec's that its kernel runs on; empty where it is one."""
    if not launch.is_python:
        return "kernels of this language may not look after it"
    return "the container's runtime stands between" if launch.spec.record.get("container") else ""


async def _family(launch: Launch, limit: float) -> tuple[str, str]:
    """Why ipykernel cannot notice: it trusts JPY_PARENT_PID only where that is its parent's pid."""
    told, actual = await checks.value(
        launch, limit, "(lambda os: [os.environ.get('JPY_PARENT_PID'), os.getppid()])(__import__('os'))"
    )
    if told is None:
        return "it runs on when its server is killed, as JPY_PARENT_PID was lost on the way", "parent-lost"
    if told == str(actual):
        return "", ""
    what = f"its parent is process {actual} and the server process {told}"
    return f"it runs on when its server is killed: {what}", "outlives-server"
