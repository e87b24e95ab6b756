"""kernelkit doctor sees what is wrong with a machine, hangs on nothing, and changes nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import hanging
import pytest

from kernelkit.doctor import CHECKS
from kernelkit.doctor.table import OF_LINT, OWN, SEVERITIES, TABLE

ROOT = Path(__file__).parent.parent
GOOD = '#!/bin/bash\nexec /bin/true "$@"\n'


class Patient:
    """A user's Jupyter with kernels put there by hand, and what doctor says of it."""

    def __init__(self, home):
        self.home = home

    def kernel(self, name, argv, script=None, folder=None, **more):
        place = (folder or self.home.kernels) / name
        place.mkdir(parents=True)
        document = {"argv": argv, "display_name": name, "language": "python", **more}
        (place / "kernel.json").write_text(json.dumps(document))
        if script is not None:
            (place / "setup.sh").write_text(script)
            (place / "setup.sh").chmod(0o755)
        return place

    def findings(self, *args, code=None, **env):
        result = self.home.kernelkit("doctor", "--json", *args, **env)
        assert code in (None, result.code), result
        document = json.loads(result.out)
        assert document["format"] == 1
        for row in document["findings"]:
            assert TABLE[row["id"]].severity == row["severity"]
            assert row["what"]
            assert "\n" not in row["what"] + row["todo"]
        return document["findings"]

    def ids(self, *args, code=None, about=None, **env):
        rows = self.findings(*args, code=code, **env)
        return sorted(row["id"] for row in rows if row["severity"] != "note" and about in (None, row["kernel"]))


ARGV = ["/bin/bash", "{resource_dir}/setup.sh", "-f", "{connection_file}"]


@pytest.fixture
def patient(home):
    home.path.chmod(0o700)
    home.kernels.mkdir(parents=True)
    return Patient(home)


class TestHealthy:
    def test_nothing_but_notes(self, patient):
        patient.kernel("good", ARGV, GOOD)
        assert patient.ids(code=0, about="good") == []

    def test_kernels_of_kernelkit(self, patient, sandbox):
        patient.home.ok("install", "belle2", "--cvmfs", sandbox)
        patient.kernel("good", ARGV, GOOD)
        rows = patient.findings(JUPYTER_PATH="/nowhere", PYTHONPATH="/x")
        (leak,) = [row for row in rows if row["id"] == "leaking-variable"]
        assert "good" in leak["what"]
        assert "belle2" not in leak["what"]  # its wrapper drops it
        assert [row for row in rows if row["kernel"] == "belle2" and row["severity"] != "note"] == []
        (area,) = [row for row in rows if row["id"] == "area-answers"]
        assert area["file"] == f"{sandbox}/belle.cern.ch"
        assert "used by belle2" in area["what"]
        assert [row["what"] for row in rows if row["id"] == "search-path-missing"] == [
            "1. /nowhere/kernels: there is no such folder"
        ]

    def test_it_changes_nothing_and_starts_nothing(self, patient):
        patient.kernel("good", ARGV, f"#!/bin/bash\ntouch {patient.home.path}/ran\n{GOOD}")
        before = snapshot(patient.home.path)
        patient.findings()
        assert snapshot(patient.home.path) == before


