"""What a site and a user set for their places: ``/etc/kernelkit/places.toml``, then the user's own over it.

    [slurm]
    defaults = { partition = "short", memory = "4G", time = "2:00:00" }
    limits = { cpus = 16, memory = "64G", time = "1-00:00:00" }
    partitions = ["short", "gpu"]
    options = ["--qos=jupyter"]

What a site limits holds whatever a user's file or a kernelspec says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernelkit.catalogue import did_you_mean
from kernelkit.errors import UsageError
from kernelkit.provisioners.amounts import amount
from kernelkit.provisioners.places_file import table

SITE = Path("/etc/kernelkit/places.toml")
LISTS = ("options", "environment")  # a user's are added to the site's
RESTRICTIONS = ("limits", "partitions", "accounts")  # a user's own count only where the site has none


@dataclass(frozen=True)
class Settings:
    """One place's settings. ``folder`` holds the mailboxes and must be seen by the nodes; ``programs`` is where the
    batch system's commands are; ``network`` is how addresses begin that the server can reach, ``ports``
    (``first-last``) are those that it can reach there; ``environment`` names variables that go to the kernel.
    ``grace`` (how long a kernel outlives its server) and ``queue_limit`` are seconds.
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
    ports: str = ""
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

    def encrypted(self, wanted: str) -> str:
        """How a kernel's connection is that asks for this, or for nothing."""
        return self.encryption if self.encryption == "required" else wanted or self.encryption


def files() -> list[Path]:
    """The site's file, or the one that KERNELKIT_PLACES names, and the user's."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return [Path(os.environ.get("KERNELKIT_PLACES") or SITE), config / "kernelkit/places.toml"]


def read(place: str) -> Settings:
    """The settings of one place. Raises DefinitionError with every fault of a file."""
    site, own = ({key: _plain(value) for key, value in table(file, place).items()} for file in files())
    defaults = {**site.get("defaults", {}), **own.get("defaults", {})}
    added = {key: (*site.get(key, ()), *own.get(key, ())) for key in LISTS}
    binding = {key: site[key] for key in RESTRICTIONS if key in site}
    if site.get("encryption") == "required":
        binding["encryption"] = "required"
    return Settings(**{**site, **own, **added, "defaults": defaults, **binding})


def check(settings: Settings, resources: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Refuse what could not be handed in. ``known`` has a pattern for each resource. Raises UsageError."""
    for name, value in resources.items():
        if name not in known:
            raise UsageError(f"--{name} means nothing there{did_you_mean(name, known)}; it knows {', '.join(known)}")
        if not re.fullmatch(known[name], value) or (name == "time" and not amount(name, value)):
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


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: str(entry) for key, entry in value.items()}
    return tuple(map(str, value)) if isinstance(value, list) else value
