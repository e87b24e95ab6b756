"""Whether what a wrapper replays is what its steps make."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import NamedTuple

from kernelkit.verify.launch import Launch
from kernelkit.verify.leftovers import MARKER
from kernelkit.verify.spec import wrapper

NOTHING_KEPT = 75  # a wrapper's exit code where it has nothing to replay
# The file mode mask and the limits as a record without a name, then the environment.
LOOK = ("/bin/sh", "-c", 'printf "=%s %s\\0" "$(umask)" "$(ulimit -S -a)"; exec env -0')
SWITCH = b"KERNELKIT_SNAPSHOT"
SHOWN = 3  # names of variables


class Answer(NamedTuple):
    """What a wrapper left: its exit code, what its command printed, and its last words."""

    code: int
    seen: bytes
    words: str


async def replayed(launch: Launch) -> Answer:
    """What the snapshot holds; code NOTHING_KEPT, with the reason, where there is none."""
    return await _wrapper(launch, "--kernelkit-replay", {})


async def made(launch: Launch) -> Answer:
    """What the steps make now."""
    return await _wrapper(launch, "--kernelkit-environment", {SWITCH.decode(): "0"})


async def recorded_again(launch: Launch) -> str:
    """Let the wrapper record until two recordings agree: ``confirmed``, or the reason why nothing is kept."""
    answer = await _wrapper(launch, "--kernelkit-record", {}, command=())
    return answer.seen.decode(errors="replace").strip()


def differences(one: bytes, other: bytes) -> str:
    """The first variables that differ, or that the mask or a limit does; empty where nothing does."""
    first, second = _entries(one), _entries(other)
    names = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    return ", ".join(os.fsdecode(name) or "the file mode mask or a limit" for name in names[:SHOWN])


def _entries(seen: bytes) -> dict[bytes, bytes]:
    entries = dict(entry.partition(b"=")[::2] for entry in seen.split(b"\0") if entry)
    entries.pop(SWITCH, None)
    return entries


async def _wrapper(launch: Launch, mode: str, more: Mapping[str, str], command: tuple[str, ...] = LOOK) -> Answer:
    env = {**os.environ, **more, "KERNELKIT_BACKGROUND": "0", MARKER: launch.footprint.marker}
    process = await asyncio.create_subprocess_exec(
        "/bin/bash", "-p", str(wrapper(launch.spec)), mode, *command, env=env, cwd=launch.folder,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    lines = err.decode(errors="replace").strip().splitlines() or [""]
    return Answer(process.returncode or 0, out, lines[-1].removeprefix("kernelkit: "))
