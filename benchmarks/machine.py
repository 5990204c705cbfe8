"""What the figures were taken on: the machine, the versions, the revision, the day."""

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.process import ROOT
from tests.postgres import PostgresMissing, binaries

_PACKAGES = ("Django", "numpy", "pandas", "pyarrow", "rapidfuzz", "psycopg", "splink", "duckdb")


def here() -> dict[str, str]:
    """Return cores, memory, processor and versions in words; what is not there is left out."""
    cores = len(os.sched_getaffinity(0))
    found = {
        "Cores": str(cores),
        "Memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "Processor": _processor(),
        "System": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "Postgres": _postgres(),
        **{package: _version(package) for package in _PACKAGES},
    }
    return {name: value for name, value in found.items() if value}


def stamp() -> dict[str, str]:
    """Return the day (UTC) and the git revision, with a plus where files were changed since."""
    revision = _git("rev-parse", "--short=10", "HEAD")
    changed = _git(
        "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/performance*"
    )
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "revision": revision + "+" * bool(changed),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return found[1].strip() if found else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _postgres() -> str:
    try:
        command = [str(binaries() / "postgres"), "--version"]
    except PostgresMissing:
        return ""
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return said.split()[2]
