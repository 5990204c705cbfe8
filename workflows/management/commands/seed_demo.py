import json
from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workflows.demo import seeding


class Command(BaseCommand):
    help = "Load a believable week of an OMS, a custodian and a prime broker, with its truth."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--trades", type=int, default=600, help="trades of the OMS (600)")
        parser.add_argument("--seed", type=int, default=7, help="another number, another week (7)")
        parser.add_argument(
            "--until",
            type=date.fromisoformat,
            help="last day of the week, as YYYY-MM-DD; otherwise yesterday, and the week seeded "
            "before stays",
        )
        parser.add_argument(
            "--output",
            type=Path,
            default=settings.VAR_DIR / "demo",
            help="folder for the files and the truth",
        )
        parser.add_argument("--files-only", action="store_true", help="write files, load nothing")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(
        self,
        *,
        trades: int,
        seed: int,
        until: date | None,
        output: Path,
        files_only: bool,
        json: bool,
        **options: object,
    ) -> None:
        now = timezone.now()
        try:
            seeded = seeding.seed_demo(
                seed=seed,
                trades=trades,
                until=until,
                yesterday=now.date() - timedelta(days=1),
                folder=output,
                load=not files_only,
                by=None,
                at=now,
            )
        except seeding.DemoRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(_as_json(seeded.figures()) if json else "\n".join(seeded.sentences()))


def _as_json(figures: dict[str, Any]) -> str:
    return json.dumps(figures, indent=2, default=str)
