"""``kernelkit test [NAME...]``: launch kernels and say whether each works."""

from __future__ import annotations

import math
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kernelkit.cli.common_options import kernel_names
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.verify import Verdict


def _seconds(_: click.Context, __: click.Parameter, value: float) -> float:
    # Not a number compares as neither, so that a range lets it pass.
    if not 0 < value < math.inf:
        raise click.BadParameter(f"{value:g} is no number of seconds above 0")
    return value


@click.command("test", short_help=COMMANDS["test"])
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=kernel_names)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=len(os.sched_getaffinity(0)),
    metavar="N",
    help="How many kernels run side by side. [default: the number of cores]",
)
@click.option(
    "--timeout",
    type=float,
    callback=_seconds,
    default=60.0,
    metavar="SECONDS",
    show_default=True,
    help="From the start of a kernel to its first reply, and anew for its restart.",
)
@click.option(
    "--json", "json_path", metavar="FILE", help="Write the verdicts as JSON to FILE, '-' for standard output."
)
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML for a CI service to FILE."
)
@click.option("--strict", is_flag=True, help="Fail a kernel for what is only noted otherwise.")
@click.option("--fail-fast", is_flag=True, help="Start no further kernel after one has failed.")
@click.option("--allow-none", is_flag=True, help="Succeed where there is no kernel at all.")
@click.option("-v", "--verbose", is_flag=True, help="Show every check.")  # fmt: skip
def command(  # noqa: PLR0917 - click passes each by name
    names: tuple[str, ...],
    jobs: int,
    timeout: float,
    json_path: str | None,
    junit: Path | None,
    strict: bool,
    fail_fast: bool,
    allow_none: bool,
    verbose: bool,
) -> int:
    """Launch kernels as Jupyter does and verify that they work.

    NAME is a kernel's name, a pattern such as 'atlas-*', or a kernelspec's folder, with a slash in it; all kernels
    where none is given. The exit code is 1 when a kernel fails.
    """
    from kernelkit import report
    from kernelkit.cli.progress import Progress
    from kernelkit.listing import chosen
    from kernelkit.verify import Target, verify

    to_stdout = json_path == "-"
    json_file = Path(json_path) if json_path and not to_stdout else None
    report.check_writable(*filter(None, (junit, json_file)))
    targets = [Target(spec.name, spec.path) for spec in chosen(names, allow_none=allow_none)]
    started = time.monotonic()
    with Progress() as progress:
        verdicts = verify(
            targets, jobs=jobs, timeout=timeout, strict=strict, fail_fast=fail_fast, on_event=progress
        )  # fmt: skip
    # What was found is shown first: a disk can be full by now.
    click.echo(report.as_json(verdicts) if to_stdout else _text(verdicts, verbose, time.monotonic() - started))
    if junit:
        report.write(junit, report.junit(verdicts))
    if json_file:
        report.write(json_file, report.as_json(verdicts) + "\n")
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _text(verdicts: Sequence[Verdict], verbose: bool, seconds: float) -> str:
    from kernelkit import report

    terminal = sys.stdout.isatty()
    # In a pipe each finding is a line of its own, however long: it is searched, and a CI service wraps it itself.
    width = shutil.get_terminal_size().columns if terminal else None
    color = terminal and "NO_COLOR" not in os.environ
    return report.text(verdicts, verbose=verbose, color=color, width=width, seconds=seconds)
