"""Verdicts as JUnit XML: a test suite per kernel, a test case per check.

There is no standard; this is what GitHub's reporters, GitLab (docs.gitlab.com, unit test reports) and Jenkins' junit
plugin all read: ``testsuites/testsuite/testcase`` with ``failure``, ``skipped`` and ``system-out``.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from kernelkit.report.printable import printable
from kernelkit.verify.verdict import Check, Verdict


def junit(verdicts: Sequence[Verdict]) -> str:
    """The whole document, to be written as UTF-8."""
    root = ElementTree.Element("testsuites", {"name": "kernelkit", **_counts([c for v in verdicts for c in v.checks])})
    for verdict in verdicts:
        root.append(_suite(verdict))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counts(checks: Sequence[Check]) -> dict[str, str]:
    statuses = [check.status for check in checks]
    return {
        "tests": str(len(checks)),
        "failures": str(statuses.count("failed")),
        "errors": "0",
        "skipped": str(statuses.count("skipped")),
        "time": f"{sum(check.seconds for check in checks):.3f}",
    }


def _suite(verdict: Verdict) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": printable(verdict.name), **_counts(verdict.checks)})
    blamed = verdict.failed_checks[:1]
    for check in verdict.checks:
        case = _case(verdict, check)
        suite.append(case)
        if check in blamed:
            _explain(case, verdict, check)
    return suite


def _case(verdict: Verdict, check: Check) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        {
            "classname": f"kernelkit.{printable(verdict.name)}",
            "name": printable(check.id),
            "time": f"{check.seconds:.3f}",
        },
    )
    detail = printable(check.detail)
    if check.status == "failed":
        ElementTree.SubElement(case, "failure", {"message": detail, "type": printable(check.id)}).text = detail
    elif check.status == "skipped":
        ElementTree.SubElement(case, "skipped", {"message": detail})
    elif detail:
        ElementTree.SubElement(case, "system-out").text = f"{check.status}: {detail}"
    return case


def _explain(case: ElementTree.Element, verdict: Verdict, check: Check) -> None:
    """The first failure carries the cause, with its id as the type, the advice and what the kernel printed."""
    failure = case.find("failure")
    if failure is not None:
        if verdict.cause_id:
            failure.set("type", verdict.cause_id)
        failure.text = printable("\n".join(filter(None, [check.detail, verdict.cause, verdict.where, verdict.advice])))
    if verdict.output:
        ElementTree.SubElement(case, "system-out").text = printable(verdict.output)
