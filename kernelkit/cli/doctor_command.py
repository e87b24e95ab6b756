"""``kernelkit doctor``: what is wrong with this machine, this Jupyter and its wrappers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kernelkit.cli.common_options import json_option, say
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.doctor import Finding


@click.command("doctor", short_help=COMMANDS["doctor"])
@click.option("--server", type=click.Path(path_type=Path), metavar="PYTHON",
              help="Examine the Jupyter of this Python instead of kernelkit's own.")  # fmt: skip
@click.option("--lint", is_flag=True, help="Judge the scripts PATH, and nothing else.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True, max=3600), default=8.0, show_default=True,
              metavar="SECONDS", help="How long a path may take to answer.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@json_option
def command(  # noqa: PLR0917 - click passes each by name
    server: Path | None, lint: bool, paths: tuple[Path, ...], timeout: float, strict: bool, as_json: bool
) -> int:
    """Examine this machine, its Jupyter and every kernel's wrapper; nothing is launched or changed.

    A software area that hangs does not hang doctor. With --lint, PATH are scripts, or folders in which they are looked
    for (*.sh, *.bash, and files that begin with a shell's #! line); they are read and never run. The exit code is 1 for
    a fault.
    """
    from kernelkit import doctor

    if lint != bool(paths) or (lint and server):
        raise click.UsageError("--lint takes scripts or folders: kernelkit doctor --lint PATH...")
    if lint:
        findings = doctor.worst_first(list(doctor.judge_files(list(paths), timeout)))
    else:
        findings = doctor.examine(server, timeout, say=lambda _: None)
    if as_json:
        import json

        click.echo(json.dumps({"format": 1, "findings": [finding.row() for finding in findings]}, indent=2))
    else:
        _show(findings)
    counted = {"fault", "warning"} if strict else {"fault"}
    return int(any(finding.severity in counted for finding in findings))


def _show(findings: list[Finding]) -> None:
    from collections import Counter

    from kernelkit.cli.columns import printable

    for finding in findings:
        place = f"{finding.place}: " if finding.line else ""
        click.echo(printable(f"{place}{finding.severity}: {finding.what} [{finding.id}]"))
        if finding.todo != "nothing":
            click.echo(printable(f"    {finding.todo}"))
    numbers = Counter(finding.severity for finding in findings)
    counts = ", ".join(f"{numbers[word]} {word}{'s' * (numbers[word] != 1)}" for word in ("fault", "warning", "note"))
    say(counts)
