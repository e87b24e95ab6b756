"""``kernelkit test [NAME...]``: launch kernels and say whether each works."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kernelkit.cli.common_options import kernel_names
from kernelkit.cli.fleet_options import check as check_options
from kernelkit.cli.fleet_options import fleet, fleet_options, seconds
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.verify import Target, Verdict


@click.command("test", short_help=COMMANDS["test"])
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=kernel_names)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many kernels run side by side; with --on, how many nodes. [default: the number of cores; 32 nodes]",
)
@click.option(
    "--timeout",
    type=float,
    callback=seconds,
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
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page for a browser to FILE.")
@click.option("--strict", is_flag=True, help="Fail a kernel for what is only noted otherwise.")
@click.option("--fail-fast", is_flag=True, help="Start no further kernel after one has failed.")
@click.option("--allow-none", is_flag=True, help="Succeed where there is no kernel at all.")
@click.option("-v", "--verbose", is_flag=True, help="Show every check.")
@fleet_options
def command(  # noqa: PLR0917 - click passes each by name
    names: tuple[str, ...],
    jobs: int | None,
    timeout: float,
    json_path: str | None,
    junit: Path | None,
    html: Path | None,
    strict: bool,
    fail_fast: bool,
    allow_none: bool,
    verbose: bool,
    **elsewhere: str | float | None,
) -> int:
    """Launch kernels as Jupyter does and verify that they work.

    NAME is a kernel's name, a pattern such as 'atlas-*', or a kernelspec's folder, with a slash in it; all kernels
    where none is given. With --on and --nodes they are launched on nodes of a batch system. The exit code is 1 when a
    kernel fails, or a node does not answer.
    """
    from kernelkit import report
    from kernelkit.listing import chosen
    from kernelkit.verify import Target

    to_stdout = json_path == "-"
    json_file = Path(json_path) if json_path and not to_stdout else None
    check_options(elsewhere)
    report.check_writable(*filter(None, (junit, json_file, html)))
    targets = [Target(spec.name, spec.path) for spec in chosen(names, allow_none=allow_none)]
    started = time.monotonic()
    verify = _on_nodes if elsewhere["on"] else _here
    verdicts = verify(targets, jobs, {"timeout": timeout, "strict": strict, "fail_fast": fail_fast}, elsewhere)
    spent = time.monotonic() - started
    # What was found is shown first: a disk can be full by now.
    click.echo(report.as_json(verdicts) if to_stdout else _text(verdicts, verbose, spent))
    if junit:
        report.write(junit, report.junit(verdicts))
    if json_file:
        report.write(json_file, report.as_json(verdicts) + "\n")
    if html:
        report.write(html, report.html(verdicts, seconds=spent))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _here(targets: Sequence[Target], jobs: int | None, conditions: dict[str, Any], _: object) -> list[Verdict]:
    from kernelkit.cli.progress import Progress
    from kernelkit.verify import verify

    with Progress() as progress:
        return verify(targets, jobs=jobs or len(os.sched_getaffinity(0)), on_event=progress, **conditions)


def _on_nodes(
    targets: Sequence[Target], jobs: int | None, conditions: dict[str, Any], elsewhere: Mapping[str, Any]
) -> list[Verdict]:
    from kernelkit.cli.progress import Progress
    from kernelkit.fleet import verify_on_nodes
    from kernelkit.fleet.plan import Conditions

    planned = fleet(elsewhere, targets, Conditions(**conditions), jobs)
    with Progress() as progress:
        return verify_on_nodes(planned, on_event=progress)


def _text(verdicts: Sequence[Verdict], verbose: bool, seconds: float) -> str:
    from kernelkit import report

    terminal = sys.stdout.isatty()
    # In a pipe each finding is a line of its own, however long: it is searched, and a CI service wraps it itself.
    width = shutil.get_terminal_size().columns if terminal else None
    color = terminal and "NO_COLOR" not in os.environ
    if width and any(verdict.node for verdict in verdicts) and not verbose:
        plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
        return report.fleet_table(verdicts, color=color, width=width, seconds=seconds, plain=plain)
    return report.text(verdicts, verbose=verbose, color=color, width=width, seconds=seconds)
