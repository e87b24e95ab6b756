"""``kernelkit definitions``: what could be installed."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from kernelkit import catalogue, extending
from kernelkit.cli import columns
from kernelkit.cli.common_options import json_option, say
from kernelkit.cli.group import COMMANDS
from kernelkit.errors import DefinitionError


@click.command("definitions", short_help=COMMANDS["definitions"])
@click.option("--found", is_flag=True, help="List what this machine has and no kernel is made of yet.")
@click.option("--cvmfs", metavar="PATH", help="With --found: where CVMFS is mounted. [default: /cvmfs]")
@json_option
def command(found: bool, cvmfs: str | None, as_json: bool) -> None:
    """List the definitions that can be installed.

    The first found of a name wins: KERNELKIT_PATH, the user's, each prefix's, the machine's, then those that
    come with kernelkit. With --found it lists conda and virtual environments, modules with a Python, ROOT and basf2
    releases and LCG views instead, each with the command that installs it.
    """
    if found:
        _found(cvmfs, as_json)
        return
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


def _found(cvmfs: str | None, as_json: bool) -> None:
    from kernelkit import discovery

    rows = discovery.found(cvmfs, say=say)
    if as_json:
        listed = [{"kind": one.kind, "name": one.name, "argv": ["kernelkit", "install", *one.argv]} for one in rows]
        click.echo(json.dumps({"format": 1, "found": listed}, indent=2))
        return
    for one in rows:
        # A command is there to be copied: on a terminal it is not cut, and has a line of its own.
        apart = "\n  " if sys.stdout.isatty() else "\t"
        click.echo(apart.join([f"{one.kind}\t{columns.printable(one.name)}", one.command]))
