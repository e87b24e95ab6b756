"""Whether a kernelspec's logos are images: launchers show a broken picture where they are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kernelkit.verify.evidence import Doubt

# Beginnings of what browsers show as an image, by the ending that Jupyter serves it under.
BEGINNINGS = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
}
HEAD = 4096  # bytes within which an SVG says what it is


def faults(folder: Path) -> Iterator[Doubt]:
    """The logos that are none. Jupyter serves every ``logo-*`` (jupyter_server 2.21, kernelspecs/handlers.py)."""
    for file in sorted(folder.glob("logo-*")):
        fault = _fault(file)
        if fault:
            yield Doubt("logo-not-image", f"{file.name} {fault}")


def _fault(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if file.suffix == ".svg":
        return "" if b"<svg" in head else "is no SVG image"
    beginnings = BEGINNINGS.get(file.suffix.lower(), ())
    return "" if not beginnings or head.startswith(beginnings) else f"is no {file.suffix[1:].upper()} image"
