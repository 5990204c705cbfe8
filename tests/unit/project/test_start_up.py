"""What every command and page waits for before it begins."""

import subprocess
import sys

from tests.unit.project.test_source import ROOT

SLOW = ("numpy", "pandas", "pyarrow", "scipy", "sklearn", "exchange_calendars")


def test_setting_up_django_loads_nothing_slow(child_env):
    code = (
        "import sys, django; django.setup(); from django.contrib import admin; "
        f"print(len(admin.site._registry), [name for name in {SLOW!r} if name in sys.modules])"
    )
    env = child_env(DJANGO_SETTINGS_MODULE="recon_project.settings")

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=env
    )

    registered, loaded = done.stdout.split(" ", 1)
    assert int(registered) > 20
    assert loaded.strip() == "[]"
