"""``kernelkit apply FILE``: make a scope hold the kernels that a site file lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kernelkit.cli.common_options import say, scope_options
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.applying import Step

DONE = {"create": "installed", "update": "updated", "remove": "removed", "unchanged": "unchanged", "failed": "failed"}


@click.command("apply", short_help=COMMANDS["apply"])
@click.argument("file", type=click.Path(path_type=Path))
@scope_options
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where something would change.")
@click.option("--prune", is_flag=True, help="Remove kernels that kernelkit made and FILE does not list.")
def command(file: Path, check: bool, prune: bool, **scopes: Any) -> int:
    """Make a scope hold the kernels that the site file FILE lists, and say what was done.

    All is planned first. One kernel that fails does not keep the others from being installed, and what was
    interrupted is completed by the next run. A second run changes nothing.
    """
    from kernelkit import applying, making, site
    from kernelkit.scopes import scope_for

    wanted, scope = site.read(file), scope_for(**scopes)
    for one in wanted if scope.shared else ():
        making.refuse_what_others_may_write(one.definition, one.asked.cvmfs)
    steps = applying.steps(wanted, scope, build=not check, prune=prune, say=say)
    done = steps if check else [applying.do(step, scope) for step in steps]
    for step in done:
        _show(step, check)
    changes = check and any(step.action != "unchanged" for step in done)
    return max([int(changes), *(step.error.exit_code for step in done if step.error)])


def _show(step: Step, check: bool) -> None:
    if step.error:
        say(f"kernelkit: {step.name}: {step.error}")
        return
    planned = step.action if step.action == "unchanged" else f"would {step.action}"
    click.echo(f"{planned if check else DONE[step.action]} {step.name}")
