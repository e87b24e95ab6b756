"""``kernelkit test [NAME...]``: launch kernels and say whether each works."""

from __future__ import annotations

import os
from pathlib import Path

import click

from kernelkit.cli.common_options import kernel_names, say
from kernelkit.cli.group import COMMANDS


@click.command("test", short_help=COMMANDS["test"])
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=kernel_names)
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, metavar="N",
              help="How many kernels run side by side. [default: the number of cores]")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0, metavar="SECONDS", show_default=True,
              help="From the start of a kernel to its first reply.")
@click.option("--json", "json_path", metavar="FILE", help="Write the verdicts as JSON to FILE, '-' for standard output.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML for a CI service to FILE.")
@click.option("--fail-fast", is_flag=True, help="Start no further kernel after one has failed.")
@click.option("--allow-none", is_flag=True, help="Succeed where there is no kernel at all.")
@click.option("-v", "--verbose", is_flag=True, help="Show every check.")  # fmt: skip
def command(
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
    from kernelkit.listing import targets
    from kernelkit.verify import verify

    for path in (junit, Path(json_path) if json_path and json_path != "-" else None):
        if path:
            report.check_writable(path)
    chosen = targets(names, allow_none=allow_none)
    verdicts = verify(chosen, jobs=jobs, timeout=timeout, fail_fast=fail_fast, on_event=_progress)
    if junit:
        junit.write_text(report.junit(verdicts), encoding="utf-8")
    if json_path == "-":
        click.echo(report.as_json(verdicts))
    else:
        if json_path:
            Path(json_path).write_text(report.as_json(verdicts) + "\n", encoding="utf-8")
        click.echo(report.text(verdicts, verbose=verbose))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _progress(event: object) -> None:
    if os.isatty(2):
        say(str(event))
