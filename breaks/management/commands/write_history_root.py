from argparse import ArgumentParser
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from breaks.services.roots import RootRefused, write_due_roots, write_root
from trades.dates import known_day


class Command(BaseCommand):
    help = "Write the root of yesterday's history and of each day missed before it."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--day", type=known_day, metavar="YYYY-MM-DD", help="up to this day, in UTC"
        )

    def handle(self, *, day: date | None, **options: object) -> None:
        now = timezone.now()
        try:
            written = [write_root(day=day, at=now)] if day else write_due_roots(at=now)
        except RootRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        for root in written:
            self.stdout.write(f"{root.day} {root.digest} {root.breaks} breaks {root.events} events")
        if not written:
            self.stderr.write("No root is due.")
