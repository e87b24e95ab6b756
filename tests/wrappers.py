"""Rendered wrappers, and what comes out of them under a real bash."""

import json
import subprocess

from kernelkit import reading, render
from kernelkit.resolve import Asked, resolve

BASE = {"HOME": "/nowhere", "PATH": "/usr/bin:/bin", "USER": "u", "LANG": "C.UTF-8"}


def choice_of(folder, text, **asked):
    file = folder / "sample.toml"
    file.write_text(text, encoding="utf-8")
    return resolve(reading.read(file), Asked(**asked), say=lambda _: None)


def wrapper_of(folder, text, **asked):
    path = folder / "setup.sh"
    path.write_text(render.wrapper(choice_of(folder, text, **asked)), encoding="utf-8", errors="surrogateescape")
    return path


def launch(wrapper, *args, env=None, cwd=None):
    argv = ["/bin/bash", "-p", str(wrapper), *(args or ["--kernelkit-environment"])]
    return subprocess.run(
        argv, env=env, cwd=cwd, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )


def environment(wrapper, env=None, cwd=None):
    done = launch(wrapper, env=env, cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return dict(entry.split(b"=", 1) for entry in done.stdout.split(b"\0") if entry)


def script_step(path, more=""):
    return f'display_name = "x"\n[[steps]]\nuse = "script"\npath = {toml(str(path))}\n{more}'


def toml(value):
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
