"""Verdicts as text, as JSON, as JUnit XML and as a page for a browser."""

from kernelkit.report.fleet_table import fleet_table
from kernelkit.report.html_report import html
from kernelkit.report.json_report import as_json
from kernelkit.report.junit_report import junit
from kernelkit.report.text_report import text
from kernelkit.report.writable import check_writable, write

__all__ = ["as_json", "check_writable", "fleet_table", "html", "junit", "text", "write"]
