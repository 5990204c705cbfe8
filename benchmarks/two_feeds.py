"""
Reconcile two generated feeds and measure the answer against the truth.

By default through the whole system: files, services and a SQLite database in a temporary folder.
Exits with 1 if a goal is missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.process import in_child, medians

# Two weeks without a holiday: one to trade on, one to settle on.
DAYS = [date(2026, 3, day) for day in (16, 17, 18, 19, 20, 23, 24, 25, 26, 27)]
GOALS = {"seconds": 60.0, "precision": 0.9995, "recall": 0.995, "found": 1.0, "false_pct": 0.1}


def measure(rows: int, runs: int) -> dict[str, Any]:
    """Return the medians of some runs through files, services and SQLite, `rows` deals each."""
    # It exits with 1 where a goal of its own is missed; that is a figure too.
    asked = ("--trades", rows, "--json")
    taken = [in_child("benchmarks.two_feeds", *asked, well=(0, 1)) for _ in range(runs)]
    return {"rows": rows, "runs": runs, **medians(taken)}


def main() -> int:
    """Run every seed in a process of its own and return the exit code."""
    asked = _arguments()
    if len(asked.seed) > 1:
        return max(_again(seed) for seed in asked.seed)
    with tempfile.TemporaryDirectory(prefix="two_feeds_") as folder:
        os.environ.update(
            VAR_DIR=folder, LOG_LEVEL="WARNING", DJANGO_SETTINGS_MODULE="recon_project.settings"
        )
        for name in ("DATABASE_URL", "POSTGRES_HOST", "REDIS_URL"):
            os.environ[name] = ""
        seconds: dict[str, float] = {}
        run = _by_engine if asked.engine_only else _by_services
        score, sizes = run(asked.trades, asked.seed[0], Path(folder), seconds)
    return _report(asked, seconds, score, sizes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trades", type=int, default=20_000, help="deals to generate (20000)")
    parser.add_argument("--seed", type=int, nargs="+", default=[7], help="one or more seeds (7)")
    parser.add_argument("--engine-only", action="store_true", help="frames in, no database")
    parser.add_argument("--show", type=int, default=0, help="misses of each sort to print")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def _again(seed: int) -> int:
    at = sys.argv.index("--seed")
    rest = [one for one in sys.argv[at + 1 :] if not one.lstrip("-").isdigit()]
    command = [sys.executable, *sys.argv[:at], *rest, "--seed", str(seed)]
    return subprocess.run(command, check=False).returncode


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


def _generate(trades: int, seed: int, seconds: dict[str, float]):
    from workflows.demo.week import FIGURES, generate

    with _timed(seconds, "generate"):
        return generate(seed=seed, trades=trades, days=DAYS, shape=FIGURES)


def _by_engine(trades: int, seed: int, _: Path, seconds: dict[str, float]):
    from benchmarks import engine_frames
    from matching import engine
    from workflows.demo.scoring import score

    week = _generate(trades, seed, seconds)
    left, right = engine_frames.frame(week.oms), engine_frames.frame(week.custodian)
    rules = engine_frames.rules()
    with _timed(seconds, "reconcile"):
        result = engine.reconcile(left, right, rules)
    automatic, proposed, found = engine_frames.answers(week, result)
    judged = score(week.truth, automatic=automatic, proposed=proposed, breaks=found)
    return judged, (len(week.oms), len(week.custodian))


def _by_services(trades: int, seed: int, folder: Path, seconds: dict[str, float]):
    import django
    from django.core.management import call_command
    from django.utils import timezone

    django.setup()
    from workflows.demo import answers, desk, files

    week = _generate(trades, seed, seconds)
    written = files.write(week, folder)
    with _timed(seconds, "migrate"):
        call_command("migrate", verbosity=0)
        desk.prepare(days=week.days, counterparties=False)
    with _timed(seconds, "ingest OMS"):
        desk.receive(path=written.oms, source="oms", by=None, at=timezone.now())
    with _timed(seconds, "ingest custodian"):
        desk.receive(path=written.custodian, source="custodian", by=None, at=timezone.now())
    with _timed(seconds, "reconcile"):
        run = desk.reconcile(code="oms-custodian", days=week.days, by=None, at=timezone.now())
    for step, took in run.timings.items():
        seconds[f"  {step}"] = took
    judged = answers.judged(week.truth, code="oms-custodian")
    return judged, (len(week.oms), len(week.custodian))


def _report(asked, seconds, score, sizes) -> int:
    total = sum(seconds.get(step, 0.0) for step in ("ingest OMS", "ingest custodian", "reconcile"))
    figures = {
        "seconds": total,
        "precision": score.precision,
        "recall": score.recall,
        "found": 1 - len(score.unfound) / score.planted if score.planted else 1.0,
        "false_pct": 100 * len(score.false) / max(sizes),
    }
    missed = [
        name
        for name, goal in GOALS.items()
        if (figures[name] > goal if name in {"seconds", "false_pct"} else figures[name] < goal)
    ]
    if asked.json:
        said = {"seed": asked.seed[0], **figures, "missed": ", ".join(missed), "steps": seconds}
        print(json.dumps(said))
        return 1 if missed else 0
    print(f"\n{sizes[0]:,} against {sizes[1]:,} trades, seed {asked.seed[0]}")
    for step, took in seconds.items():
        print(f"  {step:<22}{took:8.2f} s")
    print(f"  {'ingest and reconcile':<22}{total:8.2f} s")
    print(f"pairs {score.true_pairs:,}: automatic {score.automatic:,}, proposed {score.proposed:,}")
    print(f"  precision {score.precision:.5f}, automatic alone {score.automatic_precision:.5f}")
    print(f"  recall    {score.recall:.5f}, automatic alone {score.automatic_recall:.5f}")
    print(f"planted breaks {score.planted}: {score.planted - len(score.unfound)} found")
    print(f"false breaks {len(score.false)}, {figures['false_pct']:.3f}% of trades", end="; ")
    print(f"following from a planted one {score.following}")
    print("  false by type:", dict(Counter(one.break_type for one in score.false)))
    for name in ("wrong", "missed", "unfound", "false"):
        for one in getattr(score, name)[: asked.show]:
            print(f"  {name}: {one}")
    print("goals missed: " + ", ".join(missed) if missed else "every goal reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
