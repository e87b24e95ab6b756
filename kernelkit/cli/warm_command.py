"""``kernelkit warm NAME...``: pay for the set-up now, not at the next launch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kernelkit.cli.common_options import kernel_names
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.warming import Warmed


@click.command("warm", short_help=COMMANDS["warm"])
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=kernel_names)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True,
              metavar="SECONDS", help="From spawn to first reply.")  # fmt: skip
def command(names: tuple[str, ...], timeout: float) -> int:
    """Record what the steps of kernel NAME make until two recordings agree, and launch it once.

    Later launches replay the recording, and find the files that they read in the machine's cache. Whatever the steps
    read is looked at before each replay; a recording that is a day old is not used.
    """
    from kernelkit.listing import found
    from kernelkit.warming import warm

    results = []
    for spec in [found(name) for name in names]:
        results.append(warm(spec, timeout=timeout))
        click.echo(_line(results[-1]))
    return 0 if all(warmed.verdict.passed for warmed in results) else 1


def _line(warmed: Warmed) -> str:
    reply = warmed.verdict.first_reply
    launched = f"first reply after {reply:.2f} s" if reply is not None else warmed.verdict.cause
    if warmed.snapshot is None:
        return f"{warmed.name}: {warmed.reason}; {launched}"
    kept = f"recorded from {warmed.snapshot.inputs} inputs, instead of steps that take {warmed.snapshot.took:.2f} s"
    return f"{warmed.name}: {kept}; {launched}"
