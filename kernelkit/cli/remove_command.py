"""``kernelkit remove NAME...``."""

from __future__ import annotations

import click

from kernelkit.cli.common_options import kernel_names
from kernelkit.cli.group import COMMANDS


@click.command("remove", short_help=COMMANDS["remove"])
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=kernel_names)
@click.option("--force", is_flag=True, help="Remove one that was edited or that kernelkit did not make, too.")
def command(names: tuple[str, ...], force: bool) -> None:
    """Remove kernels that kernelkit made: the ones that Jupyter finds under these names."""
    from kernelkit.install import remove
    from kernelkit.listing import found
    from kernelkit.snapshots import forget

    for spec in [found(name) for name in names]:
        remove(spec, force=force)
        forget(spec.name)
        click.echo(f"removed {spec.name}: {spec.path}")
