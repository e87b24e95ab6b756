"""Verdicts as people, programs and CI services read them."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kernelkit import report
from kernelkit.errors import UsageError
from kernelkit.verify import Check, Phase, Verdict

PHASES = (Phase("spawn", 0.25), Phase("kernel_info", 0.5), Phase("first reply", 0.25), Phase("shutdown", 3.0))
GOOD = Verdict(
    "atlas", Path("/k/atlas"), "ATLAS (ROOT 6.08)", True,
    (Check("spec", "passed", "", 0.001), Check("interpreter", "skipped", "not recorded"), Check("files", "note", "odd")), PHASES,
)  # fmt: skip
NASTY = "\x1b[31mred\x1b[0m\x00\x07 <&>\ud800 é\r\nlast ]]> \x1b]0;title\x07line"
BAD = Verdict(
    "belle", Path("/k/belle"), "Belle II", False,
    (Check("spec", "passed"), Check("start", "failed", "the kernel \x1b[1mended\x08 with exit code 3", 1.5), Check("pid", "skipped", "x")),
    (Phase("spawn", 0.25),), "release gone\x1b[2J", "install it again", NASTY, "release-gone", "/k/belle/setup.sh:3",
)  # fmt: skip


def test_a_line_for_what_passed():
    assert report.text([GOOD], seconds=4.2).splitlines() == [
        "PASS atlas  1.00 s to the first reply",
        "    note files: odd",
        "1 passed in 4.2 s",
    ]


def test_all_for_what_failed():
    assert report.text([GOOD, BAD]).splitlines()[2:] == [
        "FAIL belle",
        "    failed start: the kernel ended with exit code 3",
        "    cause: release gone [release-gone]",
        "    where: /k/belle/setup.sh:3",
        "    advice: install it again",
        "    the end of its output:",
        "      | red <&> é",
        "      | last ]]> line",
        "1 passed, 1 failed",
    ]


def test_verbose_shows_every_check_and_phase():
    lines = report.text([GOOD], verbose=True).splitlines()
    assert [line.split()[1].rstrip(":") for line in lines[1:4]] == ["spec", "interpreter", "files"]
    assert lines[4] == "    spawn 0.25 s, kernel_info 0.50 s, first reply 0.25 s, shutdown 3.00 s"


def test_colour_only_where_asked_and_the_width_holds():
    assert "\x1b" not in report.text([GOOD, BAD], verbose=True)
    coloured = report.text([GOOD, BAD], verbose=True, color=True)
    assert "\x1b[31mFAIL\x1b[0m belle" in coloured
    assert "\x1b[2J" not in coloured
    long = Verdict("n", Path(), "", False, (Check("start", "failed", "word " * 60),), ())
    assert all(len(line) <= 60 for line in report.text([long], width=60).splitlines())


def test_no_kernels():
    assert report.text([]) == "no kernels"


def test_json_holds_everything():
    document = json.loads(report.as_json([GOOD, BAD]))
    assert document["format"] == 1
    good, bad = document["verdicts"]
    assert (good["name"], good["path"], good["passed"], good["display_name"]) == (
        "atlas",
        "/k/atlas",
        True,
        "ATLAS (ROOT 6.08)",
    )
    assert good["checks"][0] == {"id": "spec", "status": "passed", "detail": "", "cause_id": "", "seconds": 0.001}
    assert good["phases"][0] == {"name": "spawn", "seconds": 0.25}
    assert (bad["cause_id"], bad["where"], bad["output"]) == ("release-gone", "/k/belle/setup.sh:3", NASTY)
    report.as_json([GOOD, BAD]).encode()


def test_junit_is_well_formed_whatever_was_printed():
    root = ElementTree.fromstring(report.junit([GOOD, BAD]).encode())
    assert root.tag == "testsuites"
    assert [root.get(key) for key in ("tests", "failures", "skipped", "errors")] == ["6", "1", "2", "0"]
    good, bad = root.findall("testsuite")
    assert [case.get("name") for case in good.findall("testcase")] == ["spec", "interpreter", "files"]
    assert {case.get("classname") for case in bad.findall("testcase")} == {"kernelkit.belle"}
    failure = bad.find("testcase/failure")
    assert failure.get("type") == "release-gone"
    assert failure.get("message") == "the kernel ended with exit code 3"
    assert failure.text.splitlines()[1:] == ["release gone", "/k/belle/setup.sh:3", "install it again"]
    assert bad.find("testcase/system-out").text == "red <&> é\nlast ]]> line"
    assert good.find("testcase/skipped").get("message") == "not recorded"
    assert float(bad.get("time")) == 1.5


def test_where_a_report_can_go(tmp_path):
    report.check_writable(tmp_path / "new.xml")
    assert not list(tmp_path.iterdir())
    (tmp_path / "old.xml").write_text("kept")
    report.check_writable(tmp_path / "old.xml")
    assert (tmp_path / "old.xml").read_text() == "kept"


@pytest.mark.parametrize("place", ["missing/report.xml", "."])
def test_where_a_report_cannot_go(tmp_path, place):
    with pytest.raises(UsageError, match="cannot be written"):
        report.check_writable(tmp_path / place)
