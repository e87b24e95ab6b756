"""The script of a node's job: pure, so that it can be shown without handing anything in."""

from __future__ import annotations

import site
import sys
from pathlib import Path

from jinja2 import FileSystemLoader

import kernelkit
from kernelkit import catalogue
from kernelkit.fleet.plan import Fleet
from kernelkit.provisioners.place import Request
from kernelkit.shell import ShellEnvironment

MODULE = "kernelkit.fleet.on_node"


def script(fleet: Fleet, node: str, folder: str) -> str:
    """The text of the job that verifies the fleet's kernels on one node."""
    environment = ShellEnvironment(FileSystemLoader(catalogue.shipped("templates")))
    return environment.get_template("node.sh.j2").render(
        directives=fleet.system.directives(_request(fleet, node, folder)), title=f"kernels verified on {node}",
        mailbox=folder, carried=f"{Path(folder).name}/script",
        command=[sys.executable, *_isolation(), "-m", MODULE, folder],
    )  # fmt: skip


def _request(fleet: Fleet, node: str, folder: str) -> Request:
    return Request(
        "kernelkit-test", "", (), "", folder, fleet.settings.grace, fleet.resources,
        (*fleet.settings.options, *fleet.lister.pinned(node)), fleet.settings.network,
    )  # fmt: skip


def _isolation() -> list[str]:
    """No variable and no folder of a user's changes what runs, unless kernelkit itself is installed there."""
    own = Path(site.getusersitepackages()) in Path(kernelkit.__file__).parents
    return ["-E", "-P"] if own else ["-I"]
