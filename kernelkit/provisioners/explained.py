"""A kernel in a batch system that tells in the notebook why there is none, where it has no job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_client.connect import KernelConnectionInfo

from kernelkit.provisioners import connection
from kernelkit.provisioners.batch import BatchProvisioner
from kernelkit.provisioners.place import PlaceError
from kernelkit.provisioners.telling import SWITCH, TellingKernel
from kernelkit.provisioners.watch import Job


class ExplainedProvisioner(BatchProvisioner):
    """Starts a kernel beside the server that says why, where no job was taken, or one ended by itself.

    The restart after that hands in a job. With KERNELKIT_FALLBACK=0 errors are raised, as ``BatchProvisioner`` does.
    """

    _telling: TellingKernel | None = None
    _untold: PlaceError | None = None  # why a job ended, as long as no notebook shows it
    _was_there = _restarts = False

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """As its parent; or tell why that cannot be. Raises PlaceError."""
        self._end_telling()
        self._restarts = self._was_there
        try:
            await self._raise_untold()
            return await super().launch_kernel(cmd, **kwargs)
        except PlaceError as why:
            return await self._tell(why, kwargs)
        finally:
            self._was_there, self._restarts = True, False

    async def _raise_untold(self) -> None:
        untold, self._untold = self._untold, None
        if untold:
            await self.cleanup()
            raise untold

    async def _tell(self, why: PlaceError, kwargs: Mapping[str, Any]) -> KernelConnectionInfo:
        """Raises the error itself where that cannot be, or is not wanted."""
        env = kwargs.get("env") or {}
        if not self._reported:
            self.log.warning("%s: %s", self.place_name, why.problem)
        if env.get(SWITCH) == "0":
            raise why
        offered = connection.offer(self.parent, encryption="auto", known=False)
        try:
            self._telling = TellingKernel(why, self._described(), env, str(kwargs.get("cwd") or ""))
            told = await self._telling.start(offered)
        except OSError:
            told = {}
        except BaseException:
            self._end_telling()
            raise
        if not told:
            self._end_telling()
            raise why
        self.connection_info = connection.accepted(told, offered)
        return self.connection_info

    def _described(self) -> dict[str, str]:
        """The kernel that it stands for."""
        manager: Any = self.parent
        made = self.kernel_spec.metadata.get("kernelkit") or {}
        version = ".".join(map(str, (made.get("interpreter") or {}).get("version", ())))
        return {"name": manager.kernel_name, "language": self.kernel_spec.language, "version": version}

    def _end_telling(self) -> None:
        if self._telling:
            self._telling.end()
            self._telling = None

    async def _report(self, job: Job) -> PlaceError:
        """Where the job has ended, a notebook is told before there is another."""
        why = await super()._report(job)
        if self._end_of_job(job):
            self._untold = why
        return why

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel to speak of."""
        return self._telling is not None or super().has_process

    async def poll(self) -> int | None:
        """None while it is alive; it asks no batch system.

        One that is queued for the first time is; one that starts again is not before it has told its ports, or a front
        end that comes back in between (jupyter_server's channels.py, prepare) would stay at the old ones.
        """
        if self._restarts:
            return 1
        return self._telling.poll() if self._telling else await super().poll()

    async def send_signal(self, signum: int) -> None:
        """To the one that tells, or to the kernel's processes on the node."""
        if self._telling:
            self._telling.send(signum)
        else:
            await super().send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """As its parent."""
        self._end_telling()
        await super().kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """As its parent."""
        self._end_telling()
        await super().cleanup(restart)

    def abandon(self) -> None:
        """As its parent."""
        self._end_telling()
        super().abandon()
