"""Starting up is a promise: which modules a command brings in, and that its table of commands is true."""

import importlib
import subprocess
import sys

import pytest

from kernelkit.cli.group import COMMANDS

HEAVY = {
    "jinja2",
    "jupyter_client",
    "asyncio",
    "importlib.metadata",
    "rich",
    "zmq",
    "ipykernel",
    "IPython",
    "msgspec",
    "packaging",
}


def modules_after(home, *args):
    code = (
        "import sys; from kernelkit.__main__ import main\n"
        f"sys.argv = ['kernelkit', *{list(args)!r}]\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=home.env, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_imports_no_command(home):
    modules = modules_after(home, "--help")
    assert not HEAVY & modules
    assert not [name for name in modules if name.endswith("_command")]


def test_list_stays_light(home):
    assert not HEAVY & modules_after(home, "list")


def test_definitions_stay_light(home):
    assert not HEAVY & modules_after(home, "definitions")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_the_commands_own(name):
    command = importlib.import_module(f"kernelkit.cli.{name}_command").command
    assert command.name == name
    assert command.short_help == COMMANDS[name]
    assert command.help
