"""What is held of the code itself: linters, types, the direction of imports, the size of functions."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kernelkit"
DATA = PACKAGE / "sandbox/tree"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if DATA not in path.parents and path.name != "probe_script.py")

# A module may import only from those that stand before it on the way from a definition to a report.
LAYERS = (
    ("__init__", "errors", "reserved", "platformtag", "causes"),
    ("processes", "kernel", "definition", "catalogue", "lookout_script"),
    ("area", "lookout", "schema", "steptemplate", "extending", "shell", "choice", "requirements"),
    ("texts", "fingerprint", "containers", "provisioners", "reasons"),
    ("reading", "releases", "selection"),
    ("resolve",),
    ("scopes", "exchange", "seal", "bootstrap", "interpreter", "standins", "storage", "kernelspecs", "indexes"),
    ("tomltext", "plan", "render", "copying", "packages", "unused", "differences"),
    ("venvs",),
    ("install", "overlay", "environments", "builtfor", "inside"),
    ("layers",),
    ("settle", "listing"),
    ("making",),
    ("upgrading", "site", "discovery"),
    ("drafting",),
    ("applying",),
    ("sandbox", "verify", "lint", "doctor", "launchlog", "snapshots", "fallback"),
    ("report", "demo", "warming"),
    ("proving", "fleet"),
    ("adopt",),
    ("cli",),
    ("__main__",),
)


def run(*argv):
    done = subprocess.run([sys.executable, "-m", *argv], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff():
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


@pytest.mark.timeout(600)
def test_mypy():
    run("mypy", "--no-incremental")


def part_of(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "kernelkit":
            parts = node.module.split(".")
            yield from ([parts[1]] if len(parts) > 1 else [alias.name for alias in node.names])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_left(path):
    layer = {name: number for number, names in enumerate(LAYERS) for name in names}
    part = part_of(path)
    assert part in layer, f"{part} stands in no layer: give it one in {Path(__file__).name}"
    for imported in imports_of(path):
        if imported in ("__version__", part):
            continue
        assert layer[imported] <= layer[part], f"{part} imports {imported}, which comes after it"


def functions():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.end_lineno - node.lineno + 1


def test_functions_and_files_stay_small():
    lengths = sorted(functions())
    assert statistics.median(lengths) <= 10
    assert lengths[int(len(lengths) * 0.9)] <= 30
    for path in SOURCES:
        assert len(path.read_text().splitlines()) <= 300, path


def test_no_catch_all_modules():
    assert not {"utils", "util", "common", "helpers", "misc"} & {path.stem for path in SOURCES}
