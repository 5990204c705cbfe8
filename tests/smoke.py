"""
What a new user does, end to end, against a desk that is thrown away: `make smoke`.

Starts the real desk, loads the demo's files by command, reconciles by command and over HTTP, and
reads what came out. Prints what it saw and ends with exit code 1 at the first thing amiss.
"""

import csv
import io
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.processes import ROOT, outside_env, running_desk

TRADES = 300


class Amiss(Exception):
    """Something a new user would have tripped over."""


def expect(what: object, otherwise: str) -> None:
    if not what:
        raise Amiss(otherwise)


def manage(env: dict[str, str], *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = f"manage.py {' '.join(map(str, arguments))}: {done.stderr.strip() or done.stdout}"
    expect(done.returncode == 0, told)
    return done.stdout


def saw(step: str, what: object) -> None:
    print(f"  {step:<12} {what}", flush=True)  # noqa: T201


def ingest(env: dict[str, str], file: str, source: str) -> None:
    figures = json.loads(manage(env, "ingest", file, "--source", source, "--json"))
    counts = {name: figures[name] for name in ("rows", "loaded", "amended", "duplicates")}
    saw("ingest", f"{Path(file).name}: {counts} rejected {figures['rejected']}")
    adds_up = sum(figures[name] for name in ("loaded", "amended", "duplicates", "rejected"))
    expect(figures["rows"] == adds_up, f"the counts of {file} do not add up: {figures}")
    expect(figures["loaded"] > 0, f"nothing was loaded from {file}")


def reconcile(env: dict[str, str], week: dict[str, Any]) -> dict[str, Any]:
    between = ("--source1", "oms", "--source2", "custodian")
    dates = ("--from-date", week["from_date"], "--to-date", week["to_date"])
    run = json.loads(manage(env, "reconcile", *between, *dates, "--json"))
    names = ("auto_matched", "manual_review", "breaks_identified", "match_rate")
    saw("reconcile", {name: run[name] for name in names})
    expect(run["status"] == "SUCCEEDED", f"the run ended {run['status']}: {run['error']}")
    expect(run["auto_matched"] > TRADES / 2, "fewer than half of the trades were matched")
    expect(run["breaks_identified"] > 0, "the demo's planted breaks were not found")
    return run


def over_http(client: httpx.Client, run: dict[str, Any], week: dict[str, Any]) -> None:
    refused = httpx.get(f"{client.base_url}breaks/open")
    expect(refused.status_code == 401, f"a caller without a token got {refused.status_code}")

    opened = client.get("breaks/open", params={"page_size": 1000}).raise_for_status().json()
    kinds = Counter(row["break_type"] for row in opened["results"])
    saw("breaks", dict(kinds.most_common()))
    expect(len(kinds) >= 5, f"only {len(kinds)} types of break are open")

    body = {name: week[name] for name in ("from_date", "to_date")}
    answer = client.post(
        "reconciliation/run", json=body | {"source1": "oms", "source2": "custodian"}
    ).raise_for_status()
    again = answer.json()
    until = time.monotonic() + 120
    while again["status"] in ("QUEUED", "RUNNING") and time.monotonic() < until:
        time.sleep(0.5)
        again = client.get(f"reconciliation/runs/{again['run_id']}").raise_for_status().json()
    saw("again", f"run {again['run_id']} over HTTP {again['status']}")
    expect(again["status"] == "SUCCEEDED", f"the worker left the run {again}")
    found = again["breaks_identified"], run["breaks_identified"]
    expect(found[0] == found[1], f"the same trades gave {found[1]} breaks, then {found[0]}")


def reports(env: dict[str, str], run: dict[str, Any]) -> None:
    breaks = list(csv.DictReader(io.StringIO(manage(env, "export_breaks", "--open"))))
    matches = list(
        csv.DictReader(io.StringIO(manage(env, "export_matches", "--run", run["run_id"])))
    )
    saw("reports", f"{len(matches)} matches and {len(breaks)} open breaks as CSV")
    expect(breaks, "export_breaks wrote no row")
    expect(len(matches) >= run["auto_matched"], "export_matches lacks matches of the run")


def main() -> None:
    print("Smoke test: a desk of its own in a folder that is thrown away.", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="recon-smoke-") as place:
        env = outside_env(Path(place) / "var")
        with running_desk(env, "--no-demo") as desk:
            desk.await_words("The desk is ready at", seconds=180)
            health = httpx.get(f"{desk.url}/api/v1/health", timeout=10).raise_for_status().json()
            saw("health", f"{health['status']} {health['checks']}")
            expect(health["checks"]["database"] == "ok", f"health says {health}")

            output = manage(env, "seed_demo", "--files-only", "--json", "--trades", TRADES)
            week = json.loads(output)
            saw("demo", f"{week['rows']} from {week['from_date']} to {week['to_date']}")
            ingest(env, week["files"]["oms"], "oms")
            ingest(env, week["files"]["custodian"], "custodian")
            run = reconcile(env, week)
            token = manage(env, "create_token", "--user", "admin").strip()
            headers = {"Authorization": f"Token {token}"}
            base = f"{desk.url}/api/v1/"
            with httpx.Client(base_url=base, headers=headers, timeout=60) as client:
                over_http(client, run, week)
            reports(env, run)
    print("All of it worked. Next: make run, and look at the breaks in the admin.")  # noqa: T201


if __name__ == "__main__":
    try:
        main()
    except (Amiss, AssertionError, httpx.HTTPError) as problem:
        sys.exit(f"AMISS: {problem}")
