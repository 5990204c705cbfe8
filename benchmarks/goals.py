"""What each figure was to be, and whether it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

Results = dict[str, Any]

MILLION = 1_000_000
REACHED, MISSED, NOT_MEASURED = "reached", "**missed**", "not measured"


@dataclass(frozen=True)
class Goal:
    """
    A bound on one figure: at most `limit`, or at least where `at_least` is set.

    `figure` picks the number from the results, None where it was not measured at the size that the
    goal is about. `shown` is the format of figure and limit, such as ``{:.1f} times``.
    """

    words: str
    figure: Callable[[Results], float | None]
    limit: float
    shown: str
    at_least: bool = False

    @property
    def wanted(self) -> str:
        """The bound in words."""
        return f"{'at least' if self.at_least else 'at most'} {self.shown.format(self.limit)}"

    def judge(self, results: Results) -> tuple[str, str]:
        """Return what was seen, in words, and whether that reaches the goal."""
        seen = self.figure(results)
        if seen is None:
            return "", NOT_MEASURED
        reached = seen >= self.limit if self.at_least else seen <= self.limit
        return self.shown.format(seen), REACHED if reached else MISSED


def pick(results: Results, section: str, *path: str, **where: object) -> Any:
    """Return a figure of the section's measurement made so (a million rows), None without one."""
    where = {"rows": MILLION, **where}
    for entry in results.get(section, {}).get("measured", []):
        if all(entry.get(name) == value for name, value in where.items()):
            return reduce(lambda found, name: (found or {}).get(name), path, entry)
    return None


def ratio(above: float | None, below: float | None) -> float | None:
    """Return the quotient where both are known."""
    return above / below if above is not None and below else None


def _engine(results: Results, name: str, shape: str = "many", rows: int = MILLION) -> Any:
    return pick(results, "engine", "engine", name, shape=shape, rows=rows)


def _peak(results: Results) -> float | None:
    return _engine(results, "peak_mib")


def _f1_beyond_splink(results: Results) -> float | None:
    """Return the engine's F1 less that of Splink's better blocking, both on the same files."""
    ours = [pick(results, "splink", "engine", "f1", blocking=one) for one in ("narrow", "wide")]
    theirs = [pick(results, "splink", "splink", "f1", blocking=one) for one in ("narrow", "wide")]
    return None if None in ours + theirs else min(ours) - max(theirs)


def _growth(results: Results) -> float | None:
    return ratio(_engine(results, "seconds"), _engine(results, "seconds", rows=MILLION // 10))


def _one_against_many(results: Results) -> float | None:
    return ratio(_engine(results, "seconds", shape="one"), _engine(results, "seconds"))


def _picked(section: str, name: str, **where: object) -> Callable[[Results], float | None]:
    return lambda results: pick(results, section, name, **where)


GOALS = (
    Goal("Engine, 1M x 1M: Splink 5's seconds, wide blocks, over the engine's",
         _picked("splink", "times_engine", blocking="wide"), 30, "{:.1f} times", at_least=True),
    Goal("Engine, 1M x 1M: Splink 5's seconds, narrow blocks, over the engine's",
         _picked("splink", "times_engine", blocking="narrow"), 30, "{:.1f} times", at_least=True),
    Goal("Engine, 1M x 1M: its pairing's F1 less Splink's better one",
         _f1_beyond_splink, 0, "{:+.6f}", at_least=True),
    Goal("Engine, 1M x 1M: its seconds over the bare hash join's, in memory",
         _picked("engine", "times_join", shape="many"), 5, "{:.1f} times"),
    Goal("Engine, 1M x 1M: its seconds over the bare hash join's, from files",
         _picked("engine", "times_join_with_files", shape="many"), 5, "{:.1f} times"),
    Goal("Engine, 1M x 1M: peak memory", _peak, 4 * 1024, "{:,.0f} MiB"),
    Goal("Engine: seconds at 1M over those at 100k", _growth, 12, "{:.1f} times"),
    Goal("Engine, 1M x 1M: one instrument and account over many",
         _one_against_many, 2, "{:.1f} times"),
    Goal("CSV to Postgres, 1M rows: over bare COPY plus index cost",
         _picked("ingest", "ratio"), 3, "{:.1f} times"),
    Goal("CSV to Postgres, 1M rows: peak memory",
         _picked("ingest", "peak_mib"), 500, "{:,.0f} MiB"),
    Goal("Reconcile from and to Postgres, 1M x 1M: over bare COPY out and in",
         _picked("database", "ratio"), 2.5, "{:.1f} times"),
    Goal("Second run, nothing new: share of the first",
         _picked("database", "second_share"), 0.10, "{:.1%}"),
    Goal("SQLite, 100k x 100k, files to breaks",
         _picked("sqlite", "seconds", rows=MILLION // 10), 60, "{:.0f} s"),
)  # fmt: skip


def judged(results: Results, goals: Iterable[Goal] = GOALS) -> list[tuple[str, str, str, str]]:
    """Return for each goal its words, what was wanted, what was seen, and the verdict."""
    return [(goal.words, goal.wanted, *goal.judge(results)) for goal in goals]
