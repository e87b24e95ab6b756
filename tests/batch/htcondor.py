"""An HTCondor pool of one's own on this machine, out of a Debian root that is made once.

    python tests/batch/htcondor.py up DIR      # prints what a client must export
    python tests/batch/htcondor.py down DIR

HTCondor refuses root's jobs: its daemons run in a user namespace that maps root to an ordinary user, and in a mount
namespace, so that no mount is left behind. Needs root and Debian's package debootstrap. All listens on 127.0.0.1.
``KERNELKIT_HTCONDOR_ROOT`` names the folder that keeps the Debian root, which takes a minute to make.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SUITE = "trixie"
PACKAGES = (
    "condor",
    "python3",
    "procps",
    "libsqlite3-0",
    "libffi8",
    "libreadline8t64",
    "libbz2-1.0",
    "libssl3t64",
    "libuuid1",
)
PATIENCE = 90.0  # seconds for the pool to come up
USER, DOMAIN = "kk", "kk.test"
SLOTS = 2
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
BOTH = """\
LOCAL_CONFIG_FILE =
LOCAL_CONFIG_DIR =
CONDOR_HOST = 127.0.0.1
COLLECTOR_HOST = 127.0.0.1:{port}
NETWORK_INTERFACE = 127.0.0.1
ENABLE_IPV6 = False
NO_DNS = True
DEFAULT_DOMAIN_NAME = {domain}
UID_DOMAIN = {domain}
FILESYSTEM_DOMAIN = {domain}
TRUST_DOMAIN = {domain}
"""
POOL = """\
RELEASE_DIR = /usr
LIB = /usr/lib/condor
LIBEXEC = /usr/libexec/condor
SBIN = /usr/sbin
BIN = /usr/bin
ETC = /etc/condor
LOCAL_DIR = {folder}
LOG = {folder}/log
SPOOL = {folder}/spool
EXECUTE = {folder}/execute
RUN = {folder}/run
LOCK = {folder}/run
ABSENT_REQUIREMENTS = True
EXPIRE_INVALIDATED_ADS = True
COLLECTOR_PERSISTENT_AD_LOG = {folder}/spool/ads
DAEMON_LIST = MASTER COLLECTOR NEGOTIATOR SCHEDD STARTD{more}
BIND_ALL_INTERFACES = False
USE_SHARED_PORT = False
TRUST_UID_DOMAIN = True
SCHEDD_NAME = {user}
COLLECTOR_NAME = {user}
SEC_DEFAULT_AUTHENTICATION = REQUIRED
SEC_CLIENT_AUTHENTICATION = REQUIRED
SEC_DEFAULT_AUTHENTICATION_METHODS = FS, IDTOKENS
SEC_CLIENT_AUTHENTICATION_METHODS = FS
SEC_PASSWORD_DIRECTORY = {folder}/passwords.d
SEC_TOKEN_SYSTEM_DIRECTORY = {folder}/tokens.d
SEC_TOKEN_DIRECTORY = {folder}/tokens.d
SEC_TOKEN_POOL_SIGNING_KEY_FILE = {folder}/passwords.d/POOL
{allowed}
NEGOTIATOR_INTERVAL = 1
NEGOTIATOR_MIN_INTERVAL = 1
NEGOTIATOR_CYCLE_DELAY = 1
SCHEDD_INTERVAL = 1
SCHEDD_MIN_INTERVAL = 1
SCHEDD_DEBUG = D_COMMAND
UPDATE_INTERVAL = 2
POLLING_INTERVAL = 1
STARTER_UPDATE_INTERVAL = 2
STARTER_INITIAL_UPDATE_INTERVAL = 1
SHADOW_QUEUE_UPDATE_INTERVAL = 2
PERIODIC_EXPR_INTERVAL = 2
MAX_PERIODIC_EXPR_INTERVAL = 2
JOB_START_DELAY = 0
CLAIM_WORKLIFE = 0
MACHINE_MAX_VACATE_TIME = 5
JOB_MAX_VACATE_TIME = 5
RUNBENCHMARKS = False
START = True
SUSPEND = False
PREEMPT = False
KILL = False
JOB_DEFAULT_REQUESTMEMORY = 64
JOB_DEFAULT_REQUESTDISK = 1024
NUM_CPUS = {slots}
NUM_SLOTS_TYPE_1 = {slots}
SLOT_TYPE_1 = cpus=1
SLOT_TYPE_1_PARTITIONABLE = False
BASE_CGROUP =
SHUTDOWN_GRACEFUL_TIMEOUT = 10
SHUTDOWN_FAST_TIMEOUT = 5
USER_JOB_WRAPPER = {folder}/wrapper
"""
# Another machine of the pool: a startd with a host name, a folder and one slot of its own.
SECOND = """\
SECOND = $(STARTD)
SECOND_ARGS = -f -local-name SECOND
SECOND_LOG = {folder}/log/SecondLog
SECOND.STARTD_LOG = {folder}/log/SecondLog
SECOND.STARTER_LOG = {folder}/log/SecondStarterLog
SECOND.STARTD_ADDRESS_FILE = {folder}/log/.second_address
SECOND.STARTD_NAME = second
SECOND.NETWORK_HOSTNAME = second.{domain}
SECOND.EXECUTE = {folder}/second
SECOND.STARTD_ATTRS = IS_WELL
IS_WELL = True
SECOND.NUM_CPUS = 1
SECOND.NUM_SLOTS_TYPE_1 = 1
"""
# Jobs do not see what lies in the folder "unseen", which those who hand them in do.
WRAPPER = """\
#!/bin/sh
exec unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none "$0" && exec "$@"' {folder}/unseen "$@"
"""
# The client has a token of the pool and not its signing key, with which it would take itself for the pool.
CLIENT = """\
LOCAL_DIR = {folder}/client
LOG = {folder}/client
SCHEDD_HOST = {user}@127-0-0-1.{domain}
SEC_CLIENT_AUTHENTICATION = REQUIRED
SEC_CLIENT_AUTHENTICATION_METHODS = IDTOKENS
SEC_TOKEN_DIRECTORY = {folder}/client/tokens.d
SEC_TOKEN_SYSTEM_DIRECTORY = {folder}/client/tokens.d
SEC_PASSWORD_DIRECTORY = {folder}/client/none
SEC_TOKEN_POOL_SIGNING_KEY_FILE = {folder}/client/none/POOL
"""
START = """\
set -e
root=$1 folder=$2
shift 2
mount --rbind "$root" "$root"
for place in proc sys dev; do mkdir -p "$root/$place"; mount --rbind "/$place" "$root/$place"; done
for place in "$@"; do
  mkdir -p "$root$(dirname "$place")"
  if [[ -d $place ]]; then mkdir -p "$root$place"; else touch "$root$place"; fi
  mount --bind "$place" "$root$place"
