"""The page of a report, in a real browser: what it shows, that it needs nothing else, and that it runs nothing."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from kernelkit import report
from kernelkit.verify import Check, Phase, Verdict

pytestmark = [pytest.mark.browser]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = "<script>document.title='owned'</script>"
PHASES = (Phase("spawn", 0.25), Phase("kernel_info", 0.5), Phase("first reply", 0.25), Phase("shutdown", 1.0))
GOOD = Verdict(
    "atlas", Path("/k/atlas"), "ATLAS (ROOT 6.08)", True,
    (Check("node", "passed"), Check("start", "passed", "", 0.75), Check("shutdown", "note", "only after SIGTERM")), PHASES,
    node="kk1",
)  # fmt: skip
BAD = Verdict(
    HOSTILE, Path("/k/\"'><b>"), "\x1b[31m<img src=x onerror=alert(1)>", False,
    (Check("node", "passed"), Check("start", "failed", HOSTILE, 1.5), Check("check:" + HOSTILE, "skipped", '" autofocus onfocus=alert(1) "')),
    (Phase("spawn", 0.25), Phase('x" style="', 1.0)), HOSTILE, f"do not {HOSTILE}", f"</pre>{HOSTILE}\n" + "x" * 3000,
    "unknown", HOSTILE, 'kk2"><script>',
)  # fmt: skip
DRAINED = Verdict(
    "atlas", Path("/k/atlas"), "", False, (Check("node", "failed", "Slurm says it is drained: a bad disk"), Check("start", "skipped")),
    (), "Slurm says it is drained: a bad disk", "bring it back", "", "node-unavailable", node="kk3",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "a browser is part of the tests' machine: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page; whatever it asked for and said meanwhile is kept with it."""
    pages = []

    def open_(text, width=1280, scheme="light"):
        file = tmp_path / f"report{len(pages)}.html"
        file.write_text(text)
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("dialog", lambda dialog: page.said.append(dialog.message))
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield open_
    for page in pages:
        assert [url for url in page.asked if not url.startswith(("data:", "file:"))] == []
        assert len([url for url in page.asked if url.startswith("file:")]) == 1
        assert page.said == []
        page.close()


def overflow(page):
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def test_a_passing_and_a_failing_kernel_from_the_command_line(home, opened):
    for name, argv in (
        ("good", [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]),
        ("broken", ["/bin/sh", "-c", "echo the reason >&2; exit 3", "{connection_file}"]),
    ):
        (home.kernels / name).mkdir(parents=True)
        document = {"argv": argv, "display_name": f"The {name} one", "language": "python"}
        (home.kernels / name / "kernel.json").write_text(json.dumps(document))
    assert home.kernelkit("test", "good", "broken", "--html", "report.html").code == 1
    page = opened((home.path / "report.html").read_text())
    assert page.title() == "1 of 2 failed · kernelkit"
    table = page.get_by_role("table").first
    assert table.get_by_role("columnheader").all_inner_texts()[:4] == ["Kernel", "spec", "files", "start"]
    assert table.get_by_role("rowheader").all_inner_texts() == ["good\nThe good one", "broken\nThe broken one"]
    failed = table.get_by_role("row", name="broken")
    assert failed.get_by_role("img", name="failed").count() == 1
    assert "no reply" in failed.inner_text()
    output = page.locator(".failure pre")
    assert not output.is_visible()
    page.locator(".failure summary").click()
    assert output.inner_text() == "the reason"


def test_names_that_would_be_markup_are_text(opened):
    page = opened(report.html([GOOD, BAD, DRAINED], seconds=4.2))
    assert page.title() == "2 of 3 failed · kernelkit"
    assert page.get_by_role("rowheader", name=HOSTILE).first.is_visible()
    assert page.get_by_role("columnheader", name="check:" + HOSTILE).is_visible()
    assert page.locator("script, img, [onfocus], [onerror], [autofocus]").count() == 0
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert f"</pre>{HOSTILE}" in page.locator(".failure pre").inner_text()
    assert "\x1b" not in page.content()


@pytest.mark.parametrize("width", [320, 400, 700, 901, 1280])
def test_nothing_is_wider_than_the_window(opened, width):
    page = opened(report.html([GOOD, BAD, DRAINED] * 3, seconds=4.2), width=width)
    assert overflow(page) == 0
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert overflow(page) == 0


def test_nodes_and_what_a_drained_one_says(opened):
    page = opened(report.html([GOOD, BAD, DRAINED]))
    row = page.get_by_role("row", name="kk3")
    assert "Slurm says it is drained: a bad disk" in row.inner_text()
    page.get_by_label("only what failed").check()
    assert not page.get_by_role("row", name="kk1").is_visible()
    assert row.is_visible()


def test_phases_fill_their_shares_of_the_bar(opened):
    page = opened(report.html([GOOD, BAD]))
    bar = page.locator(".bar").first
    widths = bar.locator("i").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.1) and widths[3] == pytest.approx(2 * widths[1], rel=0.1)
    assert "kernel_info 0.50 s" in page.locator(".timing").first.text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_told_from_its_ground(opened, scheme):
    """The contrast that WCAG 2.2 asks of text: 4.5 to 1."""
    page = opened(report.html([GOOD, BAD, DRAINED], seconds=1.0), scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    pairs = page.evaluate(
        """[...document.querySelectorAll('body *')].filter(one => [...one.childNodes].some(
            child => child.nodeType === 3 && child.data.trim())).map(one => {
          let under = one;
          while (under && getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
          return [one.className + ' ' + one.tagName, getComputedStyle(one).color, getComputedStyle(under || document.body).backgroundColor];
        })"""
    )
    assert len(pairs) > 30
    poor = {(where, ink, ground) for where, ink, ground in pairs if contrast(ink, ground) < 4.5}
    assert poor == set()


def contrast(ink, ground):
    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color):
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_no_kernels_at_all(opened):
    page = opened(report.html([], seconds=0.1))
    assert page.get_by_role("heading", name="No kernels").is_visible()
