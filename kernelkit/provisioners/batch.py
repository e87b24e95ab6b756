"""The life of a kernel in a batch system, from a job handed in to nothing left; Jupyter calls each method."""

from __future__ import annotations

import asyncio
import re
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Any as AnyTrait
from traitlets import Unicode

from kernelkit.provisioners import connection, endings, settings
from kernelkit.provisioners.mailbox import Answers, Mailbox, unwritable
from kernelkit.provisioners.place import Place, PlaceError
from kernelkit.provisioners.places import place_of
from kernelkit.provisioners.script import request, script
from kernelkit.provisioners.settings import Settings
from kernelkit.provisioners.watch import GivenUpError, Handing, Job, Watch, watch_of
from kernelkit.reserved import RESOURCES

PASSED = {"JPY_SESSION_NAME", "KERNELKIT_FALLBACK", "KERNELKIT_BACKGROUND", "KERNELKIT_SNAPSHOT"}
POLL = 0.1  # seconds between two looks into a mailbox
CANCEL_LIMIT = 4.0  # seconds that a shutdown waits for cancelling
SIGNAL_LIMIT = 2.0  # seconds that an interrupt, which a shutdown begins with, waits for the batch system
ABANDONED = 3600.0  # seconds without a sign of life after which a server has been killed
LAST_WORDS = 5  # lines of what a kernel printed before its job ended
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class BatchProvisioner(KernelProvisionerBase):
    """Runs a kernel as a job; a subclass names the place. The traits are the resources of kernel.json's config."""

    place_name: ClassVar[str] = ""
    partition = AnyTrait("", config=True)
    account = AnyTrait("", config=True)
    cpus = AnyTrait("", config=True)
    memory = AnyTrait("", config=True)
    time = AnyTrait("", config=True)
    gpus = AnyTrait("", config=True)
    encryption = Unicode("", config=True)

    job: Job | None = None
    _handing: Handing | None = None
    _running = False
    _reported = False

    @cached_property
    def settings(self) -> Settings:
        """The site's and the user's settings. Raises DefinitionError."""
        return settings.read(self.place_name)

    @cached_property
    def place(self) -> Place:
        """The batch system."""
        return place_of(self.place_name, self.settings.programs)

    @property
    def watch(self) -> Watch:
        """What looks after all jobs of this place."""
        return watch_of(self.place_name, self.settings.programs)

    @property
    def resources(self) -> dict[str, str]:
        """What the kernelspec asks for, over the site's and the user's defaults."""
        asked = {name: str(getattr(self, name)) for name in RESOURCES}
        return {**self.settings.defaults, **{name: value for name, value in asked.items() if value}}

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """The command with the connection file still to be filled in on the node."""
        extra = kwargs.pop("extra_arguments", None) or []
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        argv = [argument.replace("{prefix}", sys.prefix) for argument in [*self.kernel_spec.argv, *extra]]
        return {**prepared, "cmd": argv}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start it again in the job that there is, or hand in a job; return once the kernel has told its ports.

        Cancelled or failed, it leaves no job. Raises PlaceError, GivenUpError.
        """
        env, folder = kwargs.get("env") or {}, str(kwargs.get("cwd") or Path.home())
        try:
            self.connection_info = await self._launched(cmd, env, folder)
        except GivenUpError:
            raise  # whoever gave it up has ended it, and may have begun another start
        except BaseException as error:
            await self.cleanup()
            if isinstance(error, OSError):
                raise unwritable(self.settings.mailboxes, error) from error
            raise
        return self.connection_info

    async def _launched(self, cmd: list[str], env: Mapping[str, str], folder: str) -> KernelConnectionInfo:
        again = self.job is not None and not self._end_of_job(self.job)
        if not again:
            await self.cleanup()
        content, environment = self._offer(known=again), self._environment(env, folder)
        if again:
            self._start_again(content, environment)
        else:
            await self._hand_in(cmd, content, environment)
        assert self.job
        self._running, self._reported = True, False
        return connection.accepted(await self._told(self.job), content)

    def _offer(self, *, known: bool) -> dict[str, Any]:
        wanted = self.settings.encrypted(self.encryption)
        content = connection.offer(self.parent, encryption=wanted, known=known, picked=bool(self.settings.ports))
        if "curve_secretkey" not in content and not known:
            self.log.warning("What this kernel and the server say to each other is not encrypted on its way.")
        return content

    def _environment(self, env: Mapping[str, str], folder: str) -> dict[str, str]:
        """What the kernel gets besides the job's own environment; nothing that the server alone should have."""
        names = {*self.kernel_spec.env, *self.settings.environment, *PASSED}
        kept = {name: env[name] for name in names if name in env and NAME.fullmatch(name)}
        return {**kept, "PWD": folder}

    def _start_again(self, content: dict[str, Any], environment: dict[str, str]) -> None:
        assert self.job
        self.job.mailbox.put_start(content, environment)
        self.job.generation += 1
        self.job.order("run")

    async def _hand_in(self, cmd: list[str], content: dict[str, Any], environment: dict[str, str]) -> None:
        settings.check(self.settings, self.resources, self.place.resources)
        mailbox = Mailbox.create(self.settings.mailboxes, f"{self.kernel_id}-{secrets.token_hex(4)}")
        self._handing = handing = Handing(self.watch, mailbox, self.settings.grace)
        try:
            await asyncio.to_thread(self.watch.sweep, self.settings.mailboxes, max(ABANDONED, 10 * self.settings.grace))
            mailbox.put_start(content, environment)
            spec = {**self.kernel_spec.to_dict(), "argv": cmd}
            asked = request(self.settings, self.resources, spec, self.kernel_spec.resource_dir, mailbox.folder)
            mailbox.put_script(script(self.place, asked))
            mailbox.order(1, "run")
            self.job = await handing.wanted_job()
        except BaseException:
            handing.give_up()
            mailbox.remove()
            raise
        finally:
            self._handing = None if self._handing is handing else self._handing
        self.log.info("%s: job %s was handed in", self.place.name, self.job.id)

    async def _told(self, job: Job) -> dict[str, Any]:
        """Wait, however long the queue is, until the kernel has told its ports. Raises PlaceError, GivenUpError."""
        limit, shown = self.settings.queue_limit, ""
        deadline = time.monotonic() + limit
        while not (answers := job.mailbox.answers(job.generation)).connection:
            ended = self._end(job, answers) is not None
            problem = await endings.why(job, self.watch) if ended else ""
            if self.job is not job:
                raise GivenUpError(job.id)
            if ended:
                printed = job.mailbox.output()
                raise PlaceError(problem, printed or "It printed nothing.", code=answers.ended, output=printed)
            if not answers.node and time.monotonic() > deadline:
                raise PlaceError(f"job {job.id} did not start within {limit} s", "places.toml sets queue_limit.")
            running = f"running on {answers.node} ({answers.address})"
            words = running if answers.node else job.silent or job.state.words
            if words != shown:
                shown = words
                self._say(f"{self.place.name}: job {job.id}: {words}")
            await asyncio.sleep(POLL)
        self._say("")
        return answers.connection

    def _say(self, words: str) -> None:
        """To the log, and to whoever asks a server for its kernels (jupyter_server, ``reason``)."""
        if words:
            self.log.info(words)
        manager: Any = self.parent
        if hasattr(manager, "reason"):
            manager.reason = words

    # ---- life

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel to speak of."""
        return self._running

    def _end(self, job: Job, answers: Answers | None = None) -> int | None:
        """The exit code of the kernel; None while it waits or runs. No batch system is asked."""
        answers = answers or job.mailbox.answers(job.generation)
        if answers.ended is not None:
            return answers.ended
        return 1 if answers.gone or job.state.kind == "ended" else None

    async def poll(self) -> int | None:
        """None while it is alive; it asks no batch system."""
        if self.job is None:
            return 1
        code = self._end(self.job)
        wanted = self.job.word == "run" and self._running and not getattr(self.parent, "shutting_down", False)
        if code is not None and wanted and not self._reported:
            self._reported = True
            await self._report(self.job)
        return code

    async def _report(self, job: Job) -> PlaceError:
        """Log why it ended, and return it."""
        cause = await endings.why(job, self.watch)
        self.log.warning("%s: %s", self.place.name, cause)
        return PlaceError(cause, "Restart the kernel once more for another job.", output=job.mailbox.output(LAST_WORDS))

    async def wait(self) -> int | None:
        """Wait for the end of the kernel."""
        while (code := await self.poll()) is None:
            await asyncio.sleep(POLL)
        self._running = False
        return code

    async def send_signal(self, signum: int) -> None:
        """To the kernel's processes on the node; nothing for one that waits or has ended."""
        if signum == 0 or self.job is None or self._end(self.job) is not None:
            return
        if signum in (signal.SIGTERM, signal.SIGKILL):
            await self.kill()
        elif self.job.mailbox.answers(self.job.generation).node:
            name = signal.Signals(signum).name.removeprefix("SIG")
            sending = asyncio.create_task(self._signal(self.job, name))
            await asyncio.wait({sending}, timeout=SIGNAL_LIMIT)

    async def _signal(self, job: Job, name: str) -> None:
        """By the batch system; where it cannot, the job's script interrupts its kernel."""
        try:
            await asyncio.to_thread(self.place.signal, job.id, name)
        except PlaceError as error:
            if name == "INT":
                job.interrupt()
            else:
                self.log.warning("SIG%s did not reach the kernel: %s", name, error.problem)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 - not always told truly
        """End the kernel and leave it its job, which ``cleanup`` ends; its script does it, not the batch system."""
        if self.job and self._end(self.job) is None:
            self.job.order("kill")
            if not self.job.mailbox.answers(self.job.generation).node:
                await self.cleanup()

    async def terminate(self, restart: bool = False) -> None:
        """The same: srun gives the kernel no grace."""
        await self.kill(restart)

    # ---- end

    async def cleanup(self, restart: bool = False) -> None:
        """End the job and remove its folder, unless a restart follows, which takes place in it."""
        job = self.job
        if job and restart and not self._end_of_job(job):
            return
        self.abandon()
        deadline = time.monotonic() + CANCEL_LIMIT
        while job and self.watch.is_ending(job) and time.monotonic() < deadline:
            await asyncio.sleep(POLL / 4)

    def _end_of_job(self, job: Job) -> bool:
        return job.state.kind == "ended" or bool(job.mailbox.answers(job.generation).gone)

    def abandon(self) -> None:
        """End the job at once, one that is being handed in too, without waiting for the batch system's answer."""
        if self._handing:
            self._handing.give_up()
        if self.job is None:
            return
        self.job.order("stop")
        self.watch.end(self.job)
        self.job.mailbox.remove()
        self.job, self._running = None, False

    # ---- another server takes over

    async def get_provisioner_info(self) -> dict[str, Any]:
        """What another process needs to go on with this kernel; it holds the key of the connection."""
        info: dict[str, Any] = await super().get_provisioner_info()
        if self.job:
            job = self.job
            info |= {"job": job.id, "mailbox": str(job.mailbox.folder), "generation": job.generation}
        return info

    async def load_provisioner_info(self, provisioner_info: dict[str, Any]) -> None:
        """Go on with a kernel that another process started, while its grace lasts."""
        await super().load_provisioner_info(provisioner_info)
        if "job" in provisioner_info:
            mailbox = Mailbox(Path(provisioner_info["mailbox"]))
            self.job = Job(provisioner_info["job"], mailbox, int(provisioner_info["generation"]))
            self._running = self._end(self.job) is None
            self.job.order("run")
            self.watch.add(self.job, self.settings.grace)
