"""
The project's settings as tests see them: a place of their own under the temp folder.

Neither ``./var`` nor a developer's ``.env`` or exported variables reach a test.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.processes import settings_variables

PLACE = Path(tempfile.mkdtemp(prefix="recon-tests-"))
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)

for _name in settings_variables():
    os.environ.pop(_name, None)
os.environ |= {"VAR_DIR": str(PLACE), "ENV_FILE": os.devnull, "ENVIRONMENT": "test"}

from recon_project.settings import *  # noqa: E402, F403
from recon_project.settings import DATABASES  # noqa: E402

# A file and not memory: threads then contend for it as processes do for the real one.
DATABASES["default"]["TEST"] = {"NAME": str(PLACE / "tests.sqlite3")}
DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# What a test rolled back is not to be remembered by the next.
PREDICTION_HISTORY_SECONDS = 0
