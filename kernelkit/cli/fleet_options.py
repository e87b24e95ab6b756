"""The options of ``kernelkit test`` for the nodes of a batch system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kernelkit.errors import UsageError

if TYPE_CHECKING:
    from kernelkit.fleet import Fleet
    from kernelkit.fleet.plan import Conditions
    from kernelkit.verify import Target

F = TypeVar("F", bound=Callable[..., Any])

RESOURCES = ("partition", "account", "cpus", "memory", "time")
WIDTH = 32  # nodes at a time
PATIENCE = 600.0  # seconds


def fleet_options(function: F) -> F:
    """Where kernels are verified, if not here."""
    for option in reversed((
        click.option("--on", metavar="PLACE", help="Test on nodes of a batch system: slurm or htcondor."),
        click.option("--nodes", metavar="NODES", help="With --on: all, or names such as kk1,kk[4-7]."),
        click.option("--partition", metavar="NAME", help="With --on slurm: the partition whose nodes are meant. "
                     "[default: the site's]"),
        click.option("--account", metavar="NAME", help="With --on: the account that pays."),
        click.option("--cpus", metavar="COUNT", help="With --on: the cores on each node, a kernel on each."),
        click.option("--memory", metavar="SIZE", help="With --on: the memory to ask for, such as 2G."),
        click.option("--time", metavar="TIME", help="With --on: the longest that a node's job may run. "
                     "[default: what the kernels can take]"),
        click.option("--node-timeout", type=float, callback=seconds, metavar="SECONDS",
                     help="With --on: give a node up of which nothing is heard for so long, its queue included. "
                     f"[default: {PATIENCE:g}, or three times --timeout]"),
    )):  # fmt: skip
        function = option(function)
    return function


def seconds(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    """A length of time. Not a number compares as neither, so that a range lets it pass."""
    if value is not None and not 0 < value < float("inf"):
        raise click.BadParameter(f"{value:g} is no number of seconds above 0")
    return value


def check(values: Mapping[str, Any]) -> None:
    """Options that need one another. Raises UsageError."""
    if values["on"] is None:
        for name in ("nodes", *RESOURCES, "node_timeout"):
            if values[name] is not None:
                raise UsageError(f"--{name.replace('_', '-')} is for a place", "--on slurm or --on htcondor names one")
    elif values["nodes"] is None:
        raise UsageError(f"--on {values['on']} needs --nodes", "--nodes all, or the names of some")


def fleet(values: Mapping[str, Any], targets: Sequence[Target], conditions: Conditions, width: int | None) -> Fleet:
    """The fleet that the options describe. Raises UsageError, PlaceError."""
    from kernelkit.fleet import plan

    asked = {name: values[name] for name in RESOURCES if values[name] is not None}
    return plan(
        targets, place=values["on"], nodes=values["nodes"], asked=asked, conditions=conditions, width=width or WIDTH,
        patience=values["node_timeout"] or max(PATIENCE, 3 * conditions.timeout),
    )  # fmt: skip
