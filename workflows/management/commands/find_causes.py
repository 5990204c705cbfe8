import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matching.models import Reconciliation
from trades.dates import known_day
from workflows.models import RootCauseAnalysis, RootCauseFinding


class Command(BaseCommand):
    help = "Look for the causes of live breaks and keep the findings."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reconciliation", metavar="CODE", help="only this one; default: every enabled one"
        )
        parser.add_argument("--from-date", type=known_day, metavar="YYYY-MM-DD")
        parser.add_argument("--to-date", type=known_day, metavar="YYYY-MM-DD")
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, **options: Any) -> None:
        from workflows.services.causes import AnalysisBusy

        try:
            analyses = _analyse(options)
        except AnalysisBusy as busy:
            raise CommandError(str(busy)) from busy
        findings = RootCauseFinding.objects.filter(analysis__in=analyses, beneath=None)
        rows = list(findings.order_by("analysis", "place"))
        if options["json"]:
            from workflows.selectors import cause_as_json

            self.stdout.write(json.dumps([cause_as_json(row) for row in rows], default=str))
            return
        for analysis in analyses:
            self.stdout.write(
                f"{analysis.reconciliation.code}, {analysis.from_date} to {analysis.to_date}: "
                f"{analysis.breaks_explained:,} of {analysis.breaks_read:,} breaks explained"
            )
            for row in rows:
                if row.analysis_id == analysis.pk:
                    cleared = (
                        "" if row.would_clear is None else f", would clear {row.would_clear:,}"
                    )
                    self.stdout.write(f"  {row.break_count:>6,}  {row.headline}{cleared}")
        if not analyses:
            self.stdout.write("There is no live break to find a cause of.")


def _analyse(options: dict[str, Any]) -> list[RootCauseAnalysis]:
    from workflows.services.causes import analyse, analyse_due

    code, first, last = options["reconciliation"], options["from_date"], options["to_date"]
    at = timezone.now()
    if bool(first) != bool(last):
        raise CommandError("Give both --from-date and --to-date, or neither.")
    if not first and not code:
        return analyse_due(at=at)
    if first and first > last:
        raise CommandError(f"--to-date {last} is before --from-date {first}.")
    wanted = Reconciliation.objects.filter(code=code) if code else Reconciliation.objects.filter(
        is_enabled=True
    )  # fmt: skip
    if code and not wanted.exists():
        known = ", ".join(Reconciliation.objects.values_list("code", flat=True))
        raise CommandError(f"There is no reconciliation {code!r}; there are: {known}.")
    if not first:
        return analyse_due(at=at, only=code)
    return [
        analyse(reconciliation=one, from_date=first, to_date=last, at=at)
        for one in wanted.order_by("pk")
    ]
