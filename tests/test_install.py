"""Installing is whole or not at all: whatever interrupts it, whoever else installs, whatever the file system can do."""

import errno
import json
import multiprocessing
import os
import stat
import subprocess
import sys
import threading

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from kernelkit import install as installing
from kernelkit.errors import RefusedError, UsageError
from kernelkit.exchange import UnsupportedError
from kernelkit.install import install, remove, write_folder
from kernelkit.kernel import Kernel
from kernelkit.kernelspecs import read
from kernelkit.plan import plan
from kernelkit.scopes import Scope, scope_for, writable_by_others
from kernelkit.seal import edited_files, seal

fork = multiprocessing.get_context("fork")


def kernel(text="one", *, name="sample", definition="sample", asked=None, **more):
    files = {"setup.sh": f"#!/bin/bash\necho {text}\n".encode(), "logo-64x64.png": b"\x89PNG" + text.encode(), **more}
    document = {
        "argv": ["/bin/bash", "-p", "{resource_dir}/setup.sh", "-f", "{connection_file}"], "display_name": text, "language": "python",
        "metadata": {"kernelkit": {"format": 1, "definition": {"name": definition, "digest": text}, "asked": asked or {}, "choice": {}}},
    }  # fmt: skip
    return Kernel(name, {"kernel.json": json.dumps(seal(document, files)).encode(), **files})


@pytest.fixture
def scope(tmp_path):
    return Scope("data-dir", tmp_path / "data")


def installed(scope, name="sample"):
    """The display name of what is there, having proven that it is whole."""
    folder = scope.kernels / name
    document = read(name, folder).document
    assert edited_files(folder, document) == []
    return document["display_name"]


class TestPlan:
    def test_what_jupyter_loads_is_what_was_made(self, scope, monkeypatch):
        install(kernel(), scope, replace=False)
        monkeypatch.setenv("JUPYTER_PATH", str(scope.data_dir))
        spec = KernelSpecManager().get_kernel_spec("sample")
        assert spec.to_dict()["metadata"] == kernel().document["metadata"]
        assert spec.argv == kernel().document["argv"]

    def test_the_diff_shows_each_file(self, scope):
        install(kernel(), scope, replace=False)
        planned = plan(kernel("two"), scope, replace=False)
        assert planned.action == "update"
        assert "-echo one\n+echo two\n" in planned.diff
        assert "logo-64x64.png: changed" in planned.diff

    def test_an_update_drops_what_is_no_longer_needed(self, scope):
        install(kernel(extra=b"x"), scope, replace=False)
        install(kernel("two"), scope, replace=False)
        assert not (scope.kernels / "sample/extra").exists()
        assert installed(scope) == "two"

    @pytest.mark.parametrize(("there", "words"), [
        (kernel(definition="other"), "another definition, other"), (kernel(asked={"root": "6.08"}), "another choice"),
    ])  # fmt: skip
    def test_what_is_another_is_refused(self, scope, there, words):
        install(there, scope, replace=False)
        with pytest.raises(RefusedError, match=words):
            install(kernel("two"), scope, replace=False)
        assert install(kernel("two"), scope, replace=True).action == "replace"

    @pytest.mark.parametrize("edit", ["setup.sh", "kernel.json", "added", "gone"])
    def test_an_edited_one_is_refused(self, scope, edit):
        install(kernel(), scope, replace=False)
        folder = scope.kernels / "sample"
        if edit == "gone":
            (folder / "setup.sh").unlink()
        elif edit == "kernel.json":
            (folder / edit).write_text((folder / edit).read_text().replace('"one"', '"ours"', 1))
        else:
            (folder / edit).write_text("mine")
        with pytest.raises(RefusedError, match="has been edited"):
            install(kernel("two"), scope, replace=False)

    @pytest.mark.parametrize("make", [
        lambda target: target.touch(), lambda target: target.symlink_to("elsewhere"), lambda target: target.mkdir(),
    ])  # fmt: skip
    def test_what_is_no_kernelspec_of_ours_is_refused(self, scope, make):
        scope.kernels.mkdir(parents=True)
        make(scope.kernels / "sample")
        with pytest.raises(RefusedError):
            install(kernel(), scope, replace=False)

    @pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a b", "a\n", "\u212a", ".a", "-a", "a" * 300])
    def test_bad_names(self, scope, name):
        with pytest.raises((UsageError, RefusedError)):
            install(kernel(name=name), scope, replace=False)
        assert not scope.kernels.exists() or list(scope.kernels.iterdir()) == []

    def test_python3_is_never_touched(self, scope):
        with pytest.raises(RefusedError, match="never touched"):
            install(kernel(name="python3"), scope, replace=True)


