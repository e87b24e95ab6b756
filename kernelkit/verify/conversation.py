"""Requests to a kernel and all that comes back for each, with the kernel's death noticed within milliseconds."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

POLL = 0.02  # seconds between two looks at the process
# Seconds between two looks at a socket. jupyter_client sends past asyncio (session.py, Socket.shadow), and a send
# can swallow the wake-up of a reply that comes at the same moment: whoever waits without end then waits for ever.
LISTEN = 0.05
KEPT = 1 << 20  # characters of one cell's output that are kept


class KernelDiedError(Exception):
    """The kernel's process ended; ``code`` is its exit code, negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the kernel {ending(code)}")
        self.code = code


class KernelSilentError(Exception):
    """No answer in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s")


def ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


@dataclass
class Exchange:
    """One request and what came back for it so far."""

    reply: dict[str, Any] | None = None
    idle: bool = False
    heard: bool = False
    result: str = ""
    streams: dict[str, str] = field(default_factory=lambda: {"stdout": "", "stderr": ""})
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def complete(self) -> bool:
        """Replied to, and all of its output is here."""
        return self.reply is not None and self.idle

    @property
    def status(self) -> str:
        """``ok``, ``error`` or ``aborted``; empty while there is no reply."""
        return str(self.reply.get("status", "")) if self.reply else ""

    @property
    def stdout(self) -> str:
        """What it printed."""
        return self.streams["stdout"]

    @property
    def error(self) -> str:
        """The exception in one line; empty where there was none."""
        if self.status != "error" or self.reply is None:
            return "" if self.status == "ok" else f"the reply's status is {self.status!r}"
        return f"{self.reply.get('ename', '')}: {self.reply.get('evalue', '')}".strip().splitlines()[0]

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Add a message that the kernel published."""
        self.heard = True
        if kind == "status":
            self.idle = self.idle or content.get("execution_state") == "idle"
        elif kind == "stream" and content.get("name") in self.streams:
            kept = self.streams[content["name"]] + str(content.get("text", ""))
            self.streams[content["name"]] = kept[-KEPT:]
        elif kind in ("execute_result", "display_data"):
            self.result = str(content.get("data", {}).get("text/plain", ""))


class Conversation:
    """What is said over a client's shell, control and iopub channels, sorted by the request that it belongs to."""

    def __init__(self, client: Any, exit_code: Callable[[], Awaitable[int | None]]) -> None:
        self._client = client
        self._exit_code = exit_code
        self._exchanges: dict[str, Exchange] = {}
        self._readers: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Connect. Standard input and heartbeat are not asked of a kernel here."""
        self._client.start_channels(stdin=False, hb=False)
        self._readers = [
            asyncio.create_task(self._listen(channel))
            for channel in (self._client.shell_channel, self._client.control_channel, self._client.iopub_channel)
        ]

    async def close(self) -> None:
        """Disconnect."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._client.stop_channels()

    async def _listen(self, channel: Any) -> None:
        while True:
            try:
                message = await channel.get_msg(timeout=LISTEN)
            except (Empty, ValueError):
                continue  # a ValueError: signed with another key, or garbled, as good as no answer
            exchange = self._exchanges.get(message["parent_header"].get("msg_id", ""))
            if exchange is None:
                continue
            if channel is self._client.iopub_channel:
                exchange.take(message["header"]["msg_type"], message["content"])
            else:
                exchange.reply = message["content"]
            exchange.changed.set()

    def _exchange(self, message_id: str) -> Exchange:
        return self._exchanges.setdefault(message_id, Exchange())

    def ask_kernel_info(self) -> Exchange:
        """Send a kernel_info request."""
        return self._exchange(self._client.kernel_info())

    def ask_shutdown(self) -> Exchange:
        """Send the request to end that comes before a restart."""
        return self._exchange(self._client.shutdown(restart=True))

    def start(self, code: str, expressions: dict[str, str] | None = None) -> Exchange:
        """Send code, without leaving a trace in the user's history."""
        return self._exchange(
            self._client.execute(
                code, store_history=False, user_expressions=expressions or {}, allow_stdin=False, stop_on_error=False
            )
        )

    async def execute(self, code: str, limit: float, expressions: dict[str, str] | None = None) -> Exchange:
        """Run code to its end. ``limit`` is in seconds. Raises KernelDiedError, KernelSilentError."""
        exchange = self.start(code, expressions)
        await self.until(lambda: exchange.complete, exchange, limit)
        return exchange

    async def until(self, condition: Callable[[], bool], exchange: Exchange, limit: float) -> None:
        """Wait for a condition on an exchange. ``limit`` is in seconds. Raises KernelDiedError, KernelSilentError."""
        deadline = time.monotonic() + limit
        while not condition():
            exchange.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await exchange.changed.wait()
            if not condition():
                await self._look(deadline, limit)

    async def _look(self, deadline: float, limit: float) -> None:
        code = await self._exit_code()
        if code is not None:
            raise KernelDiedError(code)
        if time.monotonic() > deadline:
            raise KernelSilentError(limit)
