"""``kernelkit upgrade [NAME...]``: render again from today's definition and releases."""

from __future__ import annotations

import click

from kernelkit.cli.common_options import kernel_names, say
from kernelkit.cli.group import COMMANDS


@click.command("upgrade", short_help=COMMANDS["upgrade"])
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=kernel_names)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def command(names: tuple[str, ...], dry_run: bool) -> int:
    """Make kernels again from today's definitions and releases: all that kernelkit made where no NAME is given.

    What was asked for stays: 6.08 takes the newest 6.08 of today. Each change is shown before it is made.
    """
    from kernelkit.errors import KernelkitError
    from kernelkit.listing import chosen
    from kernelkit.seal import record
    from kernelkit.upgrading import upgrade

    codes = [0]
    for spec in [spec for spec in chosen(names, allow_none=True) if names or record(spec.document)]:
        try:
            change = upgrade(spec, say=say)
            click.echo(change.plan.diff, nl=False)
            if not dry_run:
                change.apply()
            click.echo(f"{_done(change.plan.action, dry_run)} {spec.name}")
        except KernelkitError as error:
            # One that cannot be made again does not keep the others from it.
            say(f"kernelkit: {spec.name}: {error}")
            codes.append(error.exit_code)
    return max(codes)


def _done(action: str, dry_run: bool) -> str:
    if action == "unchanged":
        return "unchanged"
    return "would upgrade" if dry_run else "upgraded"
