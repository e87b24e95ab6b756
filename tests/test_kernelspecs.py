"""What kernelkit lists is what Jupyter finds, for any tree of folders; and it says what Jupyter does not."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jupyter_client.kernelspec import KernelSpecManager

from kernelkit import kernelspecs, listing

GOOD = {"argv": [sys.executable, "{connection_file}"], "display_name": "x", "language": "python"}
CONTENTS = {
    "good": json.dumps(GOOD), "message": json.dumps(GOOD | {"interrupt_mode": "message"}), "not json": "{", "empty": "",
    "a list": "[]", "null": "null", "number": "3", "no argv": '{"display_name": "x", "language": "y"}',
    "argv null": json.dumps(GOOD | {"argv": None}), "gone": json.dumps(GOOD | {"argv": ["/gone"]}),
    "env": json.dumps(GOOD | {"env": {"A": 1}}), "nan": '{"argv": ["true"], "display_name": "x", "language": "y", "metadata": {"a": NaN}}',
    "twice": '{"argv": ["a"], "argv": ["true"], "display_name": "x", "language": "y"}',
}  # fmt: skip
NAMES = ["a", "A", "b", "python3", "odd name", "ünïcode", "..b", "x.y", "K", "-", "a\nb"]
KINDS = [*CONTENTS, "file", "no kernel.json", "folder kernel.json", "dangling link", "link", "fifo", "loop", "bytes"]


@st.composite
def trees(draw):
    return [
        draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(KINDS), max_size=5))
        for _ in range(draw(st.integers(1, 3)))
    ]


def build(folder, tree, elsewhere):
    for name, kind in tree.items():
        place = folder / name
        if kind == "file":
            place.touch()
        elif kind == "dangling link":
            place.symlink_to(elsewhere / "nothing")
        elif kind == "loop":
            place.symlink_to(place)
        elif kind == "link":
            place.symlink_to(elsewhere / "linked")
        else:
            place.mkdir()
            spec = place / "kernel.json"
            if kind == "folder kernel.json":
                spec.mkdir()
            elif kind == "fifo":
                os.mkfifo(spec)
            elif kind == "bytes":
                spec.write_bytes(b'\xff{"argv": []}')
            elif kind in CONTENTS:
                spec.write_text(CONTENTS[kind])


@pytest.fixture
def jupyter_log():
    logging.getLogger("traitlets").disabled = True
    yield
    logging.getLogger("traitlets").disabled = False


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees())
@pytest.mark.filterwarnings("ignore")
def test_any_tree_is_seen_as_jupyter_sees_it(tmp_path_factory, monkeypatch, jupyter_log, tree):
    root = tmp_path_factory.mktemp("tree")
    (root / "linked").mkdir()
    (root / "linked/kernel.json").write_text(CONTENTS["good"])
    roots = []
    for number, entries in enumerate(tree):
        kernels = root / f"{number}/kernels"
        kernels.mkdir(parents=True)
        build(kernels, entries, root)
        roots.append(str(root / str(number)))
    monkeypatch.setenv("JUPYTER_PATH", os.pathsep.join(roots))
    ours = kernelspecs.find_all()
    manager = KernelSpecManager()
    theirs = manager.find_kernel_specs()
    assert [str(folder) for folder in kernelspecs.search_path()] == manager.kernel_dirs
    assert {spec.name: spec.folder for spec in ours if not spec.shadowed_by} == theirs
    readable = {spec.name for spec in ours if not spec.shadowed_by and spec.document is not None}
    assert set(manager.get_all_specs()) <= readable


class TestStates:
    @pytest.fixture
    def kernels(self, tmp_path, monkeypatch):
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
        (tmp_path / "kernels").mkdir()
        return tmp_path / "kernels"

    def row(self, name):
        return next(row for row in listing.rows() if row["name"] == name)

    def make(self, kernels, name, text):
        (kernels / name).mkdir()
        (kernels / name / "kernel.json").write_text(text)

    @pytest.mark.parametrize(("kind", "why"), [
        ("not json", "not JSON: Expecting property name enclosed in double quotes, line 1 column 2"), ("a list", "not an object"),
        ("no argv", "has no argv"), ("gone", "/gone does not exist"), ("env", "a value that is no string"), ("empty", "not JSON"),
    ])  # fmt: skip
    def test_a_broken_one_says_why(self, kernels, kind, why):
        self.make(kernels, "x", CONTENTS[kind])
        row = self.row("x")
        assert row["state"] == "broken"
        assert why in row["why"]

    def test_a_huge_one_is_not_read_whole(self, kernels):
        self.make(kernels, "x", " " * (2 << 20))
        assert "larger than" in self.row("x")["why"]

    def test_nesting_and_hostile_records_do_no_harm(self, kernels):
        self.make(kernels, "x", "[" * 100_000)
        self.make(kernels, "y", json.dumps(GOOD | {"metadata": {"kernelkit": {"digests": 3}}}))
        self.make(
            kernels,
            "z",
            json.dumps(GOOD | {"metadata": {"kernelkit": {"digests": {}, "definition": {}, "choice": {"a": 3}}}}),
        )
        assert self.row("x")["state"] == "broken"
        assert self.row("y")["state"] == "ok"
        assert self.row("z")["state"] == "edited"

    def test_a_missing_script_in_the_folder_shows(self, kernels):
        self.make(kernels, "x", json.dumps(GOOD | {"argv": ["/bin/bash", "{resource_dir}/setup.sh"]}))
        assert self.row("x")["why"].endswith("setup.sh does not exist")

    def test_a_shadowed_one_says_by_what(self, tmp_path, monkeypatch):
        for place in ("first", "second"):
            (tmp_path / place / "kernels").mkdir(parents=True)
            self.make(tmp_path / place / "kernels", "x", CONTENTS["good"])
        monkeypatch.setenv("JUPYTER_PATH", f"{tmp_path}/first:{tmp_path}/second")
        states = [(row["state"], row["why"]) for row in listing.rows() if row["name"] == "x"]
        assert states == [("ok", ""), ("shadowed", f"by {tmp_path}/first/kernels/x")]

    def test_an_outdated_one(self, kernels, home, tmp_path):
        folder = tmp_path / "definitions"
        folder.mkdir()
        definition = folder / "mine.toml"
        definition.write_text(f'display_name = "x"\n[launch]\npython = "{sys.executable}"')
        env = {"KERNELKIT_PATH": str(folder)}
        home.ok("install", "mine", **env)

        def state():
            rows = json.loads(home.ok("list", "--json", **env))["kernelspecs"]
            return next(row["state"] for row in rows if row["name"] == "mine")

        assert state() == "ok"
        definition.write_text(definition.read_text() + "\n[env]\nA = '1'\n")
        assert state() == "outdated"
        assert home.ok("install", "mine", **env).startswith("updated")
        assert state() == "ok"

    def test_another_servers_view(self, kernels):
        self.make(kernels, "x", CONTENTS["good"])
        assert "x" in {spec.name for spec in kernelspecs.find_all_for(Path(sys.executable))}

    def test_a_server_that_is_none(self, home):
        result = home.kernelkit("list", "--server", "/bin/true")
        assert result.code == 4
        result = home.kernelkit("list", "--server", "/nowhere")
        assert result.code == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_folders_that_another_user_may_not_read(open_path):
    """The same as Jupyter, seen by a user whom permissions bind."""
    kernels = open_path / "kernels"
    for name, mode in (("open", 0o755), ("closed", 0o000), ("listed", 0o744)):
        (kernels / name).mkdir(parents=True)
        (kernels / name / "kernel.json").write_text(CONTENTS["good"])
        (kernels / name).chmod(mode)
    (kernels / "secret").mkdir()
    (kernels / "secret/kernel.json").write_text(CONTENTS["good"])
    (kernels / "secret/kernel.json").chmod(0o600)
    code = (
        "import json, os; from kernelkit.kernelspecs import find_all; from jupyter_client.kernelspec import KernelSpecManager as M\n"
        "def found(): return {s.name: s.folder for s in find_all()}, M().find_kernel_specs(), [s.name for s in find_all() if s.fault]\n"
        "found()  # imports what the other user may not be able to\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "print(json.dumps(found()))"
    )
    # Jupyter looks at the folder of its own Python otherwise, which may be closed to the other user.
    env = {
        "JUPYTER_PATH": str(open_path),
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "JUPYTER_PREFER_ENV_PATH": "0",
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    ours, theirs, faulty = json.loads(done.stdout)
    assert ours == theirs
    assert set(ours) >= {"open", "secret"}
    assert "closed" not in ours
    assert "secret" in faulty
