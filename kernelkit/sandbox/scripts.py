"""The shell and Python files that make a sandbox behave like the experiments' software, as shipped."""

from __future__ import annotations

from pathlib import Path

TREE = Path(__file__).with_name("tree")
# Until 6.30, root-config answered 6.08/06 to --version; since then 6.30.02.
SLASHED_BEFORE = (6, 30)


def copy(part: str, target: Path) -> None:
    """Copy one part of the shipped tree into a folder that may exist already.

    Programs are told by their first line: not every way to install a package keeps its permissions.
    """
    for source in (TREE / part).rglob("*"):
        if source.is_file() and source.parent.name != "__pycache__":
            content = source.read_bytes()
            file = target / source.relative_to(TREE / part)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if content.startswith(b"#!") else 0o644)


def copy_root(folder: Path, version: str, python: str) -> None:
    """Lay out a stand-in ROOT release that says it is of this version, built with this Python."""
    copy("root-release", folder)
    major, minor, patch = version.split(".")
    slashed = (int(major), int(minor)) < SLASHED_BEFORE
    shown = f"{major}.{minor}/{patch}" if slashed else version
    (folder / "etc").mkdir()
    (folder / "etc" / "sandbox-release").write_text(f"{version} {shown} {python}\n")
