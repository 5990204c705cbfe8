"""A desk without anything in it, made once for all that copy it and are killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, outside_env


@pytest.fixture(scope="session")
def empty(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("empty")
    made = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--skip-checks", "--verbosity", "0"], cwd=ROOT,
        env=outside_env(place), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return place
