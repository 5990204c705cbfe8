import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matching.selectors import run_summary
from trades.dates import known_day
from workflows.services.starting import (
    REFUSALS,
    SourcesNotComparable,
    reconciliation_between,
    start_reconciliation,
)

MOST_PARTITIONS = 1_000


class Command(BaseCommand):
    help = "Reconcile what two sources report for a trade date or a range of them."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source1", required=True, metavar="CODE")
        parser.add_argument("--source2", required=True, metavar="CODE")
        dates = parser.add_argument_group("dates", "either one day or a range, both ends included")
        dates.add_argument("--trade-date", type=known_day, metavar="YYYY-MM-DD")
        dates.add_argument("--from-date", type=known_day, metavar="YYYY-MM-DD")
        dates.add_argument("--to-date", type=known_day, metavar="YYYY-MM-DD")
        parser.add_argument(
            "--partitions", type=_partitions, default=0, metavar="N",
            help="split the run into so many parts, paired one by one; default: by its size",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *, source1: str, source2: str, **options: Any) -> None:
        from_date, to_date = _dates(options)
        try:
            run = start_reconciliation(
                reconciliation=reconciliation_between(source1=source1, source2=source2),
                from_date=from_date,
                to_date=to_date,
                by=None,
                at=timezone.now(),
                inline=True,
                partitions=options["partitions"],
            )
        except (SourcesNotComparable, *REFUSALS) as refusal:
            raise CommandError(str(refusal)) from refusal
        summary = run_summary(run)
        if options["json"]:
            self.stdout.write(json.dumps(summary))
            return
        rate = summary["match_rate"]
        self.stdout.write(
            f"Run {run.pk}: {summary['source1']} {run.left_trades:,} trades, "
            f"{summary['source2']} {run.right_trades:,}\n"
            f"  matched automatically  {run.auto_matched:,}\n"
            f"  to be reviewed         {run.manual_review:,}\n"
            f"  unmatched              {run.unmatched_left:,} {summary['source1']}, "
            f"{run.unmatched_right:,} {summary['source2']}\n"
            f"  breaks                 {run.breaks_identified:,}\n"
            f"  match rate             {'-' if rate is None else f'{rate:.2%}'}\n"
            f"  candidates left out    {run.candidates_cut:,}\n"
            f"  took                   {summary['duration_seconds']} s"
            f"{_in_parts(run.partition_count)}"
        )


def _in_parts(partitions: int) -> str:
    return f", in {partitions} partitions" if partitions > 1 else ""


def _partitions(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MOST_PARTITIONS:
        raise ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_PARTITIONS}")
    return int(text)


def _dates(options: dict[str, Any]) -> tuple[date, date]:
    day, first, last = (options[name] for name in ("trade_date", "from_date", "to_date"))
    if day and (first or last):
        raise CommandError("Give either --trade-date, or --from-date and --to-date.")
    if day:
        return day, day
    if not (first and last):
        raise CommandError("Give --trade-date, or both --from-date and --to-date.")
    if first > last:
        raise CommandError(f"--from-date {first} is after --to-date {last}.")
    return first, last
