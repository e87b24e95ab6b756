"""``kernelkit log NAME``: what the last launches of a kernel did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kernelkit.cli.common_options import json_option, kernel_names, say
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.launchlog import Launch


@click.command("log", short_help=COMMANDS["log"])
@click.argument("name", shell_complete=kernel_names)
@click.option("-n", "count", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
              help="How many launches, newest first.")  # fmt: skip
@json_option
def command(name: str, count: int, as_json: bool) -> None:
    """Show what the last launch of kernel NAME did: its steps, how long they took, and why it failed.

    Each kernel's newest twenty are kept, readable by nobody else.
    """
    from kernelkit import launchlog

    launches = launchlog.launches(name.lower(), count)
    if not launches:
        _refuse_unknown(name)
    if as_json:
        click.echo(json.dumps({"format": 1, "launches": [launch.row() for launch in launches]}, indent=2))
        return
    if not launches:
        say(f"no launch of {name} is on record in {launchlog.folder(name) or 'any folder: HOME is not set'}")
    click.echo("\n\n".join("\n".join(_lines(launch)) for launch in launches), nl=bool(launches))


def _refuse_unknown(name: str) -> None:
    """A kernel that was removed keeps its launches; one that has none must at least exist. Raises UsageError."""
    from kernelkit.listing import found

    found(name)


def summary(launch: Launch) -> str:
    """One launch on one line."""
    import time

    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(launch.started))
    ending = f": {launch.reason}" if launch.reason else ""
    return f"{when}  {launch.result} after {launch.seconds:.3f} s{ending}"


def _replayed(launch: Launch) -> str:
    """How old what was replayed was, and what it saved."""
    if launch.ran != "snapshot":
        return ""
    saved = max(launch.took - launch.seconds, 0)
    return f" recorded {age(launch.started - launch.recorded)} before, which saved {saved:.2f} s"


def age(seconds: float) -> str:
    """A time span in its largest unit."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _lines(launch: Launch) -> Iterator[str]:
    yield f"{launch.name}: {summary(launch)}"
    if launch.cause:
        yield f"  what to do:  {launch.cause.advice} [{launch.cause.id}]"
    ran = f"{launch.ran}{_replayed(launch)}{': ' if launch.why else ''}{launch.why}"
    for key, value in (("ran", ran), ("python", launch.interpreter), ("process", launch.pid), ("file", launch.file)):
        if value:
            yield f"  {key + ':':<12} {value}"
    for phase, seconds in launch.phases:
        yield f"  {seconds * 1000:>9.1f} ms  {phase}"
    if launch.output:
        yield "  the last lines that the steps printed:"
    for line in launch.output:
        yield f"    | {line}"
