"""What is wrong, or soon will be, with this machine's kernels and with the Jupyter that offers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from kernelkit.doctor.areas import check_areas
from kernelkit.doctor.finding import Finding, worst_first
from kernelkit.doctor.leaks import check_leaks
from kernelkit.doctor.looking import Looker
from kernelkit.doctor.machine import Machine, ask_server, survey
from kernelkit.doctor.paths import check_native, check_search_path, check_shadows
from kernelkit.doctor.permissions import check_closed, check_open, check_private
from kernelkit.doctor.specs import check_software, check_specs
from kernelkit.doctor.wrappers import check_wrappers, judge_files

LIMIT = 8.0  # seconds that a path may take to answer

# In this order: the areas come first, so that nothing waits twice for one that hangs.
CHECKS: dict[str, Callable[[Machine], Iterator[Finding]]] = {
    "software areas": check_areas,
    "search path": check_search_path,
    "shadowed kernels": check_shadows,
    "python3": check_native,
    "kernelspecs": check_specs,
    "software": check_software,
    "wrappers": check_wrappers,
    "permissions": check_open,
    "readability": check_closed,
    "private folders": check_private,
    "variables": check_leaks,
}


def examine(server: Path | None, limit: float, say: Callable[[str], None]) -> list[Finding]:
    """Everything that is found, the worst first. Nothing hangs it for longer than ``limit`` seconds a path.

    Raises SoftwareError where ``server`` is no Python with Jupyter.
    """
    described = ask_server(server)
    with Looker(limit) as looker:
        machine = survey(described, looker, say)
        findings: list[Finding] = []
        for name, check in CHECKS.items():
            say(name)
            findings.extend(check(machine))
    return worst_first(findings)


__all__ = ["LIMIT", "Finding", "examine", "judge_files", "worst_first"]
