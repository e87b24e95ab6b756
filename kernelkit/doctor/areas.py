"""The CVMFS repositories that installed kernels use: whether each is there, answers, and how fast."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from kernelkit.doctor.finding import Finding
from kernelkit.doctor.looking import Looker, NoAnswer
from kernelkit.doctor.machine import Machine, roots
from kernelkit.doctor.onlooker import Area, areas_in

SLOW = 1.0  # seconds for one look, after which a set-up of a hundred files takes a minute
SIDE_BY_SIDE = 8
# What broken clients answer: cvmfs/cvmfs#3401, #3512, #3992.
ERRORS = {
    errno.ENOENT: "area-missing", errno.ELOOP: "area-loop", errno.ENOTCONN: "area-disconnected",
    errno.ECONNABORTED: "area-disconnected",
}  # fmt: skip


def check_areas(machine: Machine) -> Iterator[Finding]:
    """Each repository once, side by side. What is hung is not looked at again by anybody."""
    users = _users(machine)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        answers = list(pool.map(lambda path: _look(path, machine.looker.limit), users))
    for (path, kernels), answer in zip(users.items(), answers, strict=True):
        if isinstance(answer, NoAnswer):
            machine.looker.knows_hung(path)
        yield _judged(path, sorted(kernels), answer, machine.looker.limit)


def _look(path: str, limit: float) -> Area | NoAnswer:
    with Looker(limit) as looker:
        answer: Area | NoAnswer = looker.ask("area", path)
        return answer


def _judged(path: str, kernels: list[str], answer: Area | NoAnswer, limit: float) -> Finding:
    used = f"used by {', '.join(kernels[:3])}" + (f" and {len(kernels) - 3} more" if len(kernels) > 3 else "")
    if isinstance(answer, NoAnswer):
        return Finding("area-hung", f"{path} did not answer within {limit:g} s; {used}", file=path)
    if answer.error:
        id_ = ERRORS.get(answer.error, "area-unreadable")
        return Finding(id_, f"{path}: {os.strerror(answer.error)}; {used}", file=path)
    known = answer.attributes
    revision = f", revision {known['user.revision']}" if "user.revision" in known else ""
    name = f" of {known['user.fqrn']}" if known.get("user.fqrn") else ""
    took = f"{path} answered in {answer.seconds * 1000:.0f} ms{revision}{name if revision else ''}; {used}"
    return Finding("area-slow" if answer.seconds > SLOW else "area-answers", took, file=path)


def _users(machine: Machine) -> dict[str, set[str]]:
    """The repositories that kernels name in kernel.json or in their wrappers, each with the kernels' names."""
    users: dict[str, set[str]] = {}
    known = roots(machine.specs)
    for spec, argv in machine.argvs:
        named = areas_in(json.dumps([argv, (spec.document or {}).get("env")], ensure_ascii=False), known)
        for path in sorted(named):
            users.setdefault(path, set()).add(spec.name)
    # Wrappers may lie in these very repositories: they are read once it is known that those answer.
    for path in users:
        answer = machine.looker.ask("area", path)
        if isinstance(answer, NoAnswer):
            machine.looker.knows_hung(path)
    for spec, _ in machine.argvs:
        for _, wrapper in machine.wrappers(spec):
            for path in wrapper.areas:
                users.setdefault(path, set()).add(spec.name)
    return dict(sorted(users.items()))
