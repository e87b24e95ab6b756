"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from kernelkit import catalogue

if TYPE_CHECKING:
    from kernelkit.kernel import Kernel

F = TypeVar("F", bound=Callable[..., Any])


def say(text: str) -> None:
    """Talk goes to standard error, results to standard output."""
    click.echo(text, err=True)


def _pair(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE")
        if "\0" in value:
            raise click.BadParameter("a NUL character cannot be in a variable")
    return values


def _definition_names(_: click.Context, __: click.Parameter, word: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in catalogue.definition_files() if name.startswith(word)]


def kernel_names(_: click.Context, __: click.Parameter, word: str) -> list[CompletionItem]:
    """The kernels found here, for completion."""
    from kernelkit.kernelspecs import find_all

    return [CompletionItem(spec.name) for spec in find_all() if spec.name.startswith(word)]


def definition_argument(function: F) -> F:
    """NAME, or --from FILE for a definition that is on no search path."""
    function = click.option("--from", "from_file", type=click.Path(path_type=Path), metavar="FILE",
                            help="Take this definition file instead of NAME.")(function)  # fmt: skip
    return click.argument("definition", metavar="NAME", required=False, shell_complete=_definition_names)(function)


def choice_options(function: F) -> F:
    """What every definition understands."""
    for option in (
        click.option("--cvmfs", metavar="PATH", help="Where CVMFS is mounted. [default: /cvmfs]"),
        click.option("--python", metavar="PATH", help="The interpreter to use instead of the software's own."),
        click.option("--env", metavar="NAME=VALUE", multiple=True, callback=_pair,
                     help="A variable for the steps and the kernel; may be repeated."),
        click.option("--with", "packages", metavar="PACKAGE", multiple=True,
                     help="A package on top of the environment, in pip's words; may be repeated."),
        click.option("--container", metavar="IMAGE", help="Run the kernel and its steps in this container image."),
        click.option("--name", metavar="NAME", help="The kernel's name instead of the one the options give."),
        click.option("--on", metavar="PLACE", help="Run it on a node of a batch system: slurm or htcondor."),
        click.option("--partition", metavar="NAME", help="With --on slurm: the partition to ask for."),
        click.option("--account", metavar="NAME", help="With --on: the account that pays."),
        click.option("--cpus", metavar="COUNT", help="With --on: the cores to ask for."),
        click.option("--memory", metavar="SIZE", help="With --on: the memory to ask for, such as 8G."),
        click.option("--time", metavar="TIME", help="With --on: the longest it may run, such as 2:00:00."),
        click.option("--gpus", metavar="COUNT", help="With --on: the GPUs to ask for."),
        click.option("--force-platform", is_flag=True, help="Take a release that was built for another platform."),
    ):  # fmt: skip
        function = option(function)
    return function


def scope_options(function: F) -> F:
    """Where kernels go; the user's own folder where none is given."""
    for option in (
        click.option("--user", is_flag=True, help="For this user. [default]"),
        click.option("--system", is_flag=True, help="For every user of this machine: /usr/local/share/jupyter."),
        click.option("--sys-prefix", is_flag=True, help="For the Python that runs kernelkit."),
        click.option("--prefix", type=click.Path(path_type=Path), metavar="DIR", help="Below DIR/share/jupyter."),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Below DIR, a folder on JUPYTER_PATH.",
        ),
    ):
        function = option(function)
    return function


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
verify_option = click.option("--verify", is_flag=True, help="Launch a kernel first, and install it only if it works.")


def prover(wanted: bool) -> Callable[[Kernel], None]:
    """What is done to a kernel before it is installed: nothing, or a launch with every check."""
    if not wanted:
        return lambda _: None
    from kernelkit.proving import prove

    return prove
