"""``kernelkit install NAME``: resolve, render, install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kernelkit.cli.common_options import (
    choice_options,
    definition_argument,
    prover,
    say,
    scope_options,
    verify_option,
)
from kernelkit.cli.definition_options import DefinitionCommand, asked_of, definition_of
from kernelkit.cli.group import COMMANDS


@click.command("install", cls=DefinitionCommand, short_help=COMMANDS["install"])
@definition_argument
@choice_options
@scope_options
@click.option("--replace", is_flag=True, help="Replace a kernel that was edited or that somebody else made.")
@verify_option
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def command(**values: Any) -> None:
    """Install a kernel from definition NAME.

    Each option that is left out takes its default; `kernelkit install NAME --help` shows them with the
    releases that this machine offers.
    """
    from kernelkit import making
    from kernelkit.install import install
    from kernelkit.plan import plan
    from kernelkit.scopes import scope_for

    definition = definition_of(click.get_current_context())
    scope = scope_for(**{key: values[key] for key in ("user", "system", "sys_prefix", "prefix", "data_dir")})
    if scope.shared:
        making.refuse_what_others_may_write(definition, values["cvmfs"])
    kernel = making.make(definition, asked_of(definition, values), scope, build=not values["dry_run"], say=say)
    if values["dry_run"]:
        planned = plan(kernel, scope, replace=values["replace"])
        action = "leave unchanged" if planned.action == "unchanged" else planned.action
        click.echo(f"would {action}: {planned.target}")
        click.echo(planned.diff, nl=False)
        return
    installed = install(kernel, scope, replace=values["replace"], prove=prover(values["verify"]))
    _told(installed.action, kernel.name, installed.target, kernel.document["display_name"])


def _told(action: str, name: str, target: Path, display_name: str) -> None:
    done = {"create": "installed", "update": "updated", "replace": "replaced", "unchanged": "unchanged"}[action]
    click.echo(f"{done} {name}: {display_name}\n{target}")
