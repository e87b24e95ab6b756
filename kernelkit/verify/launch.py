"""A kernel launched the way a Jupyter server launches it, in a private folder, with its output kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_core.paths import jupyter_runtime_dir

from kernelkit.verify import printed
from kernelkit.verify.conversation import POLL, Conversation, Exchange, KernelSilentError
from kernelkit.verify.leftovers import MARKER, Footprint, Process
from kernelkit.verify.served import ServedProcess, ServedProvisioner
from kernelkit.verify.spec import Spec
from kernelkit.verify.whereabouts import Watch

OUTPUT_KEPT = 64 * 1024  # bytes of the end of a kernel's output
GRACE = 2.0  # seconds: what a kernel started may end a moment after the kernel
PATIENCE = 0.5  # seconds between SIGTERM and SIGKILL, and for a killed process to go
LOCAL = "local-provisioner"  # jupyter_client's own
CLOCK_GRAIN = 0.1  # seconds by which a file's time may lag behind the clock
IOPUB_LIMIT = 0.1  # seconds after which the kernel is asked again, when it replied but published nothing


@runtime_checkable
class Abandonable(Protocol):
    """A provisioner that can let go of its kernel without waiting for anything."""

    def abandon(self) -> None:
        """End the kernel, wherever it is."""


class OneSpec(KernelSpecManager):
    """Answers with one kernelspec, whatever the name: it was read from a directory and need not be installed."""

    def __init__(self, spec: KernelSpec) -> None:
        super().__init__()
        self._spec = spec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - jupyter_client's signature
        """The one kernelspec."""
        return self._spec


def kernel_spec(spec: Spec) -> KernelSpec:
    """Jupyter's own object; keys that it does not know are left out."""
    known = {
        key: value for key, value in spec.document.items() if key in KernelSpec.class_trait_names() and key != "name"
    }
    return KernelSpec(resource_dir=str(spec.folder), **known)