done
touch "$root/etc/hosts"
mount --bind /etc/hosts "$root/etc/hosts"
mkdir -p "$root/.host"
cd "$root"
# Not chroot, from which no further namespace can be made, as a job's wrapper does.
pivot_root . .host
umount --lazy /.host
exec unshare --user --map-user=1000 --map-group=1000 --wd=/tmp \
  env -i PATH={path} HOME=/tmp USER={user} LOGNAME={user} LANG=C.UTF-8 CONDOR_CONFIG="$folder/condor_config" condor_master -f
"""


class Pool:
    """A pool whose files lie in ``folder``, below /tmp. Its jobs see that, this Python and kernelkit."""

    name = "htcondor"

    def __init__(self, folder: Path, slots: int = SLOTS, *, second: bool = False) -> None:
        self.folder = folder
        self.slots = slots
        self.second = second
        kept = os.environ.get("KERNELKIT_HTCONDOR_ROOT")
        self.root = Path(kept) if kept else Path(tempfile.gettempdir(), "kernelkit-htcondor-root")
        self._started: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs."""
        return {"CONDOR_CONFIG": str(self.folder / "client/condor_config")}

    @property
    def master(self) -> int:
        return int((self.folder / "pid").read_text())

    # ---- up

    def up(self) -> None:
        """Start the daemons and wait until all slots are free. Raises RuntimeError."""
        if os.geteuid():
            raise RuntimeError("an HTCondor pool of one's own needs root")
        make_root(self.root)
        self._configure()
        argv = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "bash",
            "-c",
            START.format(path=PATH, user=USER),
            "start",
        ]
        with (self.folder / "log/start").open("w") as log:
            self._started = started = subprocess.Popen([*argv, self.root, self.folder, *_seen()], stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, start_new_session=True)  # fmt: skip
        (self.folder / "pid").write_text(str(started.pid))
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            if started.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the pool does not come up: {(self.folder / 'log/start').read_text()[-2000:]}")
            time.sleep(0.2)
        token = self.tool("condor_token_create", "-identity", f"{USER}@{DOMAIN}")
        file = self.folder / "client/tokens.d/client"
        file.touch(mode=0o600)
        file.write_text(token)

    def _configure(self) -> None:
        for name in (
            "log",
            "spool",
            "execute",
            "second",
            "run",
            "passwords.d",
            "tokens.d",
            "client/tokens.d",
            "unseen",
        ):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("passwords.d", "tokens.d", "client/tokens.d"):
            (self.folder / name).chmod(0o700)
        for name in (".", "execute", "second"):
            (self.folder / name).chmod(0o755)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        levels = ("READ", "WRITE", "DAEMON", "NEGOTIATOR", "ADMINISTRATOR", "CONFIG")
        allowed = "\n".join([*(f"ALLOW_{level} = {USER}@{DOMAIN}" for level in levels), "ALLOW_CLIENT = *"])
        values = {
            "port": port,
            "domain": DOMAIN,
            "user": USER,
            "folder": self.folder,
            "slots": self.slots,
            "allowed": allowed,
            "more": " SECOND" if self.second else "",
        }
        (self.folder / "wrapper").write_text(WRAPPER.format(folder=self.folder))
        (self.folder / "wrapper").chmod(0o755)
        (self.folder / "condor_config").write_text((BOTH + POOL + (SECOND if self.second else "")).format(**values))
        (self.folder / "client/condor_config").write_text((BOTH + CLIENT).format(**values))

    def _is_ready(self) -> bool:
        with contextlib.suppress(subprocess.CalledProcessError):
            slots = self.tool("condor_status", "-af", "State").split()
            return slots == ["Unclaimed"] * (self.slots + self.second) and bool(
                self.tool("condor_status", "-schedd", "-af", "Name").strip()
            )
        return False

    # ---- what is there

    def tool(self, *command: str) -> str:
        """What a program of HTCondor's prints inside the pool."""
        inside = ["nsenter", "-t", str(self.master), "--user", "--preserve-credentials", "--mount", "--root", "--wd"]
        clean = ["env", "-i", f"PATH={PATH}", "HOME=/tmp", f"CONDOR_CONFIG={self.folder}/condor_config"]
        return subprocess.run(
            [*inside, *clean, *command], capture_output=True, text=True, check=True, timeout=60
        ).stdout

    @contextlib.contextmanager
    def configured(self, line: str) -> Iterator[None]:
        """With one more line at the end of the pool's configuration."""
        file = self.folder / "condor_config"
        before = file.read_text()
        try:
            file.write_text(f"{before}{line}\n")
            self.tool("condor_reconfig")
            yield
        finally:
            file.write_text(before)
            self.tool("condor_reconfig")

    def jobs(self) -> list[str]:
        """Ids of the jobs that wait, run or are held."""
        return self.tool(
            "condor_q", "-allusers", "-constraint", "JobStatus != 3 && JobStatus != 4", "-af", "ClusterId"
        ).split()

    def kill_node(self) -> None:
        """What a power cut does: all that runs jobs, and the jobs, are gone at once. The master starts a new startd."""
        keepers = (b"condor_startd", b"condor_starter", b"condor_procd")
        doomed = [*self.processes(), *(pid for pid in self._members() if _command(pid).startswith(keepers))]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in doomed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        for folder in self.folder.glob("execute/dir_*"):
            shutil.rmtree(folder)

    def processes(self) -> list[int]:
        """Pids of what jobs run."""
        found = [pid for pid in self._members() if b"\0_CONDOR_SLOT=" in b"\0" + _environment(pid)]
        return [pid for pid in found if _command(pid)]

    def _members(self) -> list[int]:
        """All that runs in the pool's own mount namespace, and its jobs, each of which has another."""
        with contextlib.suppress(OSError):
            ours = os.readlink(f"/proc/{self.master}/ns/mnt")
            if ours != os.readlink("/proc/self/ns/mnt"):
                (self.folder / "namespace").write_text(ours)
        file = self.folder / "namespace"
        ours = file.read_text() if file.exists() else ""
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [pid for pid in pids if ours and (_namespace(pid) == ours or self._is_of_a_job(pid))]

    def _is_of_a_job(self, pid: int) -> bool:
        environment = b"\0" + _environment(pid)
        return b"\0_CONDOR_SLOT=" in environment and os.fsencode(self.folder) in environment

    # ---- down

    def down(self) -> None:
        """End the daemons and all that they started, and remove the folder."""
        members = self._members() if (self.folder / "pid").exists() else []
        if members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.master, signal.SIGQUIT)  # a fast shutdown
            self._wait(10.0)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._members() if members else []:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if members:
                self._wait(3.0)
        if self._started:
            self._started.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, limit: float) -> None:
        deadline = time.monotonic() + limit
        while self._members() and time.monotonic() < deadline:
            if self._started:
                self._started.poll()
            time.sleep(0.1)


