"""The verification of one kernelspec, from its directory to a verdict."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from traitlets import TraitError

from kernelkit.causes import NONE, Cause, cause
from kernelkit.provisioners.place import PlaceError
from kernelkit.verify import checks, endings, logos, spec, whereabouts
from kernelkit.verify.causes import explain, of_check, port_clash
from kernelkit.verify.checks import CheckError, Finding, failed
from kernelkit.verify.conversation import POLL, KernelDiedError, KernelSilentError
from kernelkit.verify.evidence import Doubt, Evidence
from kernelkit.verify.guard import Guard
from kernelkit.verify.launch import Launch, kernel_spec
from kernelkit.verify.verdict import Check, Phase, Target, Verdict

DEAD = "the kernel has died"


class UnlaunchedError(Exception):
    """The kernel never came to run checks."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.cause)
        self.cause = cause


class Trial:
    """One kernel's verification. ``drop`` may be called at any moment and leaves nothing behind."""

    def __init__(self, target: Target, *, folder: Path, marker: str, limit: float, context: Any, guard: Guard) -> None:
        self.target = target
        self.limit = limit
        self._place = (folder, marker, context)
        self._guard = guard
        self._checks: list[Check] = []
        self._phases: list[Phase] = []
        self._begun = 0.0
        self._cause = NONE
        self._output = ""
        self._launch: Launch | None = None
        self._spec: spec.Spec | None = None
        self._doubts: tuple[Doubt, ...] = ()
        self._silent = False

    async def run(self, ending: Callable[[], None]) -> Verdict:
        """Launch and look. ``ending`` is called when only an end is left to wait for, which costs next to nothing."""
        try:
            await self._before()
            await self._start()
            await self._look()
            await self._end_and_restart()
        except UnlaunchedError as unlaunched:
            self._cause = unlaunched.cause
            self._skip()
        finally:
            ending()
        await self._end()
        return self._verdict()

    def drop(self) -> None:
        """Kill every process and remove every file, at once."""
        if self._launch:
            self._launch.drop()

    # ---- before the launch

    async def _before(self) -> None:
        begin = time.monotonic()
        try:
            self._spec = spec.read(self.target.path)
        except spec.SpecError as fault:
            self._add("spec", failed(str(fault)), begin)
            raise UnlaunchedError(cause(fault.cause_id, str(fault))) from fault
        finding = _provisioner(self._spec)
        self._add("spec", finding, begin)
        if finding.status == "failed":
            raise UnlaunchedError(cause(finding.cause_id, finding.detail))
        self._files(self._spec)

    def _files(self, read: spec.Spec) -> None:
        begin = time.monotonic()
        self._doubts = tuple(spec.doubts(read))
        fault = spec.command_fault(read)
        if fault:
            self._add("files", failed(fault.words, fault.cause_id), begin)
            raise UnlaunchedError(cause(fault.cause_id, f"argv[0]: {fault.words}"))
        self._add("files", _note(self._doubts + tuple(logos.faults(read.folder))), begin)

    # ---- the launch

    async def _start(self) -> None:
        begin = time.monotonic()
        try:
            if not await self._answers():
                await self._answers(last=True)
        except PlaceError as refused:
            self._refuse(begin, self._refusal(refused), refused.problem)
        except (OSError, ValueError, RuntimeError, TypeError, TraitError) as error:
            self._refuse(begin, cause("spawn-failed", f"it could not be spawned: {error}"))
        except KernelDiedError as died:
            self._refuse(begin, explain(self._evidence(died.code)), str(died))
        except KernelSilentError as silent:
            self._refuse(begin, explain(self._evidence(None)), str(silent))
        self._phases_of_launch()
        self._add("start", checks.PASSED, begin)

    async def _answers(self, *, last: bool = False) -> bool:
        """Launch; False where another program took a port meanwhile, for which the kernel is not to blame."""
        assert self._spec
        self._phases.clear()
        self._begun = time.monotonic()
        self._launch = launch = Launch(self._spec, self.target.name, *self._place)
        await launch.spawn()
        self._watch(launch)
        self._phase("spawn", launch.spawned or time.monotonic())
        try:
            await launch.answer(self.limit)
        except (KernelDiedError, KernelSilentError) as error:
            code = error.code if isinstance(error, KernelDiedError) else None
            if last or not port_clash(self._evidence(code)):
                raise
            await launch.clean()
            return False
        return True

    def _phases_of_launch(self) -> None:
        """Where it was seen: the wrapper until it became the interpreter, and that until it listened; then the rest."""
        assert self._launch
        watch = self._launch.watch
        if watch.last and not watch.last.is_shell:
            self._phase("steps", watch.turned)
        self._phase("interpreter", watch.listening)
        self._phase("kernel_info", time.monotonic())

    def _refusal(self, refused: PlaceError) -> Cause:
        """Why there is no kernel on a node: the batch system's words, or what the kernel printed before it ended."""
        if refused.code is None:
            return cause("job-failed", refused.problem)
        return explain(Evidence(refused.code, refused.output, self.limit, self._doubts, False, ""))

    def _refuse(self, begin: float, cause: Cause, detail: str = "") -> None:
        self._add("start", failed(detail or cause.cause), begin)
        raise UnlaunchedError(cause)

    def _evidence(self, code: int | None) -> Evidence:
        assert self._launch
        launch = self._launch
        living = [whereabouts.look(process.pid) for process in launch.footprint.look()] if code is None else []
        return Evidence(
            code, launch.output(), self.limit, self._doubts, bool(launch.own_connection_files()),
            os.path.realpath(launch.connection_file), spec.script(launch.spec), launch.watch.last,
            tuple(sight for sight in living if sight),
        )  # fmt: skip

    def _watch(self, launch: Launch) -> None:
        if launch.footprint.leader:
            self._guard.watch(launch.footprint.leader)

    # ---- the running kernel

    async def _look(self) -> None:
        assert self._launch
        begin = time.monotonic()
        # A job's wait in the queue is not the kernel's.
        spent = self._spent() if self._launch.pid is not None else 0.0
        await self._check(*checks.FIRST, limit=max(self.limit - spent, POLL))
        self._phases.append(Phase("first reply", time.monotonic() - begin))
        for name, function in checks.after_first(self._launch):
            await self._check(name, function)

    async def _check(self, name: str, function: checks.Function, *, limit: float | None = None) -> None:
        assert self._launch
        begin = time.monotonic()
        try:
            if await self._launch.exit_code() is not None:
                finding = checks.skipped(DEAD)
            elif self._silent:
                finding = checks.skipped("the kernel does not answer any more")
            else:
                finding = await function(self._launch, limit or self.limit)
        except KernelSilentError as silent:
            self._silent = True
            finding = failed(str(silent), "stopped-answering")
        except (KernelDiedError, CheckError) as error:
            finding = failed(str(error))
        self._add(name, finding, begin)

    # ---- its ends

    async def _end_and_restart(self) -> None:
        """The two go together: a server ends a kernel for a restart as it ends one for good."""
        assert self._launch
        launch = self._launch
        await self._ending("shutdown", lambda: endings.shutdown(launch))
        await self._ending("restart", lambda: endings.restart(launch, self.limit), of_living=False)
        self._watch(launch)

    async def _end(self) -> None:
        launch = self._launch
        if launch is None:
            return
        if not self._cause:
            await self._ending("parent", lambda: endings.parent(launch, self.limit))
        self._output = launch.output()
        await launch.clean()

    @property
    def _unstarted(self) -> bool:
        return any(check.id == "restart" and check.status == "failed" for check in self._checks)

    async def _ending(self, name: str, look: Callable[[], Awaitable[Finding]], *, of_living: bool = True) -> None:
        assert self._launch
        begin = time.monotonic()
        # One that died in a check is not started again, and one that did not start again has no server to lose.
        died = any(check.detail == DEAD for check in self._checks)
        try:
            if self._unstarted:
                finding = checks.skipped("the kernel did not start again")
            elif died or (of_living and await self._launch.exit_code() is not None):
                finding = checks.skipped(DEAD)
            else:
                finding = await look()
        except (KernelDiedError, KernelSilentError, CheckError) as error:
            finding = failed(str(error))
        self._phases.append(Phase(name, time.monotonic() - begin))
        self._add(name, finding, begin)

    # ---- what is collected

    def _add(self, name: str, finding: Finding, begin: float) -> None:
        spent = time.monotonic() - begin
        self._checks.append(Check(name, finding.status, finding.detail, spent, finding.cause_id))

    def _skip(self) -> None:
        """Every check has its line, whatever became of the kernel."""
        made = {check.id for check in self._checks}
        missing = [name for name in checks.IDS if name not in made]
        self._checks += [Check(name, "skipped", "the kernel did not start") for name in missing]

    def _phase(self, name: str, until: float | None) -> None:
        """It began where the one before it ended; none where its end was not seen."""
        if until is not None:
            self._phases.append(Phase(name, max(until - self._begun - self._spent(), 0.0)))

    def _spent(self) -> float:
        return sum(phase.seconds for phase in self._phases)

    def _verdict(self) -> Verdict:
        failures = [check for check in self._checks if check.status == "failed"]
        blamed = self._cause
        if failures and not blamed:
            blamed = of_check(failures[0].id, failures[0].detail, failures[0].cause_id)
        title = self._spec.display_name if self._spec else ""
        return Verdict(
            self.target.name, self.target.path, title, not failures, tuple(self._checks), tuple(self._phases),
            blamed.cause, blamed.advice, self._output, blamed.id, blamed.where,
        )  # fmt: skip


def _note(doubts: tuple[Doubt, ...]) -> Finding:
    if not doubts:
        return checks.PASSED
    return Finding("note", "; ".join(doubt.words for doubt in doubts), doubts[0].cause_id)


def _provisioner(read: spec.Spec) -> Finding:
    declared = read.document.get("metadata", {}).get("kernel_provisioner", {})
    if not isinstance(declared, dict):
        return failed("metadata.kernel_provisioner is not an object", "spec-field")
    if KernelProvisionerFactory.instance().is_provisioner_available(kernel_spec(read)):
        return checks.PASSED
    return failed(f"the provisioner {declared.get('provisioner_name')!r} is not installed here", "provisioner-missing")
