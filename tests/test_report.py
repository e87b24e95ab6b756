"""Verdicts as people, programs and CI services read them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kernelkit import report
from kernelkit.errors import UsageError
from kernelkit.report.json_report import as_object, from_object
from kernelkit.verify import Check, Phase, Verdict
from kernelkit.verify.strict import strictly

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
    assert [root.get(key) for key in ("tests", "failures", "skipped", "errors")] == ["6", "1", None, "0"]
    good, bad = root.findall("testsuite")
    assert [case.get("name") for case in good.findall("testcase")] == ["spec", "interpreter", "files"]
    assert {case.get("classname") for case in bad.findall("testcase")} == {"kernelkit.belle"}
    failure = bad.find("testcase/failure")
    assert failure.get("type") == "release-gone"
    assert failure.get("message") == "the kernel ended with exit code 3"
    assert failure.text.splitlines()[1:] == ["release gone", "/k/belle/setup.sh:3", "install it again"]
    assert bad.find("testcase/system-out").text == "red <&> é\nlast ]]> line"
    skipped = good.find("testcase/skipped")
    assert skipped.get("message") == skipped.text == "not recorded"
    assert float(bad.get("time")) == 1.5


# What Jenkins allows (junit-10.xsd of its xunit plugin): attributes with the demanded ones first, and children.
SCHEMA = {
    "testsuites": ((), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        ("name", "tests", "failures", "errors"),
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        ("name",),
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": ((), {"type", "message"}, set()),
    "skipped": ((), {"type", "message"}, set()),
    "system-out": ((), set(), set()),
}
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def faults_of(element):
    """What a validator would say of an element and all in it."""
    demanded, allowed, children = SCHEMA[element.tag]
    yield from (f"{element.tag} lacks {name}" for name in demanded if name not in element.attrib)
    yield from (f"{element.tag} has {name}" for name in element.attrib if name not in {*demanded, *allowed})
    if not TIME.fullmatch(element.get("time", "0")):
        yield f"time {element.get('time')}"
    for child in element:
        if child.tag not in children:
            yield f"{child.tag} in {element.tag}"
        else:
            yield from faults_of(child)


def test_junit_is_what_jenkins_gitlab_and_github_read():
    twice = Verdict(
        "atlas-6.08", Path("/k"), "", False,
        (Check("check:sums", "failed", "4", 1234.5), Check("check:sums", "passed"), Check("files", "note", "odd")), (),
    )  # fmt: skip
    root = ElementTree.fromstring(report.junit([GOOD, BAD, twice]).encode())
    assert list(faults_of(root)) == []
    for suite in root:
        cases = suite.findall("testcase")
        # Of cases of one name GitLab shows the first only; Jenkins takes what follows the last dot for the class.
        assert len({case.get("name") for case in cases}) == len(cases) == int(suite.get("tests"))
        assert all(case.get("classname").count(".") == 1 for case in cases)
        assert len(suite.findall("testcase/failure")) == int(suite.get("failures"))
        assert len(suite.findall("testcase/skipped")) == int(suite.get("skipped"))
        # GitLab shows the content, GitHub's reporters the message.
        assert all(one.text and one.get("message") for one in suite.iter() if one.tag in ("failure", "skipped"))
    assert root[2][0].get("classname") == "kernelkit.atlas-6_08"


def test_the_cause_has_its_id_in_every_report():
    verdict = replace(BAD, cause_id="release-gone")
    assert json.loads(report.as_json([verdict]))["verdicts"][0]["cause_id"] == "release-gone"
    assert "release-gone" in report.text([verdict])
    assert ElementTree.fromstring(report.junit([verdict]).encode()).find(".//failure").get("type") == "release-gone"


def test_lines_are_whole_in_a_pipe_and_broken_on_a_narrow_terminal():
    long = Verdict("n", Path(), "", False, (Check("start", "failed", "word " * 60),), ())
    assert len(report.text([long]).splitlines()) == 3
    narrow = report.text([long], width=40).splitlines()
    assert all(len(line) <= 40 for line in narrow) and len(narrow) > 5
    assert report.text([long], width=1).count("word") == 60


def test_a_strict_verdict_fails_for_a_note():
    noted = Check("files", "note", "logo-64x64.png is no image", cause_id="logo-not-image")
    good = replace(GOOD, checks=(Check("spec", "passed"), noted))
    strict = strictly(good)
    assert not strict.passed
    assert (strict.cause_id, [check.id for check in strict.failed_checks]) == ("logo-not-image", ["files"])
    assert strict.advice and strict.cause
    assert strictly(BAD) == BAD
    assert strictly(replace(BAD, checks=(*BAD.checks, noted))).cause == BAD.cause


def test_a_report_is_written_whole(tmp_path):
    path = tmp_path / "report.xml"
    report.write(path, "é\n")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == ("é\n".encode(), 0o644)
    path.chmod(0o600)
    link = tmp_path / "link.xml"
    link.symlink_to(path)
    report.write(link, "through the link")
    assert link.is_symlink() and path.read_text() == "through the link"
    report.write(path, "again")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(OSError, match="No such file"):
        report.write(tmp_path / "missing/report.xml", "x")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.xml", "report.xml"]


def test_two_reports_are_two_files(tmp_path):
    with pytest.raises(UsageError, match="cannot be one file"):
        report.check_writable(tmp_path / "a", tmp_path / "." / "a")


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


# ---- verdicts of nodes

FLEET = [replace(GOOD, node="kk1"), replace(BAD, node="kk1"), replace(GOOD, node="kk2"), replace(BAD, node="kk2")]
FLEET[3] = replace(FLEET[3], cause="its job 7 ended on kk2")
FLEET[1] = replace(FLEET[1], cause="its job 6 ended on kk1")


def test_only_verdicts_of_nodes_name_one():
    assert ["node" in verdict for verdict in json.loads(report.as_json([GOOD, FLEET[0]]))["verdicts"]] == [False, True]
    assert [from_object(json.loads(json.dumps(as_object(verdict)))) for verdict in FLEET] == FLEET
    suites = ElementTree.fromstring(report.junit(FLEET))
    assert [suite.get("name") for suite in suites] == ["atlas on kk1", "belle on kk1", "atlas on kk2", "belle on kk2"]
    assert suites[0][0].get("classname") == "kernelkit.atlas on kk1"
    assert report.text(FLEET[:1]).startswith("PASS kk1 atlas  1.00 s")


def test_a_row_for_each_node_and_kernel_and_each_cause_once():
    lines = report.fleet_table(FLEET, color=False, width=80, seconds=4.2).splitlines()
    assert lines[:5] == [
        "NODE  KERNEL  CHECKS   REPLY  CAUSE",
        "kk1   atlas   ✓  -!   1.00 s",
        "kk1   belle   ✓✗-             release-gone",
        "kk2   atlas   ✓  -!   1.00 s",
        "kk2   belle   ✓✗-             release-gone",
    ]
    assert "checks from the left: spec start pid interpreter files" in lines
    assert lines.count("FAIL belle on kk1, kk2") == 1
    assert len([line for line in lines if "cause:" in line]) == 1
    assert lines[-1] == "2 passed, 2 failed in 4.2 s"


def test_a_table_of_nodes_fits_a_terminal_and_its_letters():
    long = [replace(verdict, name="a-kernel-with-a-name-that-is-longer-than-most-of-them") for verdict in FLEET]
    lines = report.fleet_table(long, color=False, width=60, plain=True).splitlines()
    assert all(len(line) <= 60 for line in lines if "|" not in line and "FAIL" not in line), lines
    assert lines[2].split()[-1] == "release-gone"
    assert "\n".join(lines[:12]).isascii()
    coloured = report.fleet_table(FLEET, color=True, width=80)
    assert "\x1b[31m✗\x1b[0m" in coloured and "\x1b[31mFAIL\x1b[0m belle" in coloured
