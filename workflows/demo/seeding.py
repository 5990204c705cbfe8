"""One call from nothing to a desk with a week on it, and what to say about it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from matching.rules import NoActiveRules
from matching.selectors import run_summary
from matching.services.claims import ScopeBusy
from workflows.demo import answers, desk, files
from workflows.demo.scoring import Score
from workflows.demo.week import Week, business_days, generate


class DemoRefused(Exception):
    """The demo cannot be seeded; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """A week that was written, and loaded unless only files were asked for."""

    week: Week
    written: files.Files
    loaded: desk.Loaded | None
    scores: dict[str, Score]

    def figures(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        planted = Counter(one.break_type for one in self.week.truth.planted)
        data: dict[str, Any] = {
            "from_date": self.week.days[0],
            "to_date": self.week.days[-1],
            "files": {name: getattr(self.written, name) for name in self.written.__slots__},
            "rows": {
                "oms": len(self.week.oms),
                "custodian": len(self.week.custodian),
                "prime_broker": len(self.week.prime_broker),
                "prime_broker_late": len(self.week.prime_broker_late),
            },
            "planted": dict(sorted(planted.items())),
        }
        if self.loaded is not None:
            counts = ("rows_in", "loaded", "amended", "duplicates", "rejected")
            data["deliveries"] = [
                {"name": one.name} | {name: getattr(one, name) for name in counts}
                for one in self.loaded.deliveries
            ]
            data["runs"] = [run_summary(run) for run in self.loaded.runs]
            data["truth"] = {code: _against_truth(score) for code, score in self.scores.items()}
        return data

    def sentences(self) -> Iterator[str]:
        """Yield what a person wants to read: what came, what was found, what to do next."""
        folder = self.written.oms.parent
        week, planted = self.week, len(self.week.truth.planted)
        yield f"The week {week.days[0]} to {week.days[-1]}, written to {folder}:"
        yield (
            f"  {len(week.oms)} trades of the OMS, {len(week.custodian)} of the custodian, "
            f"{len(week.prime_broker)} of the prime broker; {planted} breaks planted"
        )
        if self.loaded is None:
            yield "Nothing was loaded. Next: manage.py ingest FILE --source CODE"
            return
        for one in self.loaded.deliveries:
            yield (
                f"  {one.name}: {one.loaded} loaded, {one.amended} amended, "
                f"{one.duplicates} duplicates, {one.rejected} rejected"
            )
        for run in self.loaded.runs:
            score = self.scores[run.reconciliation.code]
            yield (
                f"  {run.reconciliation.code}: {run.auto_matched} matched, {run.manual_review} to "
                f"review, {run.breaks_identified} breaks; "
                f"{score.planted - len(score.unfound)} of {score.planted} planted ones found"
            )
        yield "Next:"
        yield "  manage.py desk                     then look at Breaks in the admin"
        yield "  manage.py changepassword demo-analyst   to sign in as one of those who have them"
        yield "  manage.py export_breaks --open     the same as CSV"
        if self.week.prime_broker_late:
            yield (
                f"  manage.py ingest {self.written.prime_broker_late} --source prime_broker\n"
                "  manage.py reconcile --source1 oms --source2 prime_broker "
                f"--from-date {self.week.days[0]} --to-date {self.week.days[-1]}\n"
                "                                     the late file comes: its break clears itself"
            )


def seed_demo(
    *,
    seed: int,
    trades: int,
    until: date | None,
    yesterday: date,
    folder: Path,
    load: bool,
    by: Any,
    at: datetime,
) -> Seeded:
    """
    Write a week's files into `folder` and, with `load`, reconcile them on the desk.

    Without `until`, the week that this folder already holds for the seed and size is kept, so
    that seeding again changes nothing; else it ends at the last business day up to `yesterday`.

    :raises DemoRefused: if the week cannot be made, written, loaded or reconciled.
    """
    note = folder / "week.json"
    asked = {"seed": seed, "trades": trades}
    days = business_days(until=until or _seeded_before(note, asked) or yesterday)
    try:
        week = generate(seed=seed, trades=trades, days=days)
        written = files.write(week, folder)
        note.write_text(json.dumps({**asked, "until": str(week.days[-1])}))
        if not load:
            return Seeded(week, written, None, {})
        loaded = desk.load(files=written, days=week.days, by=by, at=at)
    except (ValueError, OSError, desk.DemoNotLoaded, ScopeBusy, NoActiveRules) as problem:
        raise DemoRefused(str(problem)) from problem
    codes = [run.reconciliation.code for run in loaded.runs]
    scores = {code: answers.judged(week.truth, code=code) for code in codes}
    return Seeded(week, written, loaded, scores)


def _seeded_before(note: Path, asked: dict[str, int]) -> date | None:
    """Return the last day of the week that was seeded with the same numbers, if one was."""
    if not note.exists():
        return None
    known = json.loads(note.read_text())
    same = all(known.get(name) == value for name, value in asked.items())
    return date.fromisoformat(known["until"]) if same else None


def _against_truth(score: Score) -> dict[str, Any]:
    return {
        "true_pairs": score.true_pairs,
        "automatic_pairs": score.automatic,
        "proposed_pairs": score.proposed,
        "precision": round(score.precision, 5),
        "recall": round(score.recall, 5),
        "planted": score.planted,
        "planted_found": score.planted - len(score.unfound),
        "false_breaks": len(score.false),
    }
