"""``kernelkit adopt NAME|DIR``: a hand-written kernelspec as a definition."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kernelkit.cli.common_options import kernel_names, say
from kernelkit.cli.group import COMMANDS

if TYPE_CHECKING:
    from kernelkit.adopt import Adopted


@click.command("adopt", short_help=COMMANDS["adopt"])
@click.argument("kernel", metavar="NAME|DIR", shell_complete=kernel_names)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the definition to FILE, which must not exist, instead of standard output.")  # fmt: skip
def command(kernel: str, output: Path | None) -> int:
    """Turn a hand-written kernelspec, its kernel.json and its wrapper, into a definition.

    The definition goes to standard output; what it could not keep, by file and line, and how its environment
    compares with the original's to standard error. Both are run for that; where the software is not there they are
    not compared. The original is never touched. Exits with 1 where the environments differ.
    """
    from kernelkit.adopt import adopt
    from kernelkit.errors import RefusedError

    if output and output.exists():
        raise RefusedError(f"{output} exists already", "Remove it, or name another file.")
    folder = _folder(kernel)
    name = output.name.removesuffix(".toml") if output else folder.name
    adopted = adopt(folder, re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "adopted")
    if output:
        output.write_text(adopted.text, encoding="utf-8")
        say(f"wrote {output}; `kernelkit install --from {output}` installs it")
    else:
        click.echo(adopted.text, nl=False)
    return _told(adopted)


def _folder(kernel: str) -> Path:
    """The kernelspec's folder. Raises UsageError for an unknown name, RefusedError for a kernel of kernelkit's own."""
    from kernelkit.errors import RefusedError
    from kernelkit.kernelspecs import read
    from kernelkit.listing import found
    from kernelkit.seal import record

    folder = Path(kernel) if "/" in kernel or Path(kernel, "kernel.json").is_file() else found(kernel).path
    made = record(read(folder.name, folder).document)
    if made:
        raise RefusedError(f"{folder} was made by kernelkit, from the definition {made['definition'].get('name')}")
    return folder


def _told(adopted: Adopted) -> int:
    for line in adopted.remarks:
        say(line)
    for line in adopted.lost:
        say(f"not kept: {line}")
    if adopted.comparison is None:
        return 0
    for line in adopted.comparison.differences:
        say(f"differs: {line}")
    differ = len(adopted.comparison.differences)
    say(f"compared: {adopted.comparison.same} variables are the same" + (f", {differ} are not" if differ else ""))
    return 1 if differ else 0
