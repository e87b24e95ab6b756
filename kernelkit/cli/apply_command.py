"""``kernelkit apply FILE``: make a scope hold the kernels that a site file lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kernelkit.cli.common_options import json_option, prover, say, scope_options, verify_option
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.applying import Step

DONE = {"create": "installed", "change": "changed", "remove": "removed"}


@click.command("apply", short_help=COMMANDS["apply"])
@click.argument("file", type=click.Path(path_type=Path))
@scope_options
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where something would change.")
@click.option("--prune", is_flag=True, help="Remove kernels that kernelkit made and FILE does not list.")
@click.option("--replace", is_flag=True, help="Replace kernels that were edited or that somebody else made.")
@verify_option
@json_option
def command(  # noqa: PLR0917 - click passes each by name
    file: Path, check: bool, prune: bool, replace: bool, verify: bool, as_json: bool, **scopes: Any
) -> int:
    """Make a scope hold the kernels that the site file FILE lists, and say what was done.

    All is planned first. One kernel that fails does not keep the others from being installed, and what was
    interrupted is completed by the next run. A second run changes nothing.
    """
    from kernelkit import applying, making, site
    from kernelkit.scopes import scope_for

    wanted, scope = site.read(file), scope_for(**scopes)
    for one in wanted if scope.shared else ():
        making.refuse_what_others_may_write(one.definition, one.asked.cvmfs)
    planned = applying.steps(wanted, scope, replace=replace, prune=prune, say=say)
    ended: list[Step] = []
    for step in planned if check else applying.do(planned, scope, prove=prover(verify), say=say):
        ended.append(step)
        _show(step, check, quiet=as_json)
    if as_json:
        rows = [{"name": step.name, "action": step.action, "why": _why(step)} for step in ended]
        click.echo(json.dumps({"format": 1, "kernels": rows}, indent=2))
    changes = check and any(step.action not in ("keep", "failed") for step in ended)
    return max([int(changes), *(step.error.exit_code for step in ended if step.error)])


def _show(step: Step, check: bool, *, quiet: bool) -> None:
    if step.error:
        say(f"kernelkit: {step.name}: {step.error}")
    elif not quiet:
        done = "unchanged" if step.action == "keep" else f"would {step.action}" if check else DONE[step.action]
        click.echo(f"{done} {step.name}" + (f": {step.why}" if step.why else ""))


def _why(step: Step) -> str:
    return step.error.problem if step.error else step.why
