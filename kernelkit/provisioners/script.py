"""The script that a batch system gets: pure, so that it can be shown without handing anything in."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from jinja2 import FileSystemLoader

from kernelkit import catalogue
from kernelkit.provisioners.place import Place, Request
from kernelkit.shell import ShellEnvironment

CONNECTION = '"$kernelkit_private"/connection.json'


def script(place: Place, request: Request) -> str:
    """The text of the job. No key, token or variable of the server is in it."""
    environment = ShellEnvironment(FileSystemLoader(catalogue.shipped("templates")))
    return environment.get_template("batch.sh.j2").render(
        directives=place.directives(request), title=request.title, mailbox=request.mailbox, grace=request.grace,
        network=request.network, prepare=place.prepare.strip("\n"), launcher=list(place.launcher),
        command=command(request.argv, request.resource_dir),
    )  # fmt: skip


def command(argv: Sequence[str], resource_dir: str) -> str:
    """A kernelspec's argv as shell words, the connection file being the one on the node."""
    filled = [argument.replace("{resource_dir}", resource_dir) for argument in argv]
    return " ".join(CONNECTION.join(map(_quoted, argument.split("{connection_file}"))) or "''" for argument in filled)


def _quoted(text: str) -> str:
    return shlex.quote(text) if text else ""
