"""Where kernelspecs go: one of Jupyter's data folders, for one user, one Python or everyone."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from jupyter_core import paths

from kernelkit.errors import UsageError


@dataclass(frozen=True)
class Scope:
    """A data folder of Jupyter's, by the name of the option that chose it."""

    name: str
    data_dir: Path

    @property
    def kernels(self) -> Path:
        """The folder that holds the kernelspecs."""
        return self.data_dir / "kernels"

    @property
    def store(self) -> Path:
        """What kernelkit makes for the kernels of this scope: overlays and environments."""
        return self.data_dir / "kernelkit"

    @property
    def staging(self) -> Path:
        """Where kernelspecs are prepared: on the same file system, and nowhere that Jupyter looks."""
        return self.data_dir / ".kernelkit"

    @property
    def shared(self) -> bool:
        """Whether everyone on this machine gets what is installed here."""
        return self.name == "system"


def scope_for(
    *,
    user: bool = False,
    system: bool = False,
    sys_prefix: bool = False,
    prefix: Path | None = None,
    data_dir: Path | None = None,
) -> Scope:
    """The scope that the options mean; the user's own where none is given. Raises UsageError for more than one."""
    given = {
        "user": user and Path(paths.jupyter_data_dir()),
        "system": system and Path(paths.SYSTEM_JUPYTER_PATH[0]),
        "sys-prefix": sys_prefix and Path(sys.prefix, "share/jupyter"),
        "prefix": prefix and prefix.absolute() / "share/jupyter",
        "data-dir": data_dir and data_dir.absolute(),
    }
    chosen = [Scope(name, folder) for name, folder in given.items() if folder]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join('--' + scope.name for scope in chosen)} exclude each other; give one")
    return chosen[0] if chosen else Scope("user", Path(paths.jupyter_data_dir()))


def scope_of(data_dir: Path) -> Scope:
    """The scope that a data folder is: everyone's, or just a folder."""
    return Scope("system" if str(data_dir) in paths.SYSTEM_JUPYTER_PATH else "data-dir", data_dir)


def writable_by_others(path: Path) -> Path | None:
    """The file, or the folder above it, through which another user could change it; None where there is none.

    A folder with the sticky bit lets others add files but not replace this one.
    """
    for place in (path.resolve(), *path.resolve().parents):
        try:
            status = place.stat()
        except OSError:
            continue
        protected = place.is_dir() and status.st_mode & stat.S_ISVTX
        if status.st_uid not in (0, os.geteuid()) or (status.st_mode & 0o022 and not protected):
            return place
    return None
