"""Verdicts as JUnit XML: a test suite per kernel, and node where there are several, a test case per check.

There is no standard; what is written here is read the same way by all three (as of 2026):

- Jenkins: ``junit-10.xsd`` of its xunit plugin allows no ``skipped`` on ``testsuites``, demands name, tests, failures
  and errors of a ``testsuite``; its reports split a classname at the last dot, so that a name must have none.
- GitLab (unit test reports): shows classname as the suite, of cases of one name only the first, and of ``skipped`` and
  ``failure`` the content, not the attributes; reads files that end in .xml, up to 30 MB.
- GitHub has none of its own; the reporters for its Actions show ``message`` first, then the content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from kernelkit.report.printable import printable
from kernelkit.verify.verdict import Check, Verdict


def junit(verdicts: Sequence[Verdict]) -> str:
    """The whole document, to be written as UTF-8."""
    counts = _counts([check for verdict in verdicts for check in verdict.checks])
    del counts["skipped"]
    root = ElementTree.Element("testsuites", {"name": "kernelkit", **counts})
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
    suite = ElementTree.Element("testsuite", {"name": _name(verdict), **_counts(verdict.checks)})
    blamed = verdict.failed_checks[:1]
    names: Counter[str] = Counter()
    for check in verdict.checks:
        case = _case(verdict, check)
        names[check.id] += 1
        if names[check.id] > 1:
            case.set("name", f"{printable(check.id)} ({names[check.id]})")
        suite.append(case)
        if check in blamed:
            _explain(case, verdict, check)
    return suite


def _name(verdict: Verdict) -> str:
    return printable(f"{verdict.name} on {verdict.node}" if verdict.node else verdict.name)


def _case(verdict: Verdict, check: Check) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        {
            "classname": f"kernelkit.{_name(verdict).replace('.', '_')}",
            "name": printable(check.id),
            "time": f"{check.seconds:.3f}",
        },
    )
    detail = printable(check.detail)
    if check.status == "failed":
        ElementTree.SubElement(case, "failure", {"message": detail, "type": printable(check.id)}).text = detail
    elif check.status == "skipped":
        ElementTree.SubElement(case, "skipped", {"message": detail}).text = detail
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
