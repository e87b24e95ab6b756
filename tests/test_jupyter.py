"""Jupyter's own tools on an installed kernel: the conformance suite, notebooks executed, JupyterLab's view."""

import json
import subprocess
import sys

import nbformat
import pytest
from lab import ask, running_lab

pytestmark = pytest.mark.xdist_group("jupyter")


@pytest.fixture(scope="module")
def site(sandbox, tmp_path_factory):
    """A home with the Belle II kernel of the sandbox in it."""
    from conftest import Home

    home = Home(tmp_path_factory.mktemp("a home ü"))
    home.ok("install", "belle2", "--cvmfs", sandbox)
    return home


def run(site, *argv, **options):
    done = subprocess.run(
        [sys.executable, "-m", *map(str, argv)], env=site.env | {"IPYTHONDIR": str(site.path / "ipython")}, cwd=site.path,
        capture_output=True, text=True, check=False, **options,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done


def test_the_conformance_suite_passes(site, tmp_path):
    suite = tmp_path / "test_conformance.py"
    suite.write_text(
        "import unittest\nimport jupyter_kernel_test\n"
        "class Conformance(jupyter_kernel_test.KernelTests):\n"
        "    kernel_name = 'belle2'\n    language_name = 'python'\n    file_extension = '.py'\n"
        "    code_hello_world = 'print(\"hello, world\")'\n"
        "    code_stderr = 'import sys; print(\"test\", file=sys.stderr)'\n"
        "    completion_samples = [{'text': 'zi', 'matches': {'zip'}}]\n"
        "    complete_code_samples = ['1', 'def f(x):\\n  return x\\n\\n']\n"
        "    incomplete_code_samples = ['def f(x):\\n  x*2']\n    invalid_code_samples = ['import = 7q']\n"
        "    code_page_something = 'zip?'\n    code_generate_error = 'raise'\n"
        "    code_execute_result = [{'code': '1+2+3', 'result': '6'}]\n"
        "    code_display_data = [{'code': 'from IPython.display import HTML, display; display(HTML(\"<b>x</b>\"))', 'mime': 'text/html'}]\n"
        "    code_history_pattern = '1?2*'\n    supported_history_operations = ('tail', 'search')\n"
        "    code_inspect_sample = 'zip'\n    code_clear_output = 'from IPython.display import clear_output; clear_output()'\n"
    )
    done = run(site, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore", suite, timeout=120)
    assert " passed" in done.stdout


@pytest.fixture
def notebook(site):
    cells = [
        nbformat.v4.new_code_cell("import os, basf2\nprint(os.environ['BELLE2_RELEASE'])"),
        nbformat.v4.new_code_cell("6 * 7"),
    ]
    kernelspec = {"name": "belle2", "display_name": "Belle II", "language": "python"}
    path = site.path / "note book.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), path)
    return path


def outputs(path):
    return [output for cell in nbformat.read(path, 4).cells for output in cell.outputs]


def test_nbconvert_executes_a_notebook(site, notebook):
    run(site, "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace", notebook, timeout=120)
    stream, result = outputs(notebook)
    assert (stream.text, result.data["text/plain"]) == ("light-2603-ina\n", "42")


def test_jupyter_execute_runs_a_notebook(site, notebook):
    run(site, "jupyter", "execute", "--inplace", notebook, timeout=120)
    assert outputs(notebook)[1].data["text/plain"] == "42"


@pytest.fixture
def lab(site):
    with running_lab(site) as address:
        yield address


def test_jupyterlab_lists_it_with_its_logo(lab):
    spec = json.loads(ask(f"{lab}/api/kernelspecs"))["kernelspecs"]["belle2"]
    assert spec["spec"]["display_name"] == "Belle II (basf2 light-2603-ina)"
    assert set(spec["resources"]) == {"logo-32x32", "logo-64x64", "logo-svg"}
    for url in spec["resources"].values():
        assert ask(lab + url).startswith((b"\x89PNG", b"<svg", b"<?xml"))


def test_a_kernel_started_by_jupyterlab_ends_on_demand(lab):
    kernel = json.loads(ask(f"{lab}/api/kernels", "POST", b'{"name": "belle2"}'))
    assert kernel["name"] == "belle2"
    ask(f"{lab}/api/kernels/{kernel['id']}", "DELETE")
    assert json.loads(ask(f"{lab}/api/kernels")) == []
