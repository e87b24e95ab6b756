"""Set-ups of a known weight, and the ways to launch a kernel after them: what is compared."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILES = 125  # that ALRB and `lsetup root` read, and
FORKS = 1240  # the processes that they start: counted on the public scripts, on a warm local disk
KERNELKIT = [str(Path(sys.executable).parent / "kernelkit")]


@dataclass(frozen=True)
class Contestant:
    """A kernelspec, variables for the server that launches it, and a folder that is emptied before each launch."""

    name: str
    folder: Path
    env: Mapping[str, str]
    fresh: Path | None = None


def script(folder: Path, *, files: int, forks: int, delay: float) -> Path:
    """A script that sources ``files`` others and starts ``forks`` processes, half of them other programs.

    Each file keeps its reader waiting for ``delay`` seconds, by a builtin: so a round trip of a cold CVMFS would.
    """
    folder.mkdir(parents=True)
    wait = f"read -t {delay} -u $kk_never || :" if delay else ":"
    for number in range(files):
        here = range(forks * number // files, forks * (number + 1) // files)
        work = ["x=$(:)" if fork % 2 else "/bin/true" for fork in here]
        sets = [f"export BENCH_{number}=/opt/release/part-{number}", f"PATH=$PATH:/opt/release/{number}"]
        (folder / f"part-{number}.sh").write_text("\n".join([wait, *work, *sets]) + "\n")
    opened = "exec {kk_never}<> <(:)" if delay else ":"
    sources = [f". {shlex.quote(str(folder / f'part-{number}.sh'))}" for number in range(files)]
    top = folder / "setup.sh"
    top.write_text("\n".join([opened, *sources, "export PATH", *(["exec {kk_never}<&-"] if delay else [])]) + "\n")
    return top


def alrb(folder: Path, scripts: Path) -> Path:
    """A script that sources the public ALRB scripts in ``scripts``, as ``setupATLAS`` does."""
    folder.mkdir(parents=True)
    top = folder / "setup.sh"
    base = f"export ATLAS_LOCAL_ROOT_BASE={shlex.quote(str(scripts))}"
    top.write_text(f"{base}\nsource $ATLAS_LOCAL_ROOT_BASE/user/atlasLocalSetup.sh --quiet\n")
    return top


BARE, PLAIN, BY_HAND = "bare interpreter", "plainest wrapper", "written by hand"
STEPS, REPLAY = "kernelkit, no snapshot", "kernelkit, snapshot"
FIRST, BEHIND = "kernelkit, first launch", "the same, recorded behind"
WAYS = (BARE, PLAIN, BY_HAND, STEPS, REPLAY)


def contestants(folder: Path, setup: Path, env: Mapping[str, str]) -> list[Contestant]:
    """The bare interpreter, the plainest wrapper, the wrapper that people write by hand, and kernelkit's."""
    python = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
    plain = 'exec {python} -m ipykernel_launcher "$@"\n'
    by_hand = f"source {shlex.quote(str(setup))} >&2\n{plain}"
    ours = _installed(folder, setup, env)
    return [
        Contestant(BARE, _spec(folder / "bare", [sys.executable, *python]), {}),
        Contestant(PLAIN, _wrapper(folder / "plain", plain), {}),
        Contestant(BY_HAND, _wrapper(folder / "hand", by_hand), {}),
        Contestant(STEPS, ours, {"KERNELKIT_SNAPSHOT": "0"}),
        Contestant(REPLAY, ours, {"KERNELKIT_BACKGROUND": "0"}),
    ]


def first_launches(folder: Path, known: list[Contestant]) -> list[Contestant]:
    """Launches that record: alone, and with the second recording behind them."""
    ours, cache = known[-1].folder, folder / "cache"
    kept = {"XDG_CACHE_HOME": str(cache)}
    return [
        Contestant(FIRST, ours, {**kept, "KERNELKIT_BACKGROUND": "0"}, fresh=cache),
        Contestant(BEHIND, ours, kept, fresh=cache),
    ]


def _wrapper(folder: Path, text: str) -> Path:
    argv = ["/bin/bash", "{resource_dir}/setup.sh", "-f", "{connection_file}"]
    _spec(folder, argv)
    (folder / "setup.sh").write_text("#!/bin/bash\n" + text.format(python=shlex.quote(sys.executable)))
    return folder


def _spec(folder: Path, argv: list[str]) -> Path:
    folder.mkdir(parents=True)
    document = {"argv": argv, "display_name": folder.name, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(document))
    return folder


def _installed(folder: Path, setup: Path, env: Mapping[str, str]) -> Path:
    definition = folder / "bench.toml"
    definition.write_text(
        f'display_name = "bench"\n[[steps]]\nuse = "script"\npath = {json.dumps(str(setup))}\n'
        f"[launch]\npython = {json.dumps(sys.executable)}\n"
    )
    argv = [*KERNELKIT, "install", "--from", str(definition), "--data-dir", str(folder / "ours")]
    subprocess.run(argv, env=dict(env), check=True, capture_output=True)
    return folder / "ours/kernels/bench"
