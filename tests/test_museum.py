"""Every broken kernel of the museum is caught, with the check and the cause that are expected; no healthy one is."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from pythons import PYTHONS

from kernelkit.causes import ADVICE

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs/causes.md"
MUSEUM = ROOT / "tests/museum"
SITE = sysconfig.get_paths()["purelib"]


def exhibits(kind):
    """Each exhibit's name and what is expected of it."""
    return {
        folder.name: tomllib.loads((folder / "expected.toml").read_text())
        for folder in sorted(MUSEUM.glob(f"{kind}/*"))
    }


BROKEN, HEALTHY = exhibits("broken"), exhibits("healthy")
SILENT = [name for name, expected in BROKEN.items() if expected.get("silent")]
OTHERS = [name for name in BROKEN if name not in SILENT]


def oldest_python():
    return min(PYTHONS.items(), key=lambda entry: [int(part) for part in entry[0].split(".")])[1]


class Hall:
    """Copies of exhibits where Jupyter finds them, in folders whose names have spaces, and one run of the command."""

    def __init__(self, home):
        self.home = home
        runtime = home.path / "runtime  dïr"
        self.env = {
            "MUSEUM_PYTHON": sys.executable, "MUSEUM_SITE": SITE, "MUSEUM_OLD_PYTHON": oldest_python(),
            "JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTERHUB_API_TOKEN": "0123456789abcdef-museum",
        }  # fmt: skip

    def show(self, kind, names):
        for name in names:
            folder = self.home.kernels / name
            shutil.copytree(MUSEUM / kind / name, folder)
            if (folder / "prepare.sh").exists():
                subprocess.run(
                    ["/bin/bash", "-eu", "prepare.sh"], cwd=folder, env=self.home.env | self.env, check=True, timeout=60
                )

    def verdicts(self, names, *options):
        report = self.home.path / "report.json"
        result = self.home.kernelkit("test", *names, "--json", report, *options, **self.env)
        found = {verdict["name"]: verdict for verdict in json.loads(report.read_text())["verdicts"]}
        return result, found


@pytest.fixture
def hall(home):
    return Hall(home)


def differences(verdicts, names):
    """What of the verdicts is not as expected, a line each."""
    return [f"{name}: {words}" for name in names for words in _differences(verdicts[name], BROKEN[name])]


def _differences(verdict, expected):
    status = expected.get("status", "failed")
    found = [(check["id"], check["cause_id"]) for check in verdict["checks"] if check["status"] == status]
    if status == "note":
        if verdict["passed"] is not True or (expected["check"], expected["cause"]) not in found:
            yield f"the notes are {found}"
        return
    if [check for check, _ in found][:1] != [expected["check"]]:
        yield f"{[check for check, _ in found]} failed and not {expected['check']}: {verdict['cause']}"
    if verdict["cause_id"] != expected["cause"]:
        yield f"{verdict['cause_id']} and not {expected['cause']}: {verdict['cause']!r}; output {verdict['output'][-1500:]!r}"
    if expected.get("where", "") not in verdict["where"]:
        yield f"known from {verdict['where']!r} and not {expected['where']}"


def test_every_broken_kernel_is_caught_and_explained(hall):
    hall.show("broken", OTHERS)
    result, verdicts = hall.verdicts(OTHERS, "-j", "4")
    assert result.code == 1
    assert not differences(verdicts, OTHERS), "\n".join(differences(verdicts, OTHERS))


def test_every_kernel_that_never_answers_is_explained(hall):
    hall.show("broken", SILENT)
    result, verdicts = hall.verdicts(SILENT, "-j", "4", "--timeout", "8")
    assert result.code == 1
    assert not differences(verdicts, SILENT), "\n".join(differences(verdicts, SILENT))


def test_no_healthy_kernel_is_blamed(hall):
    hall.show("healthy", HEALTHY)
    result, verdicts = hall.verdicts(HEALTHY, "-j", "4")
    blamed = {name: verdict for name, verdict in verdicts.items() if not verdict["passed"]}
    assert not blamed, json.dumps(blamed, indent=1)
    assert result.code == 0


def test_the_museum_is_large_and_every_cause_in_it_is_known():
    assert len(BROKEN) >= 40
    assert len(HEALTHY) >= 15
    assert {expected["cause"] for expected in BROKEN.values()} <= set(ADVICE)


def test_every_exhibit_says_where_it_comes_from():
    for file in MUSEUM.glob("*/*/expected.toml"):
        assert file.read_text().startswith("# "), file


def test_every_cause_has_a_section_and_its_advice():
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^#|\Z)", DOCS.read_text(), re.MULTILINE | re.DOTALL))
    assert sorted(sections) == sorted(ADVICE)
    for id_, section in sections.items():
        assert section.rstrip().endswith(f"- Do: {ADVICE[id_]}."), id_
        assert "- Shows: " in section, id_


def test_every_cause_is_found_by_some_rule():
    folders = [ROOT / "kernelkit/verify", ROOT / "kernelkit/fleet"]
    files = [ROOT / "kernelkit/reasons.py", *(file for folder in folders for file in folder.rglob("*.py"))]
    sources = "".join(file.read_text() for file in files)
    assert [id_ for id_ in ADVICE if f'"{id_}"' not in sources] == []