class Launch:
    """One kernel process: spawn it, talk to it, end it. Nothing of it is left after ``clean``."""

    def __init__(self, spec: Spec, name: str, folder: Path, marker: str, context: Any) -> None:
        self.spec = spec
        self.folder = folder
        self.footprint = Footprint(marker)
        self.language = str(spec.document.get("language", "")).lower()
        self.connection_file = Path(jupyter_runtime_dir()) / f"kernel-{marker}.json"
        self.manager = AsyncKernelManager(
            kernel_name=name, kernel_spec_manager=OneSpec(kernel_spec(spec)), context=context,
            connection_file=str(self.connection_file),
        )  # fmt: skip
        self.conversation: Conversation | None = None
        self.interruptible = False
        self.watch = Watch()
        self.spawned: float | None = None  # when there was a process, as time.monotonic
        self.printed = folder / "output"  # the file that its two streams go to
        self.secrets: dict[str, str] = {}
        self._context = context
        self._begun = time.time()
        self._gone = False

    @property
    def talk(self) -> Conversation:
        """The conversation with the spawned kernel."""
        if self.conversation is None:
            raise RuntimeError("the kernel has not been spawned")
        return self.conversation

    @property
    def pid(self) -> int | None:
        """The process that was spawned; None where a provisioner keeps it elsewhere."""
        return getattr(self.manager.provisioner, "pid", None)

    async def spawn(self) -> None:
        """Start the process. Raises OSError, ValueError, RuntimeError as jupyter_client does."""
        notebooks = self.folder / "notebooks"
        notebooks.mkdir(parents=True)
        self.connection_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        env = {
            **os.environ, **printed.decoy(), "KERNELKIT_FALLBACK": "0", "KERNELKIT_BACKGROUND": "0",
            MARKER: self.footprint.marker, "JPY_SESSION_NAME": str(notebooks / "verify.ipynb"),
        }  # fmt: skip
        self.manager.provisioner = self._local_provisioner()
        with self.printed.open("wb") as output:
            await self.manager.start_kernel(cwd=str(notebooks), env=env, stdout=output, stderr=output)
        self.secrets = printed.secrets_of(env, self.manager.session.key)
        if self.pid:
            self.footprint.lead(self.pid, os.getpid())
            if not self.spawned:
                self._watch(self.pid)
        self._converse()

    def _watch(self, pid: int) -> None:
        self.spawned = time.monotonic()
        port = self.manager.shell_port if self.manager.transport == "tcp" else 0
        self.watch.begin(pid, port, str(self.spec.document["argv"][0]))

    def _local_provisioner(self) -> ServedProvisioner | None:
        """Ours in the place of jupyter_client's own; any other is the manager's to make."""
        kernel = kernel_spec(self.spec)
        declared = kernel.metadata.get("kernel_provisioner", {})
        name = declared.get("provisioner_name", KernelProvisionerFactory.instance().default_provisioner_name)
        if name != LOCAL:
            return None
        config = declared.get("config", {})
        made = ServedProvisioner(kernel_id=self.manager.kernel_id, kernel_spec=kernel, parent=self.manager, **config)
        made.started = self._watch
        return made

    def _converse(self) -> None:
        self.conversation = Conversation(self.manager.client(context=self._context), self.exit_code)
        self.conversation.open()

    @property
    def served(self) -> ServedProcess | None:
        """The process, where a server of its own started it."""
        process = getattr(self.manager.provisioner, "process", None)
        return process if isinstance(process, ServedProcess) else None

    async def restart(self, *, new_ports: bool = False) -> None:
        """Have the manager start it again; what is left of the first start is killed, as a server does.

        A local kernel is now the child of a process that plays the server. Raises as ``spawn`` does.
        """
        self.footprint.look()
        if self.conversation:
            await self.conversation.close()
        if isinstance(self.manager.provisioner, ServedProvisioner):
            self.manager.provisioner.through_server = True
        with self.printed.open("ab") as output:
            await self.manager.restart_kernel(now=True, newports=new_ports, stdout=output, stderr=output)
        if self.served:
            self.footprint.lead(self.served.pid, self.served.server)
        self._converse()

    async def exit_code(self) -> int | None:
        """The exit code of the process, negative for a signal; None while it runs."""
        if self.manager.provisioner is None:
            return None
        code: int | None = await self.manager.provisioner.poll()
        return code

    async def answer(self, limit: float) -> None:
        """Wait until it describes itself and is heard. Raises KernelDiedError, KernelSilentError."""
        deadline = time.monotonic() + limit
        first = self.talk.ask_kernel_info()
        await self.talk.until(lambda: first.reply is not None, first, limit)
        self.watch.answered()
        self.language = self._described(first)
        latest = first
        while not (first.heard or latest.heard):
            # What was published before the subscription arrived is lost, so ask until something is heard.
            latest = self.talk.ask_kernel_info()
            await self._hear(latest, deadline, limit)

    async def _hear(self, exchange: Exchange, deadline: float, limit: float) -> None:
        try:
            await self.talk.until(lambda: exchange.heard, exchange, IOPUB_LIMIT)
        except KernelSilentError:
            if time.monotonic() > deadline:
                raise KernelSilentError(limit) from None

    def _described(self, exchange: Exchange) -> str:
        info = (exchange.reply or {}).get("language_info") or {}
        return str(info.get("name") or self.language).lower()

    @property
    def is_python(self) -> bool:
        """Whether Python code can be run in it; the kernel's own word counts, not the kernelspec's."""
        return self.language == "python"

    async def interrupt(self) -> None:
        """Interrupt as the server does: by signal or by message, as the kernelspec says."""
        await self.manager.interrupt_kernel()

    async def request_shutdown(self) -> Exchange:
        """Ask it to end, as the server does for a restart: an interrupt first, then the request."""
        await self.manager.interrupt_kernel()
        request = self.talk.ask_shutdown()
        if self.manager.provisioner:
            await self.manager.provisioner.shutdown_requested(restart=True)
        return request

    async def terminate(self) -> None:
        """Send SIGTERM, as the server does to a kernel that did not end when it was asked to."""
        if self.manager.provisioner:
            await self.manager.provisioner.terminate()

    async def ended(self, limit: float) -> float | None:
        """Wait for the process to end; the seconds that it took, or None after ``limit`` seconds."""
        begin = time.monotonic()
        while await self.exit_code() is None:
            if time.monotonic() - begin > limit:
                return None
            await asyncio.sleep(POLL)
        return time.monotonic() - begin

    def output(self) -> str:
        """The end of what it printed, without the secrets in it."""
        try:
            with self.printed.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - OUTPUT_KEPT))
                return printed.without(stream.read().decode(errors="replace"), self.secrets)
        except FileNotFoundError:
            return ""

    async def left(self, grace: float = GRACE) -> list[Process]:
        """The processes that are still there after a moment's grace."""
        deadline = time.monotonic() + grace
        while (found := self.footprint.look()) and time.monotonic() < deadline:
            await asyncio.sleep(POLL)
        return found

    async def clean(self) -> None:
        """End every process of it, politely first, and remove what it left; quiet where there is nothing."""
        if self.conversation:
            await self.conversation.close()
        if self.footprint.send(signal.SIGTERM):
            await self.left(PATIENCE)
        self.drop()
        await self.manager.cleanup_resources()

    def drop(self) -> None:
        """What must happen even in an interrupted run, at once: kill, and remove files."""
        if self._gone:
            return
        self._gone = True
        self.watch.end()
        if isinstance(self.manager.provisioner, Abandonable):
            self.manager.provisioner.abandon()
        self.footprint.kill()
        self._reap()
        self.manager.cleanup_connection_file()
        for file in self.own_connection_files():
            file.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _reap(self) -> None:
        process = getattr(self.manager.provisioner, "process", None)
        if isinstance(process, subprocess.Popen | ServedProcess):
            # One that waits for a hung file system cannot be killed, and is not waited for.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)

    def own_connection_files(self) -> list[Path]:
        """What its processes wrote themselves, as ipykernel does when it is told of no connection file."""
        runtime = self.connection_file.parent
        files = [runtime / f"kernel-{pid}.json" for pid in self.footprint.pids]
        return [file for file in files if file.exists() and file.stat().st_mtime >= self._begun - CLOCK_GRAIN]
