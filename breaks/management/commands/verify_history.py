import json
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from breaks import append_only
from breaks.models import BreakEvent, HistoryRoot, TradeBreak
from breaks.services.history import verify

MOST_SHOWN = 100
SAY_EVERY_SECONDS = 5


class Command(BaseCommand):
    help = (
        "Check that no break's history was changed, cut or re-ordered since it was written, and "
        "none removed since the daily root that covered it."
    )
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--known", action="append", default=[], metavar="DIGEST",
            help="of a root, kept elsewhere: it has to be among the roots; may be repeated",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *, known: Sequence[str], **options: object) -> None:
        breaks = TradeBreak.objects.count()
        found = list(verify(on_progress=self._teller(breaks)))
        answer = {
            "holds": False,
            "breaks": breaks,
            "events": BreakEvent.objects.count(),
            "roots": HistoryRoot.objects.count(),
            "last_root": _last_root(),
            "broken": [asdict(link) for link in found],
            "unknown_roots": _not_there(known),
            "missing_triggers": append_only.missing(connection),
        }
        faults = [*map(str, found), *_faults(answer)]
        answer["holds"] = not faults
        if options["json"]:
            self.stdout.write(json.dumps(answer, default=str))
        elif not faults:
            self.stdout.write(
                f"The history of {breaks} breaks holds, {answer['events']} events"
                f"{_roots_words(answer)}."
            )
        for sentence in faults[1:MOST_SHOWN]:
            self.stderr.write(sentence)
        if len(faults) > MOST_SHOWN:
            self.stderr.write(f"{len(faults) - MOST_SHOWN} more.")
        if faults:
            raise CommandError(
                f"The history does not hold. First broken link: {faults[0]} Compare with a backup "
                "from before, and ask who had access to the database."
            )

    def _teller(self, breaks: int) -> Callable[[int], None]:
        """Return what says now and then how far the reading is."""
        said = time.monotonic()

        def tell(checked: int) -> None:
            nonlocal said
            if time.monotonic() - said >= SAY_EVERY_SECONDS:
                said = time.monotonic()
                self.stderr.write(f"{checked:,} of {breaks:,} breaks checked")

        return tell


def _last_root() -> dict[str, Any] | None:
    root = HistoryRoot.objects.values("day", "digest").first()
    return dict(root) if root else None


def _not_there(known: Sequence[str]) -> list[str]:
    wanted = [digest.strip().lower() for digest in known]
    there = set(HistoryRoot.objects.filter(digest__in=wanted).values_list("digest", flat=True))
    return [digest for digest in wanted if digest not in there]


def _faults(answer: dict[str, Any]) -> list[str]:
    said = [
        f"No root has the digest {digest}, kept elsewhere." for digest in answer["unknown_roots"]
    ]
    if names := answer["missing_triggers"]:
        said.append(
            f"The triggers that refuse a change are missing: {', '.join(names)}. Whoever dropped "
            "them could change the history."
        )
    return said


def _roots_words(answer: dict[str, Any]) -> str:
    last = answer["last_root"]
    return f", and {answer['roots']} daily roots up to {last['day']}" if last else ""
