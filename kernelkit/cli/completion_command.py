"""``kernelkit completion SHELL``: the script that a shell evaluates."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from kernelkit.cli.group import COMMANDS, group


@click.command("completion", short_help=COMMANDS["completion"])
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the shell completion script for SHELL.

    For bash: eval "$(kernelkit completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(group, {}, "kernelkit", "_KERNELKIT_COMPLETE").source())