def _seen() -> list[str]:
    """What jobs see of this machine. Of a system's own Python not all of /usr, which would hide HTCondor's."""
    python = [f"{sys.base_prefix}/bin/python3", os.path.realpath(sys.executable), sysconfig.get_path("stdlib")]
    prefixes = {sys.base_prefix, sys.prefix} - {"/usr"}
    places = [*python, *prefixes, str(Path(__file__).parents[2])]
    return ["/tmp", *(place for place in places if not place.startswith("/tmp/"))]


def _namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return ""


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def make_root(root: Path) -> None:
    """Debian with HTCondor in a folder, unless it is there. The mirror is this machine's own. Raises RuntimeError."""
    if (root / ".ready").exists():
        return
    making = root.with_name(root.name + f".{os.getpid()}")
    making.parent.mkdir(parents=True, exist_ok=True)
    try:
        _run(["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, making, _mirror()])
        policy = making / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")  # no service is started
        policy.chmod(0o755)
        _run(["chroot", making, "apt-get", "update"])
        install = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]
        _run(["chroot", making, "env", "DEBIAN_FRONTEND=noninteractive", *install])
        _tidy(making)
        (making / ".ready").touch()
        shutil.rmtree(root, ignore_errors=True)
        making.rename(root)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _tidy(making: Path) -> None:
    """Nothing that names the mirror or takes room; the pool's user."""
    for pattern in ("etc/apt/sources.list*", "var/lib/apt/lists/*", "var/cache/apt/*", "var/log/*", "etc/condor/config.d/*",
                    "usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*"):  # fmt: skip
        for path in making.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    (making / "tmp").chmod(0o1777)
    with (making / "etc/passwd").open("a") as users, (making / "etc/group").open("a") as groups:
        users.write(f"{USER}:x:1000:1000::/tmp:/bin/sh\n")
        groups.write(f"{USER}:x:1000:\n")


def _run(argv: list[object]) -> None:
    done = subprocess.run([*map(str, argv)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-1000:]}")


def _mirror() -> str:
    files = [*Path("/etc/apt/sources.list.d").glob("*.sources"), Path("/etc/apt/sources.list")]
    text = "\n".join(file.read_text() for file in files if file.exists())
    found = re.search(r"^URIs:\s*(\S+)|^deb\s+(?:\[[^\]]*\]\s+)?(http\S+)", text, re.MULTILINE)
    if not found:
        raise RuntimeError("apt has no mirror here")
    return found[1] or found[2]


if __name__ == "__main__":
    pool = Pool(Path(sys.argv[2]).absolute(), second=True)
    if sys.argv[1] == "up":
        pool.folder.mkdir(parents=True, exist_ok=True)
        pool.up()
        print("\n".join(f"export {name}={value}" for name, value in pool.environment.items()))
    else:
        pool.down()
