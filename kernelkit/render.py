"""From a choice to a kernel: pure, so that the same choice gives the same bytes on any machine."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from kernelkit import __version__, bootstrap, catalogue, containers, steptemplate, texts
from kernelkit.choice import Choice, Made, Pinned, Runtime
from kernelkit.definition import Definition, Step
from kernelkit.errors import DefinitionError
from kernelkit.kernel import SPEC_FILE, WRAPPER_FILE, Kernel
from kernelkit.seal import seal
from kernelkit.shell import ShellEnvironment

FORMAT = 1
AREA_TIMEOUT = 10  # seconds the wrapper waits for one file of the software area
BASE = ("HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR")
BASE_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"  # all that the steps see of a path
LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")
ARGV = ["/bin/bash", "-p", "{resource_dir}/setup.sh", "-f", "{connection_file}"]


def render(choice: Choice) -> Kernel:
    """The kernel of a choice. Raises DefinitionError where a step's template is at fault."""
    files = {WRAPPER_FILE: wrapper(choice).encode("utf-8", "surrogateescape"), **_logos(choice.definition)}
    document = seal(_document(choice), files)
    text = json.dumps(document, indent=2) + "\n"
    return Kernel(choice.name, {SPEC_FILE: text.encode(), **files})


def wrapper(choice: Choice) -> str:
    """The text of setup.sh. Raises DefinitionError."""
    names = {
        "title": display_name(choice), "name": choice.name, "area_timeout": AREA_TIMEOUT,
        "env": environment_variables(choice),
        "base_names": [*BASE, *choice.definition.base],
        "base_path": BASE_PATH, "container": containers.of(choice),
        "user_hook": choice.user_hook and f"{choice.name}.sh",
        "cvmfs": choice.cvmfs.value.rstrip("/"), "snapshot": _may_be_kept(choice),
        "steps": [_step(choice, number, step) for number, step in enumerate(choice.definition.steps, 1)
                  if step.use != containers.USE],
        "user_site": choice.definition.user_site, "in_notebook_folder": choice.definition.in_notebook_folder,
        "runtime": choice.runtime, "fallback": bootstrap.fallback(choice),
        "bootstrap": choice.runtime and bootstrap.arguments(choice.runtime, wrapper=bool(choice.fallback)),
    }  # fmt: skip
    # The id lets the shell that runs the steps see whether the file was replaced under it.
    draft = _shell(WRAPPER_FILE + ".j2", {**names, "id": ""})
    return _shell(WRAPPER_FILE + ".j2", {**names, "id": _digest(draft)[:16]})


_SECRET = re.compile("TOKEN|SECRET|PASSW|CREDENTIAL|COOKIE|PRIVATE_KEY|API_KEY", re.IGNORECASE)


def _may_be_kept(choice: Choice) -> bool:
    """Whether what the steps make may be kept: not where they see the notebook's folder, or what may be a secret."""
    definition = choice.definition
    seen = [*definition.base, *environment_variables(choice)]
    return definition.snapshot and not definition.in_notebook_folder and not any(map(_SECRET.search, seen))


PLACE_TITLES = {"slurm": "Slurm", "htcondor": "HTCondor"}
BY_MESSAGE = frozenset({"htcondor"})  # places that send no signals: their kernels are interrupted by messages


def display_name(choice: Choice) -> str:
    """The name that a launcher shows, filled in; where it runs comes first."""
    title = str(texts.fill(choice.definition.display_name, choice.names))
    return f"{PLACE_TITLES.get(choice.place, choice.place)}: {title}" if choice.place else title


def environment_variables(choice: Choice) -> dict[str, str]:
    """The variables set before the steps and again after them: the definition's, then the user's."""
    return {**texts.fill(choice.definition.env, choice.names), **choice.env}


def _document(choice: Choice) -> dict[str, Any]:
    """kernel.json as an object, from its template, parsed and so proven to be JSON."""
    spec = dict(choice.runtime.spec) if choice.runtime else {}
    if choice.place in BY_MESSAGE and _hears_messages(choice.runtime):
        spec["interrupt_mode"] = "message"
    # jupyter_client fills $NAME in from its own environment: a dollar sign that is meant is doubled.
    env = {name: value.replace("$", "$$") for name, value in environment_variables(choice).items()}
    names = {
        "argv": ARGV, "display_name": display_name(choice), "language": choice.definition.language, "env": env,
        "spec": {key: value for key, value in spec.items() if key != "metadata"},
        "metadata": {**spec.get("metadata", {}), **_placement(choice), "kernelkit": _provenance(choice)},
    }  # fmt: skip
    environment = Environment(loader=_loader(), undefined=StrictUndefined, finalize=json.dumps)
    document: dict[str, Any] = json.loads(environment.get_template(SPEC_FILE + ".j2").render(names))
    return document


def _hears_messages(runtime: Runtime | None) -> bool:
    """Whether its ipykernel knows interrupt requests, as each does from 6 on; one that does not needs the signal."""
    return runtime is None or not re.match("[0-5][.]", runtime.ipykernel)


