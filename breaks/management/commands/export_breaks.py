from argparse import ArgumentParser
from pathlib import Path
from typing import TextIO, cast

from django.core.management.base import BaseCommand, CommandError

from breaks.models import TradeBreak
from breaks.spreadsheet import export_rows, write_csv


class Command(BaseCommand):
    help = "Write the breaks as CSV."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--open", action="store_true", help="Only those still to be worked.")
        parser.add_argument("--output", type=Path, help="File to write; default: standard output.")

    def handle(self, *, output: Path | None, **options: object) -> None:
        breaks = TradeBreak.objects.all()
        if options["open"]:
            breaks = breaks.live()
        if output is None:
            write_csv(export_rows(breaks), cast("TextIO", self.stdout))
            return
        try:
            with output.open("w", encoding="utf-8", newline="") as file:
                count = write_csv(export_rows(breaks), file)
        except OSError as problem:
            raise CommandError(
                f"{output} cannot be written: {problem.strerror}. Name a file in a folder you may "
                "write to."
            ) from problem
        self.stderr.write(f"{count} breaks written to {output}")
