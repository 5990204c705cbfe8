"""
Time scoring: ten thousand trades in bulk and over HTTP, and one trade as JSON.

    python -m benchmarks.scoring
    python -m benchmarks.scoring --trades 200000

On a throw-away Postgres with a simulated history (`simulated.py`) and a model trained on it by the
desk's own service. Told are seconds and CPU seconds of scoring 10,000 trades, warm: with what is
kept (the rows and the reasons of the likeliest), the probabilities alone, and every reason; then
milliseconds of requests to a gunicorn as the desk runs it, at the 50th and 95th percentile. Prints
JSON, and ends with 1 where a goal was missed.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median, quantiles
from time import perf_counter, process_time, sleep
from typing import Any

from benchmarks.filled import filled
from benchmarks.process import ROOT, peak_mib, python

TRADES, DAYS, BASE_RATE, SEED = 60_000, 120, 0.02, 11
MANY, WARM = 10_000, 5
# Seconds for ten thousand trades; milliseconds at the 95th percentile for one.
GOAL_MANY, GOAL_ONE = 2.0, 150.0
PATH = "/api/v1/prediction/score"


def main() -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description="Time scoring in bulk and over HTTP.")
    parser.add_argument("--trades", type=int, default=TRADES, help=f"of the history ({TRADES})")
    parser.add_argument("--times", type=int, default=200, help="requests for one trade (200)")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(_measure(asked.trades)))
        return 0
    with filled() as env:
        lines = python(env, "-m", "benchmarks.scoring", "--measure", "--trades", str(asked.trades))
        told = json.loads(lines.splitlines()[-1])
        with _served(env) as port:
            http = _over_http(port, told.pop("token"), told.pop("keys"), asked.times)
    missed = [
        name
        for name, is_missed in {
            "ten thousand": told["kept"]["seconds"] > GOAL_MANY,
            "one": http["one trade"]["p95"] > GOAL_ONE,
        }.items()
        if is_missed
    ]
    goals = {"ten thousand, s": GOAL_MANY, "one, ms at p95": GOAL_ONE}
    print(json.dumps({"simulated": True, **told, "http": http, "goals": goals, "missed": missed},
                     indent=2))  # fmt: skip
    return int(bool(missed))


def _measure(trades: int) -> dict[str, Any]:
    """Fill the desk of the environment, train on it, and time scoring in this process."""
    import django

    django.setup()
    from django.db import connection

    from benchmarks.simulated import END, load, simulate
    from predictions.models import TradeScore
    from predictions.services import training
    from predictions.services.scoring import keep_scores, scores_of
    from trades.models import Trade

    load(simulate(trades=trades, days=DAYS, base_rate=BASE_RATE, seed=SEED))
    version = training.train(run_id=training.request_training(by=None, at=END).pk, at=END)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    keys = list(Trade.objects.order_by("-pk").values_list("pk", flat=True)[:MANY])
    found = scores_of(Trade.objects.filter(pk__among=keys), at=END)

    def kept() -> None:
        keep_scores(keys, version=version, at=END)

    return {
        "history": trades,
        "model": str(version.status),
        "kept": _timed(kept, lambda: TradeScore.objects.all().delete()),
        "probabilities": _timed(lambda: scores_of(Trade.objects.filter(pk__among=keys), at=END)),
        "every reason": _timed(found.factors),
        "peak_mib": round(peak_mib()),
        "token": _token(),
        "keys": keys,
    }


def _token() -> str:
    from django.contrib.auth.models import Group, User
    from knox.models import AuthToken

    caller = User.objects.create_user("integrator")
    caller.groups.add(Group.objects.get(name="Integration"))
    return str(AuthToken.objects.create(caller)[1])


def _timed(
    work: Callable[[], object], before: Callable[[], object] = lambda: None
) -> dict[str, float]:
    """Return the median of a few, of seconds and of this process's CPU seconds; one warms up."""
    work()
    walls, cpus = [], []
    for _ in range(WARM):
        before()
        wall, cpu = perf_counter(), process_time()
        work()
        walls.append(perf_counter() - wall)
        cpus.append(process_time() - cpu)
    return {"seconds": round(median(walls), 2), "cpu_seconds": round(median(cpus), 2)}


@contextmanager
def _served(env: dict[str, str]) -> Iterator[int]:
    """Run gunicorn as the desk does, and yield its port once it answers."""
    from tests.processes import await_true, free_port

    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "recon_project.wsgi:application", "--workers", "1"),
        *("--bind", f"127.0.0.1:{port}", "--threads", "4", "--timeout", "120"),
    ]
    server = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        await_true(lambda: _answers(port), seconds=120, otherwise="gunicorn does not answer")
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _answers(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/api/v1/health")
        return connection.getresponse().status < 500
    except OSError:
        sleep(0.2)
        return False


def _over_http(port: int, token: str, keys: list[int], times: int) -> dict[str, Any]:
    trade = {
        "source": "oms", "trade_id": "NEW-1", "trade_date": "2026-05-29", "side": "BUY",
        "quantity": "5000", "price": "61.25", "currency": "USD", "symbol": "ABC",
        "settlement_date": "2026-06-02", "executed_at": "2026-05-29T17:30:00Z",
        "counterparty": "Broker 03", "account": "FUND02",
    }  # fmt: skip
    connection = HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(body: dict[str, Any]) -> float:
        began = perf_counter()
        connection.request(
            "POST", PATH, json.dumps(body),
            {"Content-Type": "application/json", "Authorization": f"Token {token}"},
        )  # fmt: skip
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {said[:500]!r}")
        return (perf_counter() - began) * 1_000

    return {
        "first": round(ask({"trade": trade})),
        "one trade": _spread([ask({"trade": trade}) for _ in range(times)]),
        "one id": _spread([ask({"trade_ids": keys[:1]}) for _ in range(times)]),
        "ten thousand ids": _spread([ask({"trade_ids": keys}) for _ in range(WARM)]),
    }


def _spread(took: list[float]) -> dict[str, int]:
    return {"p50": round(median(took)), "p95": round(quantiles(took, n=20)[-1])}


if __name__ == "__main__":
    sys.exit(main())
