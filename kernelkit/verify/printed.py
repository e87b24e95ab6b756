"""What a kernel printed at its start, which a server logs for everyone who may read its log: how much, and what of it.

A decoy among the variables tells a wrapper that prints its environment from one that does not, whatever the real
secrets are called here.
"""

from __future__ import annotations

import mmap
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

DECOY = "KERNELKIT_DECOY_TOKEN"
SECRET = re.compile("TOKEN|SECRET|PASSW|CREDENTIAL|COOKIE|PRIVATE_KEY|API_KEY", re.IGNORECASE)
SHORTEST = 8  # characters of a value that can be told from other text
MUCH = 50_000_000  # bytes
HIDDEN = "(hidden)"


def decoy() -> dict[str, str]:
    """The decoy, to be laid into a kernel's environment."""
    return {DECOY: "decoy-" + secrets.token_hex(16)}


def secrets_of(environment: Mapping[str, str], key: bytes) -> dict[str, str]:
    """What must not be printed: by name, the values that are secret by their names, and the connection's key."""
    found = {name: value for name, value in environment.items() if SECRET.search(name) and len(value) >= SHORTEST} | {
        "the connection file's key": key.decode(errors="replace")
    }
    return {name: value for name, value in found.items() if len(value) >= SHORTEST}


def shown(file: Path, hidden: Mapping[str, str]) -> list[str]:
    """The names of the secrets that were printed."""
    with file.open("rb") as stream:
        if not os.fstat(stream.fileno()).st_size:
            return []
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return [name for name, value in hidden.items() if content.find(os.fsencode(value)) >= 0]


def without(text: str, hidden: Mapping[str, str]) -> str:
    """A text in which no secret can be read: reports are shown and kept."""
    for value in hidden.values():
        text = text.replace(value, HIDDEN)
    return text