def _placement(choice: Choice) -> dict[str, Any]:
    """What jupyter_client finds the provisioner by (provisioning/factory.py)."""
    if not choice.place:
        return {}
    entry = {"provisioner_name": f"kernelkit-{choice.place}", "config": dict(choice.resources)}
    return {"kernel_provisioner": entry}


def _provenance(choice: Choice) -> dict[str, Any]:
    """What kernelkit records of a kernel: enough to explain it, check it and make it again."""
    runtime = choice.runtime
    return {
        "format": FORMAT, "version": __version__,
        **origin(choice),
        "steps": [step.use for step in choice.definition.steps],
        "interpreter": runtime and _interpreter(runtime, choice.python.source),
        "ipykernel": runtime and _ipykernel(runtime),
        "expects": _expects(choice),
        "checks": [_check(choice, check.name, check.code, check.prints) for check in choice.definition.checks],
        "environments": [_made(made) for _, made in sorted(choice.environments.items())],
        "fallback": choice.fallback,
        "container": _image(choice),
    }  # fmt: skip


def origin(choice: Choice) -> dict[str, Any]:
    """What a kernel is made from: all else in it follows from this, this kernelkit and the software."""
    return {
        "definition": _definition(choice.definition),
        "asked": choice.asked,
        "choice": {pin.name: _pin(pin) for pin in [*choice.options.values(), choice.cvmfs]},
        "lists": dict(choice.lists),
    }


def _image(choice: Choice) -> str | None:
    container = containers.of(choice)
    return container.image if container else None


def _interpreter(runtime: Runtime, source: str) -> dict[str, Any]:
    return {"path": runtime.python, "version": list(runtime.version), "source": source}


def _ipykernel(runtime: Runtime) -> dict[str, Any]:
    return {"version": runtime.ipykernel, "overlay": runtime.overlay, "isolated": runtime.isolated}


def _made(made: Made) -> dict[str, Any]:
    return {"path": made.path, "lock": list(made.lock)}


def _definition(definition: Definition) -> dict[str, str]:
    """The definition's name and digest, and its file where no search would find it again."""
    entry = {"name": definition.name, "digest": definition.digest}
    if not any(definition.path.is_relative_to(folder) for folder in catalogue.search_path()):
        entry["file"] = str(definition.path.absolute())
    return entry


def _pin(pin: Pinned) -> dict[str, str]:
    entry = {"value": pin.value, "asked": pin.asked, "source": pin.source, "note": pin.note}
    return {key: value for key, value in entry.items() if value or key == "value"}


def _expects(choice: Choice) -> dict[str, Any]:
    """What every step promises, together, for a check in the running kernel."""
    expects = [step.expects for step in choice.definition.steps]
    values = {name: value for one in expects for name, value in texts.fill(one.values, choice.names).items()}
    variables = sorted({name for one in expects for name in one.variables})
    return {
        "variables": variables,
        "commands": sorted({name for one in expects for name in one.commands}),
        "values": values,
    }


def _check(choice: Choice, name: str, code: str, prints: str | None) -> dict[str, str]:
    return {"name": name, "code": code} | ({} if prints is None else {"prints": texts.fill(prints, choice.names)})


def _step(choice: Choice, number: int, step: Step) -> dict[str, Any]:
    """A step's shell text and what it must leave."""
    file = catalogue.step_file(step.use)
    if file is None:
        raise DefinitionError([f"{choice.definition.path}: steps[{number}]: there is no step {step.use!r}"])
    template = steptemplate.load(file)
    arguments = {**template.defaults(), **texts.fill(step.arguments, choice.names)}
    if number in choice.environments:
        made = choice.environments[number]
        arguments["path" if made.python else "folder"] = made.path
    script = _step_script(file, {**arguments, "cvmfs": choice.cvmfs.value})
    expects = {"variables": step.expects.variables, "commands": step.expects.commands,
               "values": texts.fill(step.expects.values, choice.names)}  # fmt: skip
    label = f"{number} of {len(choice.definition.steps)}, {step.use}"
    return {
        "label": label,
        "script": script.rstrip("\n"),
        "expects": expects,
        "expected": any(expects.values()),
    }


def _step_script(file: Path, names: Mapping[str, Any]) -> str:
    try:
        return ShellEnvironment(FileSystemLoader(file.parent)).get_template(file.name).render(names)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise DefinitionError([f"{file}{f':{line}' if line else ''}: {error.message}"]) from error


def _logos(definition: Definition) -> dict[str, bytes]:
    """The logos beside the definition, or beside the nearest one it extends that has some."""
    for source in definition.sources:
        found = {name: source.parent / name for name in LOGOS if (source.parent / name).is_file()}
        if found:
            return {name: path.read_bytes() for name, path in found.items()}
    return {}


def _shell(name: str, names: Mapping[str, Any]) -> str:
    return _shell_environment().get_template(name).render(names)


@functools.cache
def _shell_environment() -> ShellEnvironment:
    return ShellEnvironment(_loader())


def _loader() -> FileSystemLoader:
    return FileSystemLoader(catalogue.shipped("templates"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
