"""``kernelkit test [NAME...]``: launch kernels and say whether each works."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kernelkit.cli.common_options import kernel_names, say
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.verify import Verdict


@click.command("test", short_help=COMMANDS["test"])
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=kernel_names)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    metavar="N",
    help="How many kernels run side by side. [default: the number of cores]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    metavar="SECONDS",
    show_default=True,
    help="From the start of a kernel to its first reply.",
)
@click.option(
    "--json", "json_path", metavar="FILE", help="Write the verdicts as JSON to FILE, '-' for standard output."
)
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML for a CI service to FILE."
)
@click.option("--fail-fast", is_flag=True, help="Start no further kernel after one has failed.")
@click.option("--allow-none", is_flag=True, help="Succeed where there is no kernel at all.")
@click.option("-v", "--verbose", is_flag=True, help="Show every check.")  # fmt: skip
def command(  # noqa: PLR0917 - click passes each by name
    names: tuple[str, ...],
    jobs: int,
    timeout: float,
    json_path: str | None,
    junit: Path | None,
    fail_fast: bool,
    allow_none: bool,
    verbose: bool,
) -> int:
    """Launch kernels as Jupyter does and verify that they work.

    NAME is a kernel's name or a pattern such as 'atlas-*'; all kernels where none is given. The exit code is
    1 when a kernel fails.
    """
    from kernelkit import report
    from kernelkit.listing import chosen
    from kernelkit.verify import Target, verify

    for path in (junit, Path(json_path) if json_path and json_path != "-" else None):
        if path:
            report.check_writable(path)
    targets = [Target(spec.name, spec.path) for spec in chosen(names, allow_none=allow_none)]
    started = time.monotonic()
    verdicts = verify(targets, jobs=jobs, timeout=timeout, fail_fast=fail_fast, on_event=_progress)
    if junit:
        junit.write_text(report.junit(verdicts), encoding="utf-8")
    if json_path and json_path != "-":
        Path(json_path).write_text(report.as_json(verdicts) + "\n", encoding="utf-8")
    click.echo(report.as_json(verdicts) if json_path == "-" else _text(verdicts, verbose, time.monotonic() - started))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _text(verdicts: Sequence[Verdict], verbose: bool, seconds: float) -> str:
    from kernelkit import report

    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size((100, 24)).columns
    return report.text(verdicts, verbose=verbose, color=color, width=width, seconds=seconds)


def _progress(event: object) -> None:
    if os.isatty(2):
        say(str(event))
