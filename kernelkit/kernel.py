"""A rendered kernel: the files of a kernelspec directory, still in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SPEC_FILE = "kernel.json"
WRAPPER_FILE = "setup.sh"
EXECUTABLE_FILES = frozenset({WRAPPER_FILE})


@dataclass(frozen=True)
class Kernel:
    """The name of a kernelspec and the exact bytes of each file in it, by file name (no folders)."""

    name: str
    files: Mapping[str, bytes]

    @property
    def document(self) -> dict[str, Any]:
        """The parsed ``kernel.json``."""
        document: dict[str, Any] = json.loads(self.files[SPEC_FILE])
        return document

    def mode(self, file_name: str) -> int:
        """The permissions a file is installed with, whatever the umask."""
        return 0o755 if file_name in EXECUTABLE_FILES else 0o644
