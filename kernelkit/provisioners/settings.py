"""What a site and a user set for their places: ``/etc/kernelkit/places.toml``, then the user's own over it.

    [slurm]
    defaults = { partition = "short", memory = "4G", time = "2:00:00" }
    limits = { cpus = 16, memory = "64G", time = "1-00:00:00" }
    partitions = ["short", "gpu"]
    options = ["--qos=jupyter"]

A limit holds whatever a user's file says.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernelkit.catalogue import did_you_mean
from kernelkit.errors import DefinitionError, UsageError

SITE = Path("/etc/kernelkit/places.toml")
KEYS: dict[str, type] = {
    "defaults": dict, "limits": dict, "partitions": list, "accounts": list, "options": list, "environment": list,
    "folder": str, "programs": str, "network": str, "encryption": str, "grace": int, "queue_limit": int,
}  # fmt: skip
ENCRYPTION = ("auto", "required", "disabled")
LIMITED = ("cpus", "memory", "time")
UNITS = {"K": 1, "M": 1024, "G": 1024**2, "T": 1024**3}  # KiB


@dataclass(frozen=True)
class Settings:
    """One place's settings. ``folder`` holds the mailboxes and must be seen by the nodes; ``programs`` is where the
    batch system's commands are; ``network`` is how addresses begin that the server can reach; ``environment`` names
    variables that go to the kernel. ``grace`` (how long a kernel outlives its server) and ``queue_limit`` are seconds.
    """

    defaults: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    partitions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    folder: str = ""
    programs: str = ""
    network: str = ""
    encryption: str = "auto"
    grace: int = 60
    queue_limit: int = 24 * 3600

    @property
    def mailboxes(self) -> Path:
        """The folder of the mailboxes: the user's state folder where none is set."""
        if self.folder:
            return Path(os.path.expandvars(self.folder)).expanduser()
        state = os.environ.get("XDG_STATE_HOME", "")
        return Path(state if state.startswith("/") else Path.home() / ".local/state", "kernelkit/.jobs")


def files() -> list[Path]:
    """The site's file, or the one that KERNELKIT_PLACES names, and the user's."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return [Path(os.environ.get("KERNELKIT_PLACES") or SITE), config / "kernelkit/places.toml"]


def read(place: str) -> Settings:
    """The settings of one place. Raises DefinitionError with every fault of a file."""
    values: dict[str, Any] = {}
    for number, file in enumerate(files()):
        table = _table(file, place)
        kept = {key: _plain(value) for key, value in table.items() if key != "limits" or not number}
        merged = {**values.get("defaults", {}), **kept.get("defaults", {})}
        values |= {**kept, **({"defaults": merged} if merged else {})}
    return Settings(**values)


def check(settings: Settings, resources: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Refuse what could not be handed in. ``known`` has a pattern for each resource. Raises UsageError."""
    for name, value in resources.items():
        if name not in known:
            raise UsageError(f"--{name} means nothing there{did_you_mean(name, known)}; it knows {', '.join(known)}")
        if not re.fullmatch(known[name], value):
            raise UsageError(f"--{name} {value}: not what a batch system takes there", _examples(name))
        if name in settings.limits and amount(name, value) > amount(name, settings.limits[name]):
            raise UsageError(f"--{name} {value}: the most that this site allows is {settings.limits[name]}")
    for name, allowed in (("partition", settings.partitions), ("account", settings.accounts)):
        value = resources.get(name, "")
        if value and allowed and value not in allowed:
            hint = did_you_mean(value, allowed)
            raise UsageError(f"--{name} {value}: this site allows {', '.join(allowed)}{hint}")


def _examples(name: str) -> str:
    given = {"memory": "--memory 4G", "time": "--time 2:00:00 (hours, minutes, seconds)", "cpus": "--cpus 4"}
    return f"For example: {given[name]}" if name in given else ""


def amount(name: str, value: str) -> int:
    """A number to compare by: KiB, seconds, or as it is. Memory without a unit is in MiB, times as in Slurm."""
    if name == "memory":
        return int(value[:-1]) * UNITS[value[-1]] if value[-1] in UNITS else int(value) * UNITS["M"]
    if name == "time":
        return seconds(value)
    return int(value)


def seconds(value: str) -> int:
    """Of ``minutes``, ``minutes:seconds``, ``hours:minutes:seconds``, or after ``days-`` hours first (sbatch(1))."""
    days, dash, rest = value.rpartition("-")
    numbers = [int(number) for number in rest.split(":")]
    units = (3600, 60, 1) if dash or len(numbers) == 3 else (60, 1)
    return int(days or 0) * 86400 + sum(number * unit for number, unit in zip(numbers, units, strict=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: str(entry) for key, entry in value.items()}
    return tuple(map(str, value)) if isinstance(value, list) else value


def _table(file: Path, place: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DefinitionError([f"{file}: cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise DefinitionError([f"{file}: not valid TOML: {error}"]) from error
    entry = table.get(place, {})
    faults = list(_faults(place, entry))
    if faults:
        raise DefinitionError([f"{file}: {fault}" for fault in faults])
    found: dict[str, Any] = entry
    return found


def _faults(place: str, entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{place}: must be a table"
        return
    for key, value in entry.items():
        if key not in KEYS:
            yield f"{place}.{key}: unknown key{did_you_mean(key, KEYS)}"
        elif not isinstance(value, KEYS[key]) or isinstance(value, bool):
            yield f"{place}.{key}: must be a {KEYS[key].__name__}"
    if entry.get("encryption", "auto") not in ENCRYPTION:
        yield f"{place}.encryption: must be one of {', '.join(ENCRYPTION)}"
    limits = entry.get("limits")
    for key, value in limits.items() if isinstance(limits, dict) else ():
        if key not in LIMITED or not re.fullmatch(r"[0-9][0-9:-]*[KMGT]?", str(value)):
            yield f"{place}.limits.{key}: limits are numbers, memories or times for {', '.join(LIMITED)}"
