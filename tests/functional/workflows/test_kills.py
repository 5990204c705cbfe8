"""SIGKILL at a named point, then run again: the same as the unbroken run."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.processes import ROOT, outside_env

pytestmark = pytest.mark.thorough

DURING_INGEST = (
    "connectors.services.arrivals:read_batch",
    "connectors.services.arrivals:merge",
    "trades.services.merging:_resolve",
    "connectors.services.arrivals:_quarantine",
    "connectors.services.arrivals:_finish",
)
DURING_RUN = (
    ("matching.services.pairing:trades_frame", "0"),
    ("matching.services.partitions:found_at_home", "4"),
    ("workflows.services.reconciling:open_breaks", "0"),
    ("breaks.services.history:append", "0"),
    ("matching.services.runs:_succeed", "0"),
)


def run(place: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=outside_env(place, **env),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def step(place: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run(place, "-m", "tests.functional.workflows.killed", *arguments, **env)


def rows(place: Path, table: str) -> int:
    with closing(sqlite3.connect(place / "desk.sqlite3")) as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608


@pytest.fixture(scope="module")
def unbroken(empty: Path, tmp_path_factory) -> tuple[Path, dict[str, list[str]]]:
    """Return the place where the files are loaded, and what a run then leads to."""
    loaded = tmp_path_factory.mktemp("loaded")
    shutil.copytree(empty, loaded, dirs_exist_ok=True)
    assert step(loaded, "ingest").returncode == 0
    reconciled = tmp_path_factory.mktemp("reconciled")
    shutil.copytree(loaded, reconciled, dirs_exist_ok=True)
    found = json.loads(step(reconciled, "reconcile,dump").stdout)
    assert len(found["breaks"]) == 3
    return loaded, found


@pytest.mark.parametrize("point", DURING_INGEST)
def test_a_killed_ingestion_loads_nothing_and_is_simply_run_again(point, empty, unbroken, tmp_path):
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)

    assert step(tmp_path, "ingest", point).returncode == -signal.SIGKILL
    assert rows(tmp_path, "trades_trade") == 0

    again = step(tmp_path, "ingest,reconcile,dump")
    assert json.loads(again.stdout) == unbroken[1], again.stderr


@pytest.mark.parametrize(("point", "partitions"), DURING_RUN)
def test_a_killed_run_changes_nothing_and_is_taken_over(point, partitions, unbroken, tmp_path):
    loaded, found = unbroken
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)

    killed = step(tmp_path, "reconcile", point, PARTITIONS=partitions)
    assert killed.returncode == -signal.SIGKILL
    assert rows(tmp_path, "matching_match") == rows(tmp_path, "breaks_tradebreak") == 0
    assert rows(tmp_path, "matching_reconciliationrun") == 1

    again = step(tmp_path, "reconcile,dump", LATER="1", PARTITIONS=partitions)
    assert json.loads(again.stdout) == found, again.stderr
