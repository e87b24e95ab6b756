"""The script that a batch system gets: pure, so that it can be shown without handing anything in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader

from kernelkit import catalogue
from kernelkit.provisioners.place import Place, Request
from kernelkit.provisioners.settings import Settings
from kernelkit.shell import ShellEnvironment

FILLED = {
    "{connection_file}": '"$kernelkit_private"/connection.json',  # the one on the node
    "{resource_dir}": '"$kernelkit_spec"',
}
PARTS = re.compile("(" + "|".join(map(re.escape, FILLED)) + ")")


def script(place: Place, request: Request) -> str:
    """The text of the job. No key, token or variable of the server is in it."""
    environment = ShellEnvironment(FileSystemLoader(catalogue.shipped("templates")))
    return environment.get_template("batch.sh.j2").render(
        directives=place.directives(request), title=request.title, mailbox=request.mailbox, grace=request.grace,
        network=request.network, ports=request.ports, prepare=place.prepare.strip("\n"), launcher=place.launcher,
        channel=place.channel.strip("\n"), resource_dir=request.resource_dir, overlay=request.overlay,
        command=command(request.argv),
    )  # fmt: skip


def request(
    settings: Settings, resources: Mapping[str, str], kernel: Mapping[str, Any], folder: str, mailbox: Path
) -> Request:
    """What a job is made from: ``kernel`` is what a kernel.json says, which lies in ``folder``."""
    return Request(
        "kernelkit", str(kernel.get("display_name", "")), kernel.get("argv", []), folder, str(mailbox), settings.grace,
        resources, settings.options, settings.network, settings.ports, overlay_of(kernel.get("metadata", {})),
    )  # fmt: skip


def command(argv: Sequence[str]) -> str:
    """A kernelspec's argv as shell words; what depends on the node is a variable there."""
    return " ".join("".join(map(_word, PARTS.split(argument))) or "''" for argument in argv)


def _word(part: str) -> str:
    return FILLED.get(part) or (shlex.quote(part) if part else "")


def overlay_of(metadata: Mapping[str, Any]) -> str:
    """The folder of packages that a kernelspec's metadata names; empty where its Python has all by itself."""
    ours = metadata.get("kernelkit")
    ipykernel = ours.get("ipykernel") if isinstance(ours, dict) else None
    return str(ipykernel.get("overlay") or "") if isinstance(ipykernel, dict) else ""
