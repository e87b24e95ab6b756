"""The table of commands; a command's module is imported only when it is used."""

from __future__ import annotations

import importlib
from typing import Any

import click

from kernelkit import __version__

COMMANDS = {
    "install": "Install a kernel from a definition.",
    "list": "List every kernel that Jupyter would find here.",
    "show": "Show one kernel in full.",
    "test": "Launch kernels and verify that they work.",
    "warm": "Record what a kernel's steps make, so that it starts fast.",
    "doctor": "Find what is wrong with this machine, its Jupyter and its wrappers.",
    "log": "Show what the last launches of a kernel did.",
    "apply": "Make a scope hold the kernels that a site file lists.",
    "upgrade": "Make kernels again from today's definitions and releases.",
    "remove": "Remove kernels that kernelkit made.",
    "render": "Write a kernel's files to a folder, without installing.",
    "releases": "List the releases that this machine offers.",
    "definitions": "List the definitions that can be installed.",
    "new": "Write a definition to begin with.",
    "adopt": "Turn a hand-written kernelspec into a definition.",
    "demo": "Try it all on a sandbox: no CVMFS needed.",
    "completion": "Print the shell completion script.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and summary, and imports one when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"kernelkit.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Click's own, with the nearest names where there is no such command."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from kernelkit.catalogue import did_you_mean

            ctx.fail(f"No such command {name!r}{did_you_mean(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The summaries from the table, so that help imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:  # noqa: ARG002
        """The commands' names, from the table."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="kernelkit")
def group() -> None:
    """Jupyter kernels for experiment software: rendered, installed whole, and proven to launch."""
