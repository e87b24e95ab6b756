"""A home of their own for all tests, made before anything of Jupyter is imported."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from batch.running import cluster, condor, pool, slurm  # noqa: F401 - fixtures of several modules

KEPT = {"PATH", "LANG", "TMPDIR", "CI", "PYENV_ROOT", "KERNELKIT_PICTURES", "KERNELKIT_HTCONDOR_ROOT"}
NETWORK = ("PIP_", "UV_", "SSL_", "REQUESTS_", "CURL_", "HTTP", "http", "NO_PROXY", "no_proxy", "ALL_PROXY")
REAL_HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
OURS = Path(tempfile.mkdtemp(prefix="kernelkit-tests-"))

for name in list(os.environ):
    if name not in KEPT and not name.startswith((*NETWORK, "PYTEST_", "COV_")):
        del os.environ[name]
os.environ |= {
    "HOME": str(OURS / "home"), "USER": "tester", "LOGNAME": "tester", "SHELL": "/bin/bash", "LANG": "C.UTF-8",
    "XDG_RUNTIME_DIR": str(OURS / "run"), "PYTHONWARNINGS": "default",
    # uv and pip look for their caches below HOME: one for the whole run saves downloads.
    "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(OURS / "uv")),
    "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(OURS / "pip")),
}  # fmt: skip
for folder in ("home", "run"):
    (OURS / folder).mkdir(mode=0o700)


def pytest_sessionfinish():
    shutil.rmtree(OURS, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_real_home():
    """Fail loudly where a test leaves anything in the real home's Jupyter or kernelkit folders."""
    watched = [REAL_HOME / place for place in (".local/share/jupyter", ".config/kernelkit", ".local/state/kernelkit")]
    before = [sorted(folder.glob("**/*")) if folder.is_dir() else None for folder in watched]
    yield
    assert before == [sorted(folder.glob("**/*")) if folder.is_dir() else None for folder in watched]


@dataclass(frozen=True)
class Result:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Home:
    """A user's home of one test, and the command line as that user runs it."""

    path: Path

    @property
    def env(self) -> dict[str, str]:
        passed = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(NETWORK)}
        (self.path / "run").mkdir(exist_ok=True, mode=0o700)
        return passed | {
            "HOME": str(self.path), "USER": "tester", "LOGNAME": "tester", "SHELL": "/bin/bash", "LANG": "C.UTF-8",
            "JUPYTER_PLATFORM_DIRS": "0", "XDG_RUNTIME_DIR": str(self.path / "run"),
            "JUPYTER_PREFER_ENV_PATH": "0",
        }  # fmt: skip

    @property
    def kernels(self) -> Path:
        return self.path / ".local/share/jupyter/kernels"

    def kernelkit(self, *args: object, timeout: float = 240, **env: str) -> Result:
        argv = [sys.executable, "-m", "kernelkit", *map(str, args)]
        done = subprocess.run(
            argv, env=self.env | env, cwd=self.path, capture_output=True, text=True, timeout=timeout,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *args: object, timeout: float = 240, **env: str) -> str:
        """The standard output of a command that must succeed."""
        result = self.kernelkit(*args, timeout=timeout, **env)
        assert result.code == 0, result
        return result.out


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "a home"
    folder.mkdir()
    return Home(folder)


@pytest.fixture
def page():
    """A page of a real browser."""
    from browsing import opened_page

    with opened_page() as page:
        yield page


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """The CVMFS-shaped sandbox, in a folder whose name has a space and a letter beyond ASCII in it."""
    from kernelkit import sandbox as package

    return package.build(tmp_path_factory.mktemp("sand böx"), python2=package.find_python2(), say=lambda _: None)


@pytest.fixture
def open_path(tmp_path):
    """A folder that every user can reach: pytest's own are closed."""
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.stat().st_uid == os.geteuid() and parent not in (Path("/"), Path("/tmp")):
            parent.chmod(parent.stat().st_mode | 0o011)
    return tmp_path
