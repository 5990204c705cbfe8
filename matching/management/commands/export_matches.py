import csv
from argparse import ArgumentParser
from dataclasses import asdict, fields

from django.core.management.base import BaseCommand, CommandError

from matching.models import ReconciliationRun
from matching.selectors import MatchRow, match_rows


class Command(BaseCommand):
    help = "Write the matches within a run's scope as CSV."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", type=int, required=True, help="Id of the reconciliation run.")

    def handle(self, *, run: int, **options: object) -> None:
        found = ReconciliationRun.objects.filter(pk=run).first()
        if found is None:
            raise CommandError(f"There is no run {run}; the admin's list of runs has the ids.")
        writer = csv.DictWriter(
            self.stdout, [field.name for field in fields(MatchRow)], lineterminator="\n"
        )
        writer.writeheader()
        for row in match_rows(found):
            writer.writerow(asdict(row))
