"""SIGKILL at a named point of a day, then run it again: the same as the unbroken day."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.processes import ROOT, outside_env

POINTS = (
    "workflows.services.daily.asking:plan",
    "workflows.services.steps.feeds_and_runs:execute_delivery",
    "connectors.services.arrivals:_finish",
    "workflows.services.reconciling:open_breaks",
    "workflows.services.steps.feeds_and_runs:_figures",
    "workflows.services.daily.running:_finish",
)

pytestmark = pytest.mark.thorough

# Of those, where a transaction or a lease is in play.
ON_POSTGRES = POINTS[2:4]


def step(place: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.functional.workflows.killed_day", *arguments], cwd=ROOT,
        env=outside_env(place, **env), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def unbroken(empty: Path, tmp_path_factory) -> dict[str, list[str]]:
    place = tmp_path_factory.mktemp("unbroken")
    shutil.copytree(empty, place, dirs_exist_ok=True)
    done = step(place, "files,day,dump")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["breaks"]) == 3
    assert len(found["steps"]) >= 3
    return found


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_day_is_taken_over_where_it_was(point, empty, unbroken, tmp_path):
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)

    assert step(tmp_path, "files,day", point).returncode == -signal.SIGKILL

    again = step(tmp_path, "day,dump", LATER="1")
    assert json.loads(again.stdout) == unbroken, again.stderr


@pytest.mark.postgres
@pytest.mark.parametrize("point", ON_POSTGRES)
def test_on_postgres_too(point, unbroken, tmp_path, postgres_url):
    place = {"DATABASE_URL": postgres_url}

    assert step(tmp_path, "files,day", point, **place).returncode == -signal.SIGKILL

    again = step(tmp_path, "day,dump", LATER="1", **place)
    assert json.loads(again.stdout) == unbroken, again.stderr


@pytest.mark.parametrize("seed", [0])
def test_at_any_time(seed, empty, unbroken, tmp_path):
    """Killed again and again, each time a little later, until it comes to its end."""
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    assert step(tmp_path, "files").returncode == 0
    rng = Random(seed)  # noqa: S311  repeatable, not secret
    began = time.monotonic()
    for turn in range(1, 4):
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.functional.workflows.killed_day", "day"], cwd=ROOT,
            env=outside_env(tmp_path, LATER=str(turn)), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(rng.uniform(0.5, 4))
        worker.kill()
        worker.wait()
    assert time.monotonic() - began < 60

    # One that had ended before it was killed leaves nothing to take over: run again, it is a twin.
    ended = json.loads(step(tmp_path, "dump").stdout)
    if not any("SUCCEEDED" in row for row in ended["pipelines"]):
        again = step(tmp_path, "day,dump", LATER="5")
        assert again.returncode == 0, again.stderr
        ended = json.loads(again.stdout)
    for name in ("trades", "legs", "breaks", "events", "deliveries"):
        seen = {row.rsplit(",", 1)[0] for row in ended[name]}
        assert seen == {row.rsplit(",", 1)[0] for row in unbroken[name]}, name
