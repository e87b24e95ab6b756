"""``kernelkit definitions``: what could be installed."""

from __future__ import annotations

import json
from typing import Any

import click

from kernelkit import catalogue, extending
from kernelkit.cli import columns
from kernelkit.cli.common_options import json_option, say
from kernelkit.cli.group import COMMANDS
from kernelkit.errors import DefinitionError


@click.command("definitions", short_help=COMMANDS["definitions"])
@json_option
def command(as_json: bool) -> None:
    """List the definitions that can be installed.

    The first found of a name wins: KERNELKIT_PATH, the user's, each prefix's, the machine's, then those that
    come with kernelkit.
    """
    rows: list[dict[str, Any]] = []
    for name, path in catalogue.definition_files().items():
        try:
            table, _ = extending.merged(path)
        except DefinitionError as error:
            say(f"kernelkit: {error.faults[0]}")
            continue
        options = table.get("options", {})
        flags = ["--" + option.replace("_", "-") for option in options] if isinstance(options, dict) else []
        rows.append({"name": name, "options": flags, "summary": str(table.get("summary", "")), "path": str(path)})
    if as_json:
        click.echo(json.dumps({"format": 1, "definitions": rows}, indent=2))
    else:
        click.echo(
            columns.show(
                [[r["name"], " ".join(r["options"]), r["summary"]] for r in rows],
                ("NAME", "OPTIONS", "SUMMARY"),
            )
        )
