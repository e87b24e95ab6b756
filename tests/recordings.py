"""A kernel whose steps are a script of the test's own, and what is recorded of them."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from wrappers import script_step, toml, wrapper_of

# Everything that survives exec: the environment as bytes, the mask, soft limits and what signals do.
PROBE = """
import json, os, resource, sys
environment = {k.decode('latin-1'): v.decode('latin-1') for k, v in os.environb.items()
               if k not in (b'_', b'KERNELKIT_SNAPSHOT')}
limits = {n: resource.getrlimit(getattr(resource, n))[0] for n in dir(resource) if n.startswith('RLIMIT_')}
mask = os.umask(0)
signals = [line for line in open('/proc/self/status') if line.startswith(('SigIgn', 'SigBlk'))]
json.dump([environment, limits, mask, signals, os.getcwd()], sys.stdout, sort_keys=True)
"""


@dataclass(frozen=True)
class Site:
    """A home, a vendor's script in it, and the wrapper that sources it."""

    folder: Path

    @property
    def home(self):
        return self.folder / "a home"

    @property
    def script(self):
        return self.folder / "vendor é/set up.sh"

    @property
    def runs(self):
        """How often the steps have run: the script leaves a line each time."""
        file = self.folder / "runs"
        return len(file.read_text().splitlines()) if file.exists() else 0

    @property
    def wrapper(self):
        return self.folder / "setup.sh"

    @property
    def cache(self):
        return self.home / ".cache/kernelkit/snapshots/sample"

    @property
    def kept(self):
        return sorted(self.cache.glob("*.snapshot"))

    @property
    def refused(self):
        return sorted(self.cache.glob("*.refused"))

    def env(self, **more):
        base = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "USER": "u", "LANG": "C.UTF-8"}
        (self.folder / "tmp").mkdir(exist_ok=True)
        return base | {"TMPDIR": str(self.folder / "tmp"), "KERNELKIT_BACKGROUND": "0"} | more

    def setup(self, text, more=""):
        """A wrapper that sources a script with this text, old enough for what it reads to be certain."""
        self.home.mkdir(exist_ok=True)
        self.script.parent.mkdir(exist_ok=True)
        write(self.script, f"{text}\necho run >>{toml(str(self.folder / 'runs'))}\n")
        wrapper_of(self.folder, script_step(self.script, more))
        settle(self.wrapper)

    def argv(self, *words):
        return ["/bin/bash", "-p", str(self.wrapper), *words]

    def run(self, *words, prefix=(), **env):
        return subprocess.run(
            [*prefix, *self.argv(*words)], env=self.env(**env), cwd=self.home, capture_output=True, timeout=60,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    def seen(self, mode="--kernelkit-environment", prefix=(), **env):
        """What a kernel would find."""
        done = self.run(mode, sys.executable, "-I", "-S", "-c", PROBE, prefix=prefix, **env)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def value(self, name, **env):
        return self.seen(**env)[0].get(name)

    def live(self, **env):
        return self.seen(KERNELKIT_SNAPSHOT="0", **env)

    def replayed(self, **env):
        return self.seen("--kernelkit-replay", **env)

    def record(self):
        done = self.run("--kernelkit-record")
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def why(self):
        """Why nothing is replayed."""
        done = self.run("--kernelkit-replay", "true")
        assert done.returncode == 75, done
        return done.stderr.decode().strip().removeprefix("kernelkit: ")


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    settle(path)


def settle(*paths):
    """Until a file is so old that its time tells whether it is changed again."""
    while any(time.time_ns() - path.stat().st_ctime_ns < 30_000_000 for path in paths):
        time.sleep(0.005)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def rewrite(file, shift):
    """Move a snapshot in time, with a checksum that is right."""
    records = file.read_bytes().split(b"\0")
    for number in (4, 5):
        records[number] = str(int(records[number]) + shift).encode()
    checksum = subprocess.run(["cksum"], input=b"\0".join(records[2:]), capture_output=True, check=True).stdout.strip()
    file.write_bytes(b"\0".join([records[0], checksum, *records[2:]]))


def state(kept):
    return kept.read_bytes().split(b"\0")[3].decode()