class TestModes:
    @pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
    def test_modes_do_not_depend_on_the_umask(self, scope, mask):
        before = os.umask(mask)
        try:
            install(kernel(), scope, replace=False)
        finally:
            os.umask(before)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (scope.kernels / "sample").iterdir()}
        assert modes == {"kernel.json": 0o644, "setup.sh": 0o755, "logo-64x64.png": 0o644}
        for folder in (scope.data_dir, scope.kernels, scope.kernels / "sample"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o755

    def test_a_folder_that_is_there_keeps_its_mode(self, scope):
        scope.data_dir.mkdir(mode=0o700)
        install(kernel(), scope, replace=False)
        assert stat.S_IMODE(scope.data_dir.stat().st_mode) == 0o700


def in_child(function):
    """Run it in a process of its own and return the exit code."""
    process = fork.Process(target=function)
    process.start()
    process.join(60)
    return process.exitcode


def dying_at(call, action):
    """Make every os-level change count, and die without a word at the given one."""
    left = [call]

    def counted(name):
        original = getattr(os, name)

        def wrapped(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                os._exit(99)
            return original(*args, **kwargs)

        setattr(os, name, wrapped)

    for name in (
        "open",
        "mkdir",
        "chmod",
        "fchmod",
        "fsync",
        "rename",
        "replace",
        "unlink",
        "rmdir",
        "scandir",
        "close",
    ):
        counted(name)
    exchange, move_in = installing.exchange, installing.move_in

    def step(function):
        def wrapped(*args):
            left[0] -= 1
            if left[0] < 0:
                os._exit(99)
            function(*args)
            left[0] -= 1
            if left[0] < 0:
                os._exit(99)

        return wrapped

    installing.exchange, installing.move_in = step(exchange), step(move_in)
    action()


def cannot_swap(*_):
    raise UnsupportedError("as on NFS")


class TestCrash:
    """Killed at every single step, the old or the new is there whole, and the next installation succeeds."""

    @pytest.mark.parametrize("swaps", [True, False], ids=["swap", "file by file"])
    @pytest.mark.parametrize("first", [True, False], ids=["new", "update"])
    def test_killed_anywhere(self, tmp_path, monkeypatch, swaps, first):
        if not swaps:
            monkeypatch.setattr(installing, "exchange", cannot_swap)
            monkeypatch.setattr(installing, "move_in", cannot_swap)
        for call in range(400):
            scope = Scope("data-dir", tmp_path / str(call))
            if not first:
                install(kernel(), scope, replace=False)
            code = in_child(lambda: dying_at(call, lambda: install(kernel("two"), scope, replace=False)))  # noqa: B023
            self.check_whole(scope, first, swaps)
            # Whatever was left, an installation of another kernel, then of this one, must go through.
            install(kernel(name="other"), scope, replace=False)
            install(kernel("three"), scope, replace=False)
            assert installed(scope) == "three"
            assert sorted(path.name for path in scope.staging.iterdir()) == ["lock"]
            assert sorted(path.name for path in scope.kernels.iterdir()) == ["other", "sample"]
            if code == 0:
                assert call > 20, "hardly any step was counted"
                return
            assert code == 99
        pytest.fail("the installation never came to its end")

    def check_whole(self, scope, first, swaps):
        spec = scope.kernels / "sample/kernel.json"
        if first and not spec.exists():
            return
        if swaps:
            assert installed(scope) in {"one", "two"}
        else:  # kernel.json comes last: until then Jupyter reads the old one, whose start command is the same
            assert json.loads(spec.read_text())["display_name"] in {"one", "two"}


class TestTogether:
    @pytest.mark.parametrize("swaps", [True, False], ids=["swap", "file by file"])
    def test_a_reader_never_misses_it(self, scope, monkeypatch, swaps):
        if not swaps:
            monkeypatch.setattr(installing, "exchange", cannot_swap)
        install(kernel("0"), scope, replace=False)
        target, missed, polls, over = scope.kernels / "sample", [], [0], threading.Event()

        def poll():
            while not over.is_set():
                polls[0] += 1
                try:
                    json.loads((target / "kernel.json").read_bytes())
                except (OSError, ValueError) as error:
                    missed.append(error)

        reader = threading.Thread(target=poll)
        reader.start()
        for number in range(100):
            install(kernel(str(number + 1)), scope, replace=False)
        over.set()
        reader.join()
        assert missed == []
        assert polls[0] > 50

    def test_many_at_once_end_in_one_whole(self, scope):
        processes = [
            fork.Process(target=install, args=(kernel(str(n)), scope), kwargs={"replace": False}) for n in range(8)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0] * 8
        assert installed(scope) in {str(n) for n in range(8)}
        assert sorted(path.name for path in scope.staging.iterdir()) == ["lock"]


class TestRefusals:
    def test_a_full_disk_leaves_the_old_one(self, scope, monkeypatch):
        install(kernel(), scope, replace=False)
        code = (
            "import resource, signal, sys; sys.path.insert(0, sys.argv[2]); from test_install import *\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
            "install(kernel('two', big=b'x' * 5000), Scope('data-dir', __import__('pathlib').Path(sys.argv[1])), replace=False)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, scope.data_dir, os.path.dirname(__file__)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "RefusedError" in done.stderr
        assert os.strerror(errno.EFBIG) in done.stderr
        assert installed(scope) == "one"
        assert [path.name for path in scope.staging.iterdir()] == ["lock"]

    @pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
    def test_a_folder_that_may_not_be_written(self, scope):
        scope.data_dir.mkdir(mode=0o500)
        with pytest.raises(RefusedError, match="Permission denied"):
            install(kernel(), scope, replace=False)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    def test_another_user_is_told_to_install_for_themselves(self, open_path):
        def attempt():
            os.setgid(65534)
            os.setuid(65534)
            try:
                install(kernel(), Scope("system", open_path / "share"), replace=False)
            except RefusedError as error:
                os._exit(42 if "--user" in error.advice and "Permission denied" in error.problem else 1)
            os._exit(2)

        assert in_child(attempt) == 42

    def test_scopes_exclude_each_other(self, tmp_path):
        with pytest.raises(UsageError, match="--system and --prefix"):
            scope_for(system=True, prefix=tmp_path)

    def test_what_others_may_write(self, tmp_path):
        file = tmp_path / "file"
        file.touch(mode=0o644)
        assert writable_by_others(file) is None
        file.chmod(0o666)
        assert writable_by_others(file) == file
        file.chmod(0o644)
        tmp_path.chmod(0o777)
        assert writable_by_others(file) == tmp_path
        tmp_path.chmod(0o1777)
        assert writable_by_others(file) is None

    def test_files_only_into_a_folder_that_is_free(self, tmp_path):
        write_folder(kernel(), tmp_path)
        with pytest.raises(RefusedError, match="exists already"):
            write_folder(kernel(), tmp_path)


class TestRemove:
    def spec(self, scope):
        return read("sample", scope.kernels / "sample")

    def test_ours_goes(self, scope):
        install(kernel(), scope, replace=False)
        remove(self.spec(scope), force=False)
        assert list(scope.kernels.iterdir()) == []

    def test_an_edited_or_foreign_one_stays_unless_forced(self, scope):
        install(kernel(), scope, replace=False)
        (scope.kernels / "sample/setup.sh").write_text("mine")
        with pytest.raises(RefusedError, match="edited"):
            remove(self.spec(scope), force=False)
        (scope.kernels / "sample/kernel.json").write_text('{"argv": ["true"]}')
        with pytest.raises(RefusedError, match="not made by kernelkit"):
            remove(self.spec(scope), force=False)
        remove(self.spec(scope), force=True)
        assert list(scope.kernels.iterdir()) == []

    def test_of_a_link_only_the_link_goes(self, scope, tmp_path):
        install(kernel(), Scope("data-dir", tmp_path / "other"), replace=False)
        scope.kernels.mkdir(parents=True)
        (scope.kernels / "sample").symlink_to(tmp_path / "other/kernels/sample")
        remove(self.spec(scope), force=False)
        assert list(scope.kernels.iterdir()) == []
        assert (tmp_path / "other/kernels/sample/kernel.json").is_file()
