"""The benchmarks measure what they say, on a set-up light enough for a test; how fast anything is, no test asserts."""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import launches, many, page, setups, targets

ROOT = Path(__file__).parent.parent
LIGHT = """
import json, sys
from pathlib import Path
from benchmarks import launches, setups
from benchmarks.__main__ import environment
folder = Path(sys.argv[1])
setup = setups.script(folder / "software", files=3, forks=7, delay=0.001)
env = environment(folder)
contestants = setups.contestants(folder, setup, env)
contestants += setups.first_launches(folder, contestants)
print(json.dumps(launches._rows(contestants, env, 1)))
"""


def test_every_way_to_launch_is_measured(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["name"] for row in rows] == [*setups.WAYS, setups.FIRST, setups.BEHIND]
    assert all(0 < row["kernel_info_s"] <= row["first_reply_s"] for row in rows)
    assert "| kernelkit, snapshot |" in launches.shown(rows)
    (snapshot,) = (tmp_path / ".cache/kernelkit/snapshots/bench").glob("*.snapshot")
    assert b"BENCH_2=" in snapshot.read_bytes()


def test_a_set_up_has_the_weight_that_it_is_given(tmp_path):
    setup = setups.script(tmp_path / "software", files=4, forks=10, delay=0.001)
    traced = subprocess.run(["bash", "-xc", f". {setup}; env"], capture_output=True, text=True, check=True)
    lines = traced.stderr.splitlines()
    assert sum(line.endswith(("/bin/true", "+ x=")) for line in lines) == 10
    assert "BENCH_3=" in traced.stdout
    assert sum("read -t 0.001" in line for line in lines) == 4


def test_what_must_be_shown_is_judged(tmp_path):
    way = {"of_plainest": 1.04, "more_s": 0.02, "by_hand_takes": 9.0, "of_no_snapshot": 1.3, "of_first_launch": 1.0}
    ways = [{"name": name, **way} for name in (*setups.WAYS, setups.FIRST, setups.BEHIND)]
    command = {"name": "list, 5 kernels", "command": "jupyter", "ratio": 0.3}
    judged = targets.judged({"launches": dict.fromkeys(launches.WEIGHTS, ways), "commands": [command]})
    assert [one["met"] for one in judged] == [True, True, True, False, False, True, True]
    assert "**missed**" in targets.shown(judged)


def test_without_a_batch_system_it_says_so_and_goes_on(tmp_path):
    env = {"PATH": "/nonexistent", "HOME": str(tmp_path), "KERNELKIT_HTCONDOR_ROOT": str(tmp_path / "root")}
    argv = [sys.executable, "-m", "benchmarks", "places", "--json", tmp_path / "figures.json"]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("no kernels in a batch system are measured") == 2
    assert not any(json.loads((tmp_path / "figures.json").read_text())["places"].values())


def test_what_places_must_show_is_judged_and_written(tmp_path):
    spread = {
        f"{name}_{end}": 1.0
        for name in ("ready", "running", "reply", "returned", "gone")
        for end in ("s", "min_s", "max_s")
    }
    more = {"more_s": 0.5, "running_more_s": 0.1, "local_s": 0.01}
    launched = [{"place": "Slurm", "name": name, **spread, **more} for name in ("srun", "kernelkit")]
    asked = {"kernels": 100, "started_s": 9.0, "starting_ours": 3, "rest_ours": 4.0, "rest_seen": 4.0}
    tables = {
        "launches": launched,
        "interrupts": [launched[0]],
        "ends": [launched[0]],
        "queries": [{**launched[0], **asked}],
    }
    machine = {"processors": 2, "load_before": 0.1, "python": "3", "jupyter_client": "8", "ipykernel": "7"}
    assert [one["met"] for one in targets.of_places({"places": tables})] == [False, True, True, True]
    file = tmp_path / "speed.md"
    file.write_text((ROOT / "docs/speed.md").read_text())
    page.update(file, {"runs": 1, "machine": machine, "places": tables})
    text = file.read_text()
    assert "| Slurm | 100 | 9.0 | 3 | **4** | 4 |" in text
    assert text.partition(page.PLACES[0])[0] == (ROOT / "docs/speed.md").read_text().partition(page.PLACES[0])[0]


def test_many_kernels_are_measured_apart_from_kernelkit_itself(home):
    rows = many.measured(home.env | {"JUPYTER_DATA_DIR": str(home.path / "data")}, 1, counts=(1, 2))
    assert [row["count"] for row in rows] == [1, 2]
    assert all(row["kernels_s"] > 0 and row["own_s"] > 0 and row["peak_mib"] > 10 for row in rows)
    assert rows[0]["kernels_s"] < rows[1]["kernels_s"]
    assert many.shown(rows).count("\n") == 3


def test_the_page_has_a_place_for_the_tables(tmp_path):
    text = (ROOT / "docs/speed.md").read_text()
    assert all(text.count(mark) == 1 for mark in page.MARKS + page.PLACES)
    assert os.access(ROOT / "docs/launches.svg", os.R_OK)
