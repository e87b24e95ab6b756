"""What a user sees in JupyterLab, in a real browser: a kernel whose software is gone, and its return."""

import shutil

import pytest
from browsing import Notebook, picture, write_notebook
from lab import TOKEN, running_lab

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("jupyter"), pytest.mark.timeout(240)]


@pytest.fixture
def area(sandbox, tmp_path):
    """A sandbox of its own, which the test takes away."""
    cvmfs = tmp_path / "area/cvmfs"
    shutil.copytree(sandbox, cvmfs, symlinks=True)
    return cvmfs


def test_the_reason_is_in_the_notebook_and_a_restart_brings_the_kernel_back(home, area, page):
    home.ok("install", "belle2", "--cvmfs", area)
    write_notebook(home, "belle2", "print('the answer is', 6 * 7)")
    away = area.with_name("gone")
    area.rename(away)
    with running_lab(home, IPYTHONDIR=str(home.path / "ipython")) as address:
        notebook = Notebook(page, address)
        notebook.run(0).get_by_text("b2setup.sh: No such file or directory").first.wait_for()
        picture(page, "software-gone.png")
        away.rename(area)
        notebook.restart()
        notebook.run(0).get_by_text("the answer is 42").wait_for()
        picture(page, "software-back.png")


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
