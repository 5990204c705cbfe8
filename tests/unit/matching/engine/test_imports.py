"""What importing the engine may cost: commands and pages start with it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def test_importing_the_engine_does_not_load_scipy():
    code = "import sys, matching.engine; print('scipy' in sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert loaded.stdout.strip() == "False"
