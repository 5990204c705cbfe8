"""
Time addresses of the desk as the people who work there, over a filled Postgres.

Each is asked for through Django's test client, as an analyst of two teams and as a supervisor.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median, quantiles
from time import perf_counter, process_time, sleep
from typing import Any

from benchmarks.filled import filled, over
from benchmarks.process import python

PEOPLE = ("analyst", "supervisor")


def browse(
    module: str,
    description: str | None,
    *,
    scripts: tuple[str, ...],
    sizes: Mapping[str, tuple[int, str]],
    addresses: Callable[[], dict[str, str]],
    is_good: Callable[[dict[str, Any]], bool],
) -> int:
    """
    Measure `addresses` as the command line of `module` asks for, and print it; return 0.

    `sizes` are what `scripts` fill the database with: by name, how many and of what. `addresses`
    are asked for in a process that has the database; `is_good` tells whether one meets its goal.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, (size, what) in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=size, help=f"{what} to make ({size})")
    parser.add_argument("--times", type=int, default=20, help="requests an address (20)")
    parser.add_argument("--slowest", type=int, default=0, help="queries to show an address (0)")
    parser.add_argument("--database", help="URL of a database that is filled already")
    parser.add_argument("--keep", action="store_true", help="leave the server up until Ctrl-C")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(_as_everybody(addresses, asked.times, asked.slowest)))
        return 0
    made = {name: getattr(asked, name) for name in sizes}
    with _given(asked.database) if asked.database else filled(*scripts, **made) as env:
        told: dict[str, Any] = json.loads(
            python(
                env, "-m", module, "--measure",
                "--times", str(asked.times), "--slowest", str(asked.slowest),
            )
        )  # fmt: skip
        missed = [name for name, one in told.items() if not is_good(one)]
        print(json.dumps({"pages": told, "missed": missed}, indent=2), flush=True)
        if asked.keep:
            print(f"The server is up at {env['DATABASE_URL']} until Ctrl-C.", file=sys.stderr)
            _until_interrupted()
    return 0


@contextmanager
def _given(url: str) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as place:
        yield over(url, place)


def _as_everybody(
    addresses: Callable[[], dict[str, str]], times: int, slowest: int
) -> dict[str, Any]:
    # As a worker of the web server is, with what it has loaded.
    from recon_project import wsgi  # noqa: F401  isort: skip
    from django.contrib.auth.models import User
    from django.test import Client

    found = {}
    for name in PEOPLE:
        browser = Client(headers={"host": "localhost"})
        browser.force_login(User.objects.get(username=name))
        for one, address in addresses().items():
            found[f"{one}, {name}"] = _timed(browser, address, times, slowest)
    return found


def _timed(browser: Any, address: str, times: int, slowest: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        status = browser.get(address).status_code
    # Now: the next request empties the log that it reads from.
    queries = captured.captured_queries
    took, cpu = [], process_time()
    for _ in range(times):
        began = perf_counter()
        browser.get(address)
        took.append((perf_counter() - began) * 1_000)
    told = {
        "address": address,
        "status": status,
        "p50": round(median(took)),
        "p95": round(quantiles(took, n=20)[-1]),
        "cpu": round((process_time() - cpu) / times * 1_000),
        "queries": len(queries),
    }
    if slowest:
        by_time = sorted(queries, key=lambda one: -float(one["time"]))
        told["slowest"] = [f"{one['time']} s: {one['sql'][:2_000]}" for one in by_time[:slowest]]
    return told


def _until_interrupted() -> None:
    try:
        while True:
            sleep(1)
    except KeyboardInterrupt:
        return
