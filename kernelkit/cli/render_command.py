"""``kernelkit render NAME -o DIR``: the files only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kernelkit.cli.common_options import choice_options, definition_argument, say, scope_options
from kernelkit.cli.definition_options import DefinitionCommand, asked_of, definition_of
from kernelkit.cli.group import COMMANDS


@click.command("render", cls=DefinitionCommand, short_help=COMMANDS["render"])
@definition_argument
@choice_options
@scope_options
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR",
              help="The folder to write the kernel's own folder in.")  # fmt: skip
def command(output: Path, **values: Any) -> None:
    """Write a kernel's files to DIR/<kernel's name>, for packaging or publishing.

    What the kernel needs beside them (an overlay with ipykernel, an environment) stays with the scope.
    """
    from kernelkit import making
    from kernelkit.install import write_folder
    from kernelkit.scopes import scope_for

    definition = definition_of(click.get_current_context())
    scope = scope_for(**{key: values[key] for key in ("user", "system", "sys_prefix", "prefix", "data_dir")})
    kernel = making.make(definition, asked_of(definition, values), scope, build=True, say=say)
    click.echo(write_folder(kernel, output))
