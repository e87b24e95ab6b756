"""``kernelkit new NAME``: a definition to begin with."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from kernelkit.cli.group import COMMANDS


@click.command("new", short_help=COMMANDS["new"])
@click.argument("name", metavar="NAME")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Write to FILE, a new NAME.toml, or into a folder, not to the user's definitions.")  # fmt: skip
def command(name: str, output: Path | None) -> None:
    """Write a commented definition NAME that installs as it is.

    It asks nothing: a virtual environment, conda environment or modules that are active in this shell become its
    first step, and else this shell's python3 its interpreter.
    """
    from kernelkit import drafting

    file = drafting.write(name, output, os.environ)
    click.echo(file)
    words = ["--from", str(file)] if output else [name]
    click.echo(f"`{shlex.join(['kernelkit', 'install', *words])}` installs it.", err=True)
