"""Wheels made for a test, and the words by which uv and pip know of them alone."""

import os
import zipfile

# What a kernel of kernelkit's asks of an ipykernel: enough to install, not to launch.
SPEC = "def get_kernel_dict():\n    return {'metadata': {'debugger': True}}\n"
IPYKERNEL = {"__init__.py": "__version__ = '6.99'\n", "kernelapp.py": "", "kernelspec.py": SPEC}


def wheel(folder, name, version, files, needs=()):
    info = f"{name}-{version}.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    files = files | {
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            archive.writestr(inside, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{inside},,\n" for inside in [*files, f"{info}/RECORD"]))
    return path


def fill(folder):
    """A package in two releases, the stand-in for ipykernel, and packages that cannot be had or used."""
    wheel(folder, "ipykernel", "6.99", {f"ipykernel/{name}": text for name, text in IPYKERNEL.items()} | {"zmq.py": ""})
    wheel(folder, "thing", "1.0", {"thing.py": "version = 1"})
    wheel(folder, "thing", "2.0", {"thing.py": "version = 2"})
    wheel(folder, "broken", "1.0", {"zmq.py": "raise ImportError('wrong libzmq')"}, needs=["no-such-package"])
    return folder


def only(monkeypatch, index):
    """Let uv and pip know of this folder of wheels alone, in pip's own words."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) and "CACHE" not in name:
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
