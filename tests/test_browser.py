"""What a user sees in JupyterLab, in a real browser: a kernel whose software is gone, and its return."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from lab import TOKEN, running_lab
from playwright.sync_api import sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("jupyter"), pytest.mark.timeout(240)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Without the background services a browser starts, it looks up hosts that a closed network refuses.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture
def page():
    assert CHROMIUM, "a browser is part of the tests' machine: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


@pytest.fixture
def area(sandbox, tmp_path):
    """A sandbox of its own, which the test takes away."""
    cvmfs = tmp_path / "area/cvmfs"
    shutil.copytree(sandbox, cvmfs, symlinks=True)
    return cvmfs


def picture(page, name):
    """Keep a picture of what the user sees where KERNELKIT_PICTURES says so."""
    folder = os.environ.get("KERNELKIT_PICTURES")
    if folder:
        page.screenshot(path=Path(folder, name))


def test_the_reason_is_in_the_notebook_and_a_restart_brings_the_kernel_back(home, area, page):
    home.ok("install", "belle2", "--cvmfs", area)
    cells = [nbformat.v4.new_code_cell("print('the answer is', 6 * 7)")]
    kernelspec = {"name": "belle2", "display_name": "Belle II", "language": "python"}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), home.path / "analysis.ipynb"
    )
    away = area.with_name("gone")
    area.rename(away)
    with running_lab(home, IPYTHONDIR=str(home.path / "ipython")) as address:
        page.goto(f"{address}/lab/tree/analysis.ipynb?token={TOKEN}")
        run_first_cell(page)
        output = page.locator(".jp-OutputArea-output")
        output.get_by_text("b2setup.sh: No such file or directory").first.wait_for()
        picture(page, "software-gone.png")
        away.rename(area)
        restart(page)
        run_first_cell(page)
        output.get_by_text("the answer is 42").wait_for()
        picture(page, "software-back.png")


def run_first_cell(page):
    page.locator(".jp-Cell .cm-content").first.click()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
    page.keyboard.press("Shift+Enter")


def restart(page):
    page.locator(".lm-MenuBar-item", has_text="Kernel").click()
    page.locator(".lm-Menu-item[data-command='kernelmenu:restart']").click()
    page.locator(".jp-Dialog button.jp-mod-accept").click()


def test_the_launcher_shows_the_kernels_with_their_logos(home, sandbox, page):
    for name in ("belle2", "lcg"):
        home.ok("install", name, "--cvmfs", sandbox)
    with running_lab(home) as address:
        page.goto(f"{address}/lab?token={TOKEN}")
        for label in ("Belle II (basf2 light-2603-ina)", "LCG LCG_107"):
            card = page.locator(f".jp-LauncherCard[title^='{label}']").first
            card.wait_for()
            assert card.locator("img").evaluate("image => image.complete && image.naturalWidth > 0")
        picture(page, "launcher.png")
