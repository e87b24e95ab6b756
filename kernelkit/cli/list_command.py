"""``kernelkit list``: what Jupyter would find here."""

from __future__ import annotations

from pathlib import Path

import click

from kernelkit.cli.common_options import json_option
from kernelkit.cli.group import COMMANDS


@click.command("list", short_help=COMMANDS["list"])
@click.option("--server", type=click.Path(path_type=Path), metavar="PYTHON",
              help="As the Jupyter of this Python sees it, instead of kernelkit's own.")  # fmt: skip
@json_option
def command(server: Path | None, as_json: bool) -> None:
    """List every kernel that Jupyter would find here, in its order.

    The state is ok, edited (files changed since kernelkit wrote them), outdated (its definition has
    changed), broken (with the reason) or shadowed (an earlier folder has one of that name).
    """
    from kernelkit import listing

    rows = listing.rows(server)
    if as_json:
        import json

        click.echo(json.dumps({"format": 1, "kernelspecs": rows}, indent=2))
        return
    from kernelkit.cli import columns

    fields = [[row["name"], row["display_name"], row["definition"], _state(row), row["path"]] for row in rows]
    if fields:
        click.echo(columns.show(fields, ("NAME", "DISPLAY NAME", "DEFINITION", "STATE", "PATH")))


def _state(row: dict[str, str]) -> str:
    return f"{row['state']}: {row['why']}" if row["why"] else row["state"]
