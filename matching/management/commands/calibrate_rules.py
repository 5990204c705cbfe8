import json
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matching.choices import CalibrationMethod
from matching.models import Calibration, Reconciliation
from matching.rules import NoActiveRules
from matching.selectors import (
    UnknownReconciliation,
    calibration_summary,
    days_of_trades,
    reconciliation_of,
)
from trades.dates import known_day

LOOK_BACK = timedelta(days=90)


class Command(BaseCommand):
    help = "Learn field weights and thresholds, and write them as a draft rule set."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source1", required=True, metavar="CODE")
        parser.add_argument("--source2", required=True, metavar="CODE")
        parser.add_argument("--from-date", type=known_day, metavar="YYYY-MM-DD")
        parser.add_argument(
            "--to-date", type=known_day, metavar="YYYY-MM-DD",
            help="default: the last 90 days that have trades",
        )  # fmt: skip
        parser.add_argument(
            "--method", choices=[name.lower() for name in CalibrationMethod.values],
            default="best",
            help="learn from decisions, from pairs alone, or best: from decisions if there are "
            "enough",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *, source1: str, source2: str, **options: Any) -> None:
        # Learning imports slowly, which a wrong argument need not wait for.
        from matching.services.calibrating import (
            CalibrationBusy,
            CalibrationRefused,
            calibrate_now,
        )

        try:
            between = reconciliation_of(source1, source2)
            first, last = _days(between, options["from_date"], options["to_date"])
            done = calibrate_now(
                reconciliation=between,
                from_date=first,
                to_date=last,
                method=CalibrationMethod(options["method"].upper()),
                by=None,
                at=timezone.now(),
            )
        except (UnknownReconciliation, NoActiveRules, CalibrationBusy) as refusal:
            raise CommandError(str(refusal)) from refusal
        except CalibrationRefused as refusal:
            raise CommandError(f"No draft was written. {refusal}") from refusal
        if options["json"]:
            self.stdout.write(json.dumps(calibration_summary(done)))
            return
        self._tell(done)

    def _tell(self, done: Calibration) -> None:
        found = done.result
        say = self.stdout.write
        learned = CalibrationMethod(found["method"])
        say(f"{done.draft} is a draft, learned from {_LEARNED[learned]}; {done.against} is active.")
        if found["why"]:
            say(f"  {found['why']}")
        say("  used: " + (", ".join(
            f"{count:,} {words}" for words, count in _used(found["used"])
        ) or "no decisions"))  # fmt: skip
        say(f"  {'field':<22}{'weight':>8}{'becomes':>9}")
        for one in found["fields"]:
            say(f"  {one['name']:<22}{one['before']:>8.4f}{one['after']:>9.4f}")
        for name, words in (("auto_at", "automatic at"), ("review_at", "to review at")):
            before, after = found[name]
            say(f"  {words:<22}{before:>8.4f}{after:>9.4f}")
        before, after = found["auto_share"]
        say(f"  {'matched by itself':<22}{before:>8.2%}{after:>9.2%}")
        expected = found["false_matches"]
        rate = "unknown" if expected["rate"] is None else f"{expected['rate']:.4%}"
        say(
            f"  false among them: {rate}, between {expected['low']:.4%} and "
            f"{expected['high']:.4%}. {expected['basis']}"
        )
        for note in found["notes"]:
            say(f"  {note}")
        say("Try it on past runs and have it activated in the admin, Rule sets.")


_LEARNED = {
    CalibrationMethod.DECISIONS: "what people decided",
    CalibrationMethod.PAIRS: "the pairs themselves",
}


def _used(used: dict[str, int]) -> list[tuple[str, int]]:
    from matching.services.calibrating.reading import KINDS

    return [(KINDS[kind][0], count) for kind, count in used.items() if count]


def _days(between: Reconciliation, first: date | None, last: date | None) -> tuple[date, date]:
    if first and last and first > last:
        raise CommandError(f"--from-date {first} is after --to-date {last}.")
    there = days_of_trades(between)
    if there is None:
        raise CommandError(f"No draft was written. {between.code} has no trades yet; ingest some.")
    last = last or there[1]
    first = first or max(there[0], last - LOOK_BACK)
    if first > last:
        raise CommandError(f"--from-date {first} is after the last trade date, {last}.")
    return first, last
