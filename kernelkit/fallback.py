"""The kernel that starts where the real one could not: it shows why in the notebook, and runs no code.

A wrapper becomes ``<kernelkit's Python> -E -P -c <text> NAME LANGUAGE VERSION -f CONNECTION_FILE`` (its ``TEXT`` is
in `kernelkit.bootstrap`) and says what happened in variables, since arguments are seen by every user of a
machine. A restart starts the wrapper, and so tries the real thing again.
"""

from __future__ import annotations

import html
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

from kernelkit import __version__
from kernelkit.bootstrap import REFUSED
from kernelkit.causes import ADVICE, NONE, Cause, cause
from kernelkit.launchlog import last_lines, one_line, printable
from kernelkit.reasons import of_reason

TOLD = ("REASON", "OUTPUT", "LOG", "CAUSE", "TITLE")
ENAME = "KernelDidNotStart"
CURVE = "curve_secretkey"  # the key by which a connection file asks for encryption (ipykernel 7)

# Themes differ, so that only the edge has a colour of its own.
_HTML = """\
<div style="border-left: 4px solid #d9534f; padding: 0.2em 1em;">
<p><strong>{title}</strong></p>
<p>{reason}</p>
{output}<p>{advice}</p>
</div>
"""


@dataclass(frozen=True)
class Failure:
    """Why a kernel did not start. ``output`` is the end of what its steps printed, ``log`` the launch log's path.

    ``cause`` is what `kernelkit test` would say that it was, ``told`` a title of its own.
    """

    name: str
    language: str
    version: str
    reason: str
    output: tuple[str, ...]
    log: str
    cause: Cause = NONE
    told: str = ""

    @property
    def title(self) -> str:
        """What every form of it begins with."""
        return self.told or f"The kernel {self.name} did not start, and no code was run."

    @property
    def advice(self) -> str:
        """What to do next."""
        seen = f"`kernelkit log {self.name}` shows this start ({self.log})." if self.log else ""
        known = f"What to do [{self.cause.id}]: {self.cause.advice}. " if self.cause else ""
        return f"{known}Once that is repaired, restart the kernel: it tries again. {seen}".strip()

    @property
    def lines(self) -> list[str]:
        """All of it as plain text."""
        said = ["The last lines that were printed:", *(f"  | {line}" for line in self.output)]
        return [self.title, self.reason, *(said if self.output else []), self.advice]

    @property
    def html(self) -> str:
        """All of it as HTML, every value escaped."""
        output = ""
        if self.output:
            lines = html.escape("\n".join(self.output))
            output = f"<p>The last lines that were printed:</p>\n<pre>{lines}</pre>\n"
        title, reason, advice = map(html.escape, (self.title, self.reason, self.advice))
        return _HTML.format(title=title, reason=reason, output=output, advice=advice)


def language_info(language: str, version: str) -> dict[str, object]:
    """What the kernelspec's own kernel would say of its language: notebooks are saved with it."""
    if language.lower() != "python":
        return {"name": language, "version": version, "mimetype": "text/plain", "file_extension": ".txt"}
    major = version.split(".", 1)[0]
    return {
        "name": "python", "version": version, "mimetype": "text/x-python", "file_extension": ".py",
        "codemirror_mode": {"name": "ipython", "version": int(major) if major.isdigit() else 3},
        "pygments_lexer": "ipython3", "nbconvert_exporter": "python",
    }  # fmt: skip


class FallbackKernel(Kernel):
    """Answers every request of the protocol, and every piece of code with the failure."""

    implementation = "kernelkit-fallback"
    implementation_version = __version__

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.failure: Failure = self.parent.failure  # type: ignore[union-attr]
        self.language_info = language_info(self.failure.language, self.failure.version)
        self.banner = "\n".join(self.failure.lines)

    @property
    def kernel_info(self) -> dict[str, Any]:
        """ipykernel's own, without a debugger: there is nothing to debug."""
        info: dict[str, Any] = super().kernel_info
        features = [name for name in info.get("supported_features", []) if name != "debugger"]
        return {**info, "supported_features": features}

    async def do_execute(self, code: str, silent: bool, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ARG002
        """The failure, as something to see and as an error."""
        error = {"ename": ENAME, "evalue": self.failure.reason, "traceback": self.failure.lines}
        if not silent:
            data = {"text/plain": "\n".join(self.failure.lines), "text/html": self.failure.html}
            self._publish("display_data", {"data": data, "metadata": {}, "transient": {}})
            self._publish("error", error)
        return {"status": "error", "execution_count": self.execution_count, **error}

    def _publish(self, kind: str, content: dict[str, Any]) -> None:
        self.send_response(self.iopub_socket, kind, content)  # type: ignore[no-untyped-call]

    async def do_is_complete(self, code: str) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        """Complete, so that a console sends it and gets the failure."""
        return {"status": "complete"}

    async def do_debug_request(self, msg: dict[str, Any]) -> dict[str, Any]:
        """A refusal: the kernelspec may promise a debugger, and a front end would wait for the answer."""
        sequence, command = msg.get("seq", 0), msg.get("command", "")
        return {
            "type": "response", "seq": sequence, "request_seq": sequence, "command": command, "success": False,
            "message": self.failure.reason, "body": {},
        }  # fmt: skip


class FallbackApp(IPKernelApp):
    """ipykernel's application without the user's profile, whose files could fail too, and which needs a HOME."""

    failure: Failure

    def init_profile_dir(self) -> None:
        """None."""
        self.profile_dir = None

    def init_config_files(self) -> None:
        """None."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """None."""

    def init_path(self) -> None:
        """Leave sys.path alone: no code of the notebook's folder is run."""


def failure(name: str, language: str, version: str) -> Failure:
    """What the wrapper left in the environment, taken out of it; all text made printable."""
    told = {key: os.environ.pop(f"KERNELKIT_FAILED_{key}", "") for key in TOLD}
    texts = {key: printable(os.fsencode(value)) for key, value in told.items()}
    reason = one_line(texts["REASON"]) or "the wrapper did not say why"
    output = last_lines(texts["OUTPUT"])
    known = cause(texts["CAUSE"], reason) if texts["CAUSE"] in ADVICE else of_reason(reason)
    title = one_line(texts["TITLE"])
    return Failure(name, language, version, reason, output, one_line(texts["LOG"]), known, title)


def cannot_be_heard(arguments: list[str]) -> str:
    """Why a server would never hear this kernel; empty where it would.

    An ipykernel that knows no encryption, on a connection file that asks for it, fails to connect in silence.
    """
    file = Path(arguments[arguments.index("-f") + 1]) if "-f" in arguments[:-1] else None
    if file is None:
        return "the wrapper was given no connection file"
    try:
        asked = json.loads(file.read_bytes()).get(CURVE)
    except (OSError, ValueError) as error:
        return f"the connection file cannot be read: {error}"
    return "the ipykernel beside kernelkit knows no encryption" if asked and not hasattr(IPKernelApp, CURVE) else ""


def main() -> None:
    """Be the kernel until the server ends it."""
    name, language, version, *arguments = sys.argv[1:]
    FallbackApp.failure = failure(name, language, version)
    why = cannot_be_heard(arguments)
    if why:
        sys.stderr.write(f"kernelkit: the notebook cannot show this: {why}\n")
        sys.exit(REFUSED)
    FallbackApp.launch_instance(argv=arguments, kernel_class=FallbackKernel)
