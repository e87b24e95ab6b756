"""What a user does with a notebook in JupyterLab, in a real browser."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import nbformat
from lab import TOKEN
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Without the background services a browser starts, it looks up hosts that a closed network refuses.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000  # milliseconds


@contextmanager
def opened_page():
    """An empty page of a browser that ends with the block."""
    assert CHROMIUM, "a browser is part of the tests' machine: apt-get install chromium"
    with sync_playwright() as playwright:
        # Its sockets need a short path.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET, env={**os.environ, "TMPDIR": "/tmp"})
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()


def picture(page, name):
    """Keep a picture of what the user sees where KERNELKIT_PICTURES says so."""
    folder = os.environ.get("KERNELKIT_PICTURES")
    if folder:
        page.screenshot(path=Path(folder, name))


def write_notebook(home, kernel, *codes):
    """A notebook of these cells in a home, for a kernel."""
    cells = [nbformat.v4.new_code_cell(code) for code in codes]
    kernelspec = {"name": kernel, "display_name": kernel, "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
    nbformat.write(notebook, home.path / "analysis.ipynb")


class Notebook:
    """The notebook ``analysis.ipynb``, opened in JupyterLab."""

    def __init__(self, page, address):
        self.page = page
        page.goto(f"{address}/lab?token={TOKEN}")
        page.locator(".jp-DirListing-item", has_text="analysis.ipynb").dblclick()
        self.idle()

    def idle(self):
        """Wait until there is a kernel that has nothing to do; code run before that is lost, or starts another."""
        self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()

    def run(self, number):
        """Run one cell, counted from 0; its output."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        return cell.locator(".jp-OutputArea-output")

    def do(self, command):
        """An entry of the menu Kernel: ``interrupt``, ``restart``, ``shutdown``."""
        self.page.locator(".lm-MenuBar-item", has_text="Kernel").click()
        self.page.locator(f".lm-Menu-item[data-command='kernelmenu:{command}']").click()

    def accept(self, words):
        """Wait for a dialog with these words, and accept it."""
        self.page.locator(".jp-Dialog", has_text=words).locator("button.jp-mod-accept").click()

    def restart(self):
        """Restart the kernel, and wait until it is there."""
        self.do("restart")
        self.accept("Restart")
        self.idle()
