"""How much of something is asked for, as texts that can be compared: ``8G``, ``2:00:00``, ``a100:2``."""

from __future__ import annotations

from kernelkit.errors import UsageError

COUNT = r"[1-9][0-9]*"
MEMORY = r"[1-9][0-9]*[KMGT]?"
TIME = r"([0-9]+-)?[0-9]+(:[0-9]{1,2}){0,2}"
UNITS = {"K": 1, "M": 1024, "G": 1024**2, "T": 1024**3}  # KiB


def amount(name: str, value: str) -> int:
    """A number to compare by: KiB, seconds, or a count. Memory without a unit is in MiB, times as in Slurm.

    Raises UsageError.
    """
    try:
        if name == "time":
            return seconds(value)
        if name == "memory":
            return int(value[:-1]) * UNITS[value[-1]] if value[-1:] in UNITS else int(value) * UNITS["M"]
        return sum(int(part.rpartition(":")[2]) for part in value.split(","))
    except ValueError as error:
        raise UsageError(f"--{name} {value}: not what a batch system takes there") from error


def seconds(value: str) -> int:
    """Of ``minutes``, ``minutes:seconds``, ``hours:minutes:seconds``, or after ``days-`` hours first (sbatch(1))."""
    days, dash, rest = value.rpartition("-")
    numbers = [int(number) for number in rest.split(":")]
    units = (3600, 60, 1) if dash or len(numbers) == 3 else (60, 1)
    return int(days or 0) * 86400 + sum(number * unit for number, unit in zip(numbers, units, strict=False))
