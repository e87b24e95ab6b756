"""What is known of a kernel that ended while its job goes on."""

from __future__ import annotations

import re
import signal


def in_words(code: int, printed: str) -> str:
    """What a kernel's exit code says while its job goes on; Slurm's step daemon prints of the kernel's OOM handler."""
    if re.search(r"oom.kill|out of memory|exceeded memory limit", printed, re.IGNORECASE):
        return "was killed: it used more memory than its job had asked for; --memory asks for more"
    if code == 128 + signal.SIGKILL:
        return "was killed, as happens to one that uses more memory than its job has"
    return f"ended with code {code}"
