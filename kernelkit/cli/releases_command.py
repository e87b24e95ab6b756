"""``kernelkit releases NAME [OPTION]``: what this machine offers."""

from __future__ import annotations

import json
from typing import Any

import click

from kernelkit import reading
from kernelkit.cli import columns
from kernelkit.cli.common_options import json_option
from kernelkit.cli.group import COMMANDS
from kernelkit.definition import Definition
from kernelkit.errors import SoftwareError, UsageError
from kernelkit.releases import Area, Offer
from kernelkit.resolve import offered
from kernelkit.selection import ordered, select_default


@click.command("releases", short_help=COMMANDS["releases"])
@click.argument("name")
@click.argument("option", required=False)
@click.option("--cvmfs", metavar="PATH", help="Where CVMFS is mounted. [default: /cvmfs]")
@json_option
def command(name: str, option: str | None, cvmfs: str | None, as_json: bool) -> None:
    """List the releases of definition NAME on this machine, best first.

    The mark says how each fits: `native` for this system, `older` runs but was built for an older one,
    `newer` and `foreign` do not run here. `default` is what an install takes when nothing is asked for.
    """
    rows = _rows(reading.load(name), option, cvmfs)
    if as_json:
        click.echo(json.dumps({"format": 1, "releases": rows}, indent=2))
        return
    fields = [[r["name"], r["fit"], " ".join([*(["default"] if r["default"] else []), *r["aliases"]])] for r in rows]
    click.echo(columns.show(fields, ("RELEASE", "FITS", "MARKS")))


def _rows(definition: Definition, option: str | None, cvmfs: str | None) -> list[dict[str, Any]]:
    name = option or next((one.name for one in definition.options.values() if one.releases), None)
    if name is None:
        raise UsageError(
            f"{definition.name} has no option with releases",
            f"`kernelkit install {definition.name} --help` shows its options.",
        )
    found, where = offered(definition, name, cvmfs)
    default = _default(definition, name, found, where)
    return [
        {"name": release.name, "fit": where.host.fit(release.machine, release.system), "aliases": list(release.aliases),
         "default": release.name == default}
        for release in ordered(found.releases, where.host) if not release.hidden
    ]  # fmt: skip


def _default(definition: Definition, option: str, found: Offer, where: Area) -> str | None:
    """The name an install would take when nothing is asked for."""
    asked = definition.options[option].default
    try:
        return select_default(found, asked, where.host, force=False, listing="").release.name if asked else None
    except SoftwareError:
        return None
