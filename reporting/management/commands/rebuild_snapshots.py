import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trades.dates import known_day


class Command(BaseCommand):
    help = "Make the daily snapshots again of the runs and the histories of the breaks."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from-date", type=known_day, metavar="YYYY-MM-DD")
        parser.add_argument("--to-date", type=known_day, metavar="YYYY-MM-DD")
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, **options: Any) -> None:
        from reporting.services.snapshots import rebuild

        first, last = options["from_date"], options["to_date"]
        if first and last and first > last:
            raise CommandError(f"--to-date {last} lies before --from-date {first}; swap the two.")
        made = rebuild(from_date=first, to_date=last)
        days = sorted({one.business_date for one in made})
        if options["json"]:
            told = [day.isoformat() for day in days]
            self.stdout.write(json.dumps({"snapshots": len(made), "business_dates": told}))
        elif days:
            self.stdout.write(f"Rebuilt {len(made):,} snapshots, {days[0]} to {days[-1]}.")
        else:
            self.stdout.write("There is no date to rebuild: no run ended well over one.")