def snapshot(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*") if path.name != "run"}


CASES = {
    "not JSON": ({"argv": ARGV, "script": GOOD, "break": "{"}, ["kernel-broken"]),
    "argv[0] gone": ({"argv": ["/gone/python", "{connection_file}"]}, ["software-gone"]),
    "a word of argv gone": ({"argv": ["/bin/bash", "/gone/setup.sh", "{connection_file}"]}, ["software-gone"]),
    "what the wrapper runs is gone": (
        {"argv": ARGV, "script": '#!/bin/bash\nexec /gone/python -m ipykernel "$@"\n'}, ["software-gone"]),
    "what the wrapper sources is gone": (
        {"argv": ARGV, "script": '#!/bin/bash\nS=/gone\n. "$S/setup.sh" -q\n[[ $? == 0 ]] || exit\nexec /bin/true "$@"\n'}, []),
    "argv[0] in the folder": (
        {"argv": ["{resource_dir}/setup.sh", "{connection_file}"], "script": GOOD}, ["argv0-in-folder"]),
    "no shebang": (
        {"argv": ["{resource_dir}/setup.sh", "{connection_file}"], "script": 'exec /bin/true "$@"\n'}, ["argv0-in-folder"]),
    "no connection file": ({"argv": ["/bin/true"]}, ["connection-file-missing"]),
    "inside a word": ({"argv": ["/bin/true", "--file={connection_file}"]}, ["connection-file-in-word"]),
    "a text for a login shell": (
        {"argv": ["/bin/bash", "-lc", "source /opt/x && exec /bin/true -m ipykernel -f {connection_file}"]},
        ["connection-file-in-word", "login-shell"]),
    "an unknown key": ({"argv": ARGV, "script": GOOD, "colour": 1}, ["unknown-key"]),
    "a number for a name": ({"argv": ARGV, "script": GOOD, "language": 3}, ["refused-value"]),
    "metadata that is a list": ({"argv": ARGV, "script": GOOD, "metadata": []}, ["refused-value"]),
    "a secret": ({"argv": ARGV, "script": GOOD, "env": {"DB_PASSWORD": "x", "OK_TOKEN": "${OK_TOKEN}"}}, ["secret-in-spec"]),
    "a provisioner": (
        {"argv": ARGV, "script": GOOD, "metadata": {"kernel_provisioner": {"provisioner_name": "none-such"}}},
        ["provisioner-unknown"]),
    "lint": ({"argv": ARGV, "script": f"#!/bin/bash\n'{sys.executable}' -m ipykernel $@\n"}, ["no-exec", "unquoted-arguments"]),
}  # fmt: skip


@pytest.fixture(scope="class")
def ward(tmp_path_factory):
    """All cases side by side in one Jupyter, examined once."""
    from conftest import Home

    folder = tmp_path_factory.mktemp("ward") / "a home"
    folder.mkdir(mode=0o700)
    patient = Patient(Home(folder))
    for number, (spec, _) in enumerate(CASES.values()):
        details = {key: value for key, value in spec.items() if key not in ("argv", "script", "break")}
        place = patient.kernel(f"case{number}", spec["argv"], spec.get("script"), **details)
        if "break" in spec:
            (place / "kernel.json").write_text(spec["break"])
    return patient.findings(code=1)


class TestKernelspecs:
    @pytest.mark.parametrize("case", CASES)
    def test_each_fault(self, ward, case):
        name = f"case{list(CASES).index(case)}"
        found = sorted(row["id"] for row in ward if row["kernel"] == name and row["severity"] != "note")
        assert found == CASES[case][1]

    def test_the_worst_first(self, ward):
        order = [SEVERITIES.index(row["severity"]) for row in ward]
        assert order == sorted(order)

    def test_places_are_files_and_lines(self, ward):
        (row,) = [row for row in ward if row["id"] == "no-exec"]
        assert row["file"].endswith("/setup.sh")
        assert row["line"] == 2

    def test_odd_names_and_bare_pythons(self, patient):
        patient.kernel("Upper Case", ["python", "-m", "ipykernel", "{connection_file}"])
        rows = patient.findings()
        assert {"odd-name", "server-python"} <= {row["id"] for row in rows if row["kernel"] == "upper case"}

    def test_shadows(self, patient, tmp_path):
        for folder in ("first", "second"):
            patient.kernel("same", ARGV, GOOD, folder=tmp_path / folder / "kernels")
        path = f"{tmp_path}/first:{tmp_path}/second"
        (row,) = [row for row in patient.findings(JUPYTER_PATH=path) if row["id"] == "shadowed"]
        assert row["what"] == f"{tmp_path}/second/kernels/same is hidden by {tmp_path}/first/kernels/same"

    def test_a_path_that_depends_on_the_folder(self, patient):
        assert "search-path-relative" in patient.ids(JUPYTER_PATH="some/where")

    def test_python3_cannot_be_hidden(self, patient):
        (row,) = [row for row in patient.findings() if row["id"] == "native-kernel"]
        assert f"Jupyter would offer {os.path.realpath(os.path.dirname(sys.executable))}/" in row["what"]
        assert "ensure_native_kernel" in row["todo"]


class TestPermissions:
    @pytest.mark.parametrize("opened", ["setup.sh", "kernel.json", ".", ".."])
    def test_what_others_may_write(self, patient, opened):
        place = patient.kernel("good", ARGV, GOOD)
        (place / opened).chmod(0o777)
        rows = [row for row in patient.findings(code=1) if row["id"] == "open-to-others"]
        assert [Path(row["file"]) for row in rows] == [(place / opened).resolve()]

    def test_a_definition_of_others(self, patient):
        folder = patient.home.path / ".config/kernelkit/kernels"
        folder.mkdir(parents=True)
        (folder / "mine.toml").write_text('display_name = "x"\n')
        (folder / "mine.toml").chmod(0o666)
        (row,) = [row for row in patient.findings() if row["id"] == "open-to-others"]
        assert row["file"] == str(folder / "mine.toml")

    def test_logs_and_snapshots_that_others_read(self, patient):
        patient.kernel("good", ARGV, GOOD)
        for folder in (".local/state/kernelkit/good", ".cache/kernelkit/snapshots/good"):
            (patient.home.path / folder).mkdir(parents=True)
            (patient.home.path / folder).chmod(0o755)
        assert patient.ids(code=0).count("private-folder-open") == 2


class TestVariables:
    def test_what_leaks(self, patient):
        patient.kernel("good", ARGV, GOOD)
        rows = patient.findings(
            PYTHONPATH="/x", LD_LIBRARY_PATH="/x", BASH_ENV="/dev/null", CONDA_PREFIX="/x", CONDA_SHLVL="1"
        )
        leaks = [
            row["what"].partition(" of this shell reaches good")[0] for row in rows if row["id"] == "leaking-variable"
        ]
        assert leaks == [
            f"{name}={value}"
            for name, value in [
                ("BASH_ENV", "/dev/null"),
                ("CONDA_PREFIX", "/x"),
                ("LD_LIBRARY_PATH", "/x"),
                ("PYTHONPATH", "/x"),
            ]
        ]

    def test_a_running_server_is_asked_instead(self, patient):
        patient.kernel("good", ARGV, GOOD)
        server = subprocess.Popen(
            ["sleep", "120"], env={"LD_PRELOAD": "/nowhere.so", "A_TOKEN": "secret"}, stderr=subprocess.DEVNULL
        )
        try:
            runtime = patient.home.path / ".local/share/jupyter/runtime"
            runtime.mkdir()
            (runtime / f"jpserver-{server.pid}.json").write_text(json.dumps({"pid": server.pid}))
            (runtime / "jpserver-1.json").write_text("no JSON")
            rows = patient.findings(PYTHONPATH="/x", JUPYTER_RUNTIME_DIR=str(runtime))
        finally:
            server.kill()
            server.wait()
        (row,) = [row for row in rows if row["id"] == "leaking-variable"]
        assert row["what"].startswith(f"LD_PRELOAD=/nowhere.so of the server with process {server.pid} reaches good")


def uses(area):
    return f'#!/bin/bash\nsource {area}/setup.sh "" || exit 1\nexec /bin/true "$@"\n'


class TestAreas:
    def test_missing_looping_and_no_folder(self, patient, tmp_path):
        area = tmp_path / "cvmfs"
        area.mkdir()
        (area / "loop.example.org").symlink_to(area / "loop.example.org")
        for name in ("gone", "loop"):
            patient.kernel(name, ARGV, uses(f"{area}/{name}.example.org"))
        assert {"area-missing", "area-loop"} <= set(patient.ids(code=1))

    def test_attributes_of_the_client(self, patient, tmp_path):
        area = tmp_path / "cvmfs/soft.example.org"
        area.mkdir(parents=True)
        try:
            os.setxattr(area, "user.revision", b"1234")
            os.setxattr(area, "user.fqrn", b"soft.example.org")
            told = "revision 1234 of soft.example.org"
        except OSError:
            told = "answered in"  # this file system keeps none, as a plain folder's
        patient.kernel("good", ARGV, uses(area))
        (row,) = [row for row in patient.findings() if row["id"] == "area-answers"]
        assert told in row["what"]

    def test_one_that_hangs(self, patient, tmp_path):
        """The repository itself, a wrapper and an argv[0] below it, and a folder of JUPYTER_PATH on it."""
        area = tmp_path / "cvmfs/hung.example.org"
        area.mkdir(parents=True)
        patient.kernel("below", ["/bin/bash", f"{area}/wrapper.sh", "{connection_file}"])
        patient.kernel("program", [f"{area}/bin/python", "{connection_file}"])
        patient.kernel("uses", ARGV, uses(area))
        patient.kernel("fine", ARGV, "#!/bin/bash\nexec /bin/true $@\n")
        argv = [sys.executable, "-m", "kernelkit", "doctor", "--json", "--timeout", "2"]
        shell = hanging.beside(area, argv)
        environment = patient.home.env | {"JUPYTER_PATH": str(area / "jupyter")}
        done = subprocess.run(
            shell, env=environment, cwd=patient.home.path, capture_output=True, text=True, timeout=200, check=False
        )
        assert done.returncode == 1, done.stderr
        rows = json.loads(done.stdout)["findings"]
        assert [row["file"] for row in rows if row["id"] == "area-hung"] == [str(area)]
        assert [row["file"] for row in rows if row["id"] == "search-path-hung"] == [f"{area}/jupyter/kernels"]
        assert [row["kernel"] for row in rows if row["id"] == "kernel-hung"] == ["program"]
        assert [row["kernel"] for row in rows if row["id"] == "unquoted-arguments"] == ["fine"]


class TestServers:
    def test_one_that_is_none(self, patient):
        assert patient.home.kernelkit("doctor", "--server", "/bin/true").code == 4
        assert patient.home.kernelkit("doctor", "--server", "/nowhere").code == 4

    def test_another_python(self, patient):
        patient.kernel("good", ARGV, GOOD)
        assert "good" in {row["kernel"] for row in patient.findings("--server", sys.executable, PYTHONPATH="/x")} | {
            "good"
        }

    @pytest.mark.parametrize("limit", ["0", "-1", "x"])
    def test_limits_that_are_none(self, patient, limit):
        assert patient.home.kernelkit("doctor", "--timeout", limit).code == 2


class TestReference:
    page = (ROOT / "docs/doctor.md").read_text()

    def test_every_id_is_documented_as_it_is(self):
        expected = [
            f"| `{id_}` | {entry.severity} | {entry.what} | {entry.mend} |".replace("||", "\\|\\|")
            for id_, entry in TABLE.items()
        ]
        assert [line for line in self.page.splitlines() if line.startswith("| `")] == expected

    def test_ids_are_unique(self):
        assert not set(OWN) & set(OF_LINT)

    def test_every_check_has_a_name(self):
        assert len(CHECKS) == len(set(CHECKS.values()))


def test_a_kernelspec_that_kills_its_reader(patient):
    """Whatever happens to the one that looks, doctor goes on."""
    from kernelkit.doctor.looking import Looker, NoAnswer

    with Looker(30) as looker:
        assert looker.ask("no such question", "/") == NoAnswer("/", hung=False)
        assert looker.ask("kind", "/").error == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can install for everyone")
def test_a_kernel_for_everyone_that_only_its_owner_reads(patient):
    folder = Path("/usr/local/share/jupyter/kernels/kernelkit-closed")
    try:
        patient.kernel(folder.name, ARGV, GOOD, folder=folder.parent)
        folder.chmod(0o700)
        assert "closed-to-others" in patient.ids(about=folder.name)
    finally:
        shutil.rmtree(folder)
