"""``kernelkit show NAME``: one kernel in full."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from kernelkit.cli.common_options import json_option, kernel_names
from kernelkit.cli.group import COMMANDS
from kernelkit.cli.log_command import age, summary

if TYPE_CHECKING:
    from kernelkit.kernelspecs import Kernelspec


LAUNCHES = 3


@click.command("show", short_help=COMMANDS["show"])
@click.argument("name", shell_complete=kernel_names)
@json_option
@click.option("--script", is_flag=True, help="Show what a batch system would be given.")
def command(name: str, as_json: bool, script: bool) -> None:
    """Show kernel NAME in full.

    Its files, the choice with where each value came from, its steps, what starts it, its snapshot, its last launches.
    """
    from kernelkit.launchlog import launches
    from kernelkit.listing import found, state

    spec = found(name)
    if script:
        click.echo(_script(spec), nl=False)
        return
    judged, why = state(spec)
    if as_json:
        row = {"name": spec.name, "path": str(spec.path), "state": judged, "why": why, "document": spec.document,
               "launches": [launch.row() for launch in launches(spec.name, LAUNCHES)]}  # fmt: skip
        click.echo(json.dumps({"format": 1, "kernelspecs": [row]}, indent=2))
        return
    click.echo(f"{spec.name}: {(spec.document or {}).get('display_name', '')}")
    for key, value in [("state", f"{judged}{': ' if why else ''}{why}"), *_fields(spec)]:
        click.echo(f"  {key + ':':<12} {value}")
    for launch in launches(spec.name, LAUNCHES):
        click.echo(f"  {'launched:':<12} {summary(launch)}")


def _script(spec: Kernelspec) -> str:
    """The job's script, its mailbox being one that no launch will have. Raises UsageError for a local kernel."""
    from kernelkit.errors import UsageError
    from kernelkit.provisioners.preview import preview

    document = spec.document or {}
    text = preview(document, spec.path)
    if text is None:
        raise UsageError(
            f"{spec.name} runs here, and no batch system is given anything", "`--on` is for installing one."
        )
    return text


def _fields(spec: Kernelspec) -> Iterator[tuple[str, str]]:
    from kernelkit.seal import record

    document = spec.document or {}
    yield "path", str(spec.path)
    yield "argv", " ".join(map(str, document.get("argv", [])))
    made = record(document)
    if made is None:
        yield "made by", "somebody else"
        return
    yield "definition", f"{made['definition']['name']} (kernelkit {made.get('version', '?')})"
    for name, pin in made["choice"].items():
        yield name, _pin(pin)
    yield "steps", ", ".join(made.get("steps", []))
    yield from _environments(made)
    yield from _runtime(made)
    yield "checks", ", ".join(check["name"] for check in made.get("checks", [])) or "none of its own"
    yield "files", ", ".join(sorted(made["digests"]))
    yield "snapshot", _snapshot(spec)


def _snapshot(spec: Kernelspec) -> str:
    import time

    from kernelkit.kernel import WRAPPER_FILE
    from kernelkit.snapshots import snapshots

    kept = snapshots(spec.name, spec.path / WRAPPER_FILE)
    if not kept:
        return f"none yet: the next launch records one, or `kernelkit warm {spec.name}`"
    newest = kept[0]
    if newest.state == "refused":
        return f"none: {newest.reason}"
    ago = age(time.time() - newest.recorded)
    return f"{newest.state}, recorded {ago} ago from {newest.inputs} inputs; the steps took {newest.took:.2f} s"


def _pin(pin: dict[str, Any]) -> str:
    asked = f", asked: {pin['asked']}" if pin.get("asked") not in (None, pin["value"]) else ""
    note = f"; {pin['note']}" if pin.get("note") else ""
    return f"{pin['value']} ({pin.get('source', 'default')}{asked}{note})"


def _environments(made: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for environment in made.get("environments") or []:
        if isinstance(environment, dict):
            lock = environment.get("lock", [])
            yield "environment", f"{environment.get('path')}, {len(lock)} packages locked"


def _runtime(made: dict[str, Any]) -> Iterator[tuple[str, str]]:
    python, ipykernel = made.get("interpreter"), made.get("ipykernel")
    if not python or not ipykernel:
        return
    yield "python", f"{python['path']} ({'.'.join(map(str, python['version']))}, {python['source']})"
    overlay = ipykernel.get("overlay")
    where = f"from the overlay {overlay}{', isolated' if ipykernel.get('isolated') else ''}" if overlay else "its own"
    yield "ipykernel", f"{ipykernel['version']}, {where}"
