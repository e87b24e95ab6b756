"""``kernelkit demo``: the whole thing on a sandbox."""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path

import click

from kernelkit.cli.common_options import say
from kernelkit.cli.group import COMMANDS


@click.command("demo", short_help=COMMANDS["demo"])
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Leave the sandbox in DIR/cvmfs and the kernels in DIR/jupyter.")  # fmt: skip
def command(into: Path | None) -> int:
    """Try it all without CVMFS: make a sandbox, install an ATLAS and a Belle II kernel from it, launch both.

    The sandbox is a small tree whose scripts behave as the experiments' do; it holds none of their software.
    """
    if into:
        return _run(into.absolute(), keep=True)
    with tempfile.TemporaryDirectory(prefix="kernelkit-demo-") as folder:
        # The launch logs and the snapshots go with the rest.
        os.environ |= {"XDG_STATE_HOME": f"{folder}/state", "XDG_CACHE_HOME": f"{folder}/cache"}
        return _run(Path(folder), keep=False)


def _run(folder: Path, *, keep: bool) -> int:
    from kernelkit import demo, report

    verdicts = demo.run(folder, say=say)
    click.echo(report.text(verdicts))
    if keep:
        click.echo(
            f"\nTo go on with it:\n  export JUPYTER_PATH={shlex.quote(f'{folder}/jupyter')}"
            f" KERNELKIT_CVMFS={shlex.quote(f'{folder}/cvmfs')}\n"
            "  kernelkit list\n  kernelkit releases atlas root\n  jupyter lab"
        )
    else:
        click.echo("\nNothing was left behind; `kernelkit demo --into DIR` keeps the sandbox and the kernels.")
    return 0 if all(verdict.passed for verdict in verdicts) else 1
