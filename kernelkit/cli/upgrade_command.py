"""``kernelkit upgrade [NAME...]``: render again from today's definition and releases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from kernelkit.cli.common_options import json_option, kernel_names, prover, say, verify_option
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.errors import KernelkitError
    from kernelkit.kernelspecs import Kernelspec
    from kernelkit.upgrading import Upgrade


@click.command("upgrade", short_help=COMMANDS["upgrade"])
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=kernel_names)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--check", is_flag=True, help="The same, and exit with 1 where something would change.")
@verify_option
@json_option
def command(names: tuple[str, ...], dry_run: bool, check: bool, verify: bool, as_json: bool) -> int:
    """Make kernels again from today's definitions and releases: all that kernelkit made where no NAME is given.

    What was asked for stays: 6.08 takes the newest 6.08 of today. Each change is shown before it is made. With
    --verify the new kernel is launched before it replaces the old one, which stays where the new one does not work.
    """
    from kernelkit.listing import chosen
    from kernelkit.seal import record

    dry = dry_run or check
    rows: list[dict[str, Any]] = []
    codes = [0]
    specs = [spec for spec in chosen(names, allow_none=True) if names or record(spec.document)]
    for spec, change in _upgrades(specs, build=not dry):
        row, code = _one(spec, change, dry=dry, verify=verify, quiet=as_json)
        rows.append(row)
        codes.append(code or int(check and row["action"] == "change"))
    if as_json:
        click.echo(json.dumps({"format": 1, "kernels": rows}, indent=2))
    return max(codes)


def _upgrades(specs: Sequence[Kernelspec], *, build: bool) -> Iterator[tuple[Kernelspec, Upgrade | KernelkitError]]:
    """What each would be today, made side by side, in their order."""
    from kernelkit.errors import KernelkitError
    from kernelkit.processes import side_by_side
    from kernelkit.upgrading import upgrade

    def one(spec: Kernelspec) -> tuple[Kernelspec, Upgrade | KernelkitError]:
        try:
            return spec, upgrade(spec, build=build, say=say)
        except KernelkitError as error:
            return spec, error  # one that cannot be made again does not keep the others from it

    return side_by_side(one, specs)


def _one(
    spec: Kernelspec, change: Upgrade | KernelkitError, *, dry: bool, verify: bool, quiet: bool
) -> tuple[dict[str, Any], int]:
    """Show and make one change; what became of it, and an exit code."""
    from kernelkit.errors import KernelkitError

    if isinstance(change, KernelkitError):
        return _failed(spec, change)
    action = "keep" if change.plan.action == "unchanged" else "change"
    row = {"name": spec.name, "action": action, "why": change.why, "diff": change.plan.diff}
    if not quiet:
        click.echo(change.plan.diff, nl=False)
    try:
        if not dry:
            change.apply(prover(verify))
    except KernelkitError as error:
        return _failed(spec, error)
    if not quiet:
        done = "unchanged" if action == "keep" else "would upgrade" if dry else "upgraded"
        click.echo(f"{done} {spec.name}" + (f": {change.why}" if change.why else ""))
    return row, 0


def _failed(spec: Kernelspec, error: KernelkitError) -> tuple[dict[str, Any], int]:
    say(f"kernelkit: {spec.name}: {error}")
    return {"name": spec.name, "action": "failed", "why": error.problem, "diff": ""}, error.exit_code
