import json
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from connectors import services
from connectors.choices import DeliveryStatus, DeliveryStep
from connectors.models import Delivery, Feed, Layout
from trades.dates import known_day
from trades.models import Source


class Command(BaseCommand):
    help = "Load one file of trade reports, or fetch a feed's reports over some dates."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="a delimited file")
        parser.add_argument("--source", help="code of the source that the file is from")
        parser.add_argument("--layout", help="code of its layout; without it the header chooses")
        parser.add_argument("--feed", help="code of the feed to fetch")
        parser.add_argument(
            "--from-date",
            type=known_day,
            help="first trade date, such as 2026-03-04; default: the day before the last",
        )
        parser.add_argument("--to-date", type=known_day, help="last trade date; default: today")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["file"]) == bool(options["feed"]):
            raise CommandError("Name either a file with --source, or a feed with --feed.")
        try:
            deliveries = (
                self._from_file(**options) if options["file"] else self._from_feed(**options)
            )
        except services.Unreadable as problem:
            raise CommandError(str(problem)) from problem
        for delivery in deliveries:
            self._tell(delivery, str(options["file"] or delivery.name))
        if options["json"]:
            figures = [_figures(delivery) for delivery in deliveries]
            answer = (
                figures[0] if options["file"] else {"feed": options["feed"], "deliveries": figures}
            )
            self.stdout.write(json.dumps(answer, indent=2))
        else:
            for delivery in deliveries:
                self.stdout.write(_line(delivery))
        failed = [one.error for one in deliveries if one.status == DeliveryStatus.FAILED]
        if failed:
            raise CommandError(" ".join(failed))

    def _from_file(
        self, *, file: Path, source: str | None, layout: str | None, **_: Any
    ) -> list[Delivery]:
        if not source:
            raise CommandError(f"Say which source the file is from: --source {_codes(Source)}.")
        return [
            services.receive_file(
                path=file,
                source=_named(Source, source),
                layout=_named(Layout, layout) if layout else None,
                by=None,
                at=timezone.now(),
                watcher=self._watcher(),
            )
        ]

    def _from_feed(
        self, *, feed: str, from_date: date | None, to_date: date | None, **_: Any
    ) -> list[Delivery]:
        queued = services.queue_deliveries(
            feeds=[_named(Feed, feed)],
            from_date=from_date,
            to_date=to_date,
            by=None,
            at=timezone.now(),
        )
        try:
            return services.execute_delivery(
                delivery_id=queued[0].pk, at=timezone.now(), watcher=self._watcher()
            )
        except services.NotClaimable as problem:
            raise CommandError(f"Feed {feed} is being fetched already: {problem}.") from problem

    def _watcher(self) -> Callable[[int, DeliveryStep], None] | None:
        """Return what shows the progress in one line that is written over, at a terminal only."""
        if not self.stderr.isatty():
            return None
        start = time.monotonic()

        def show(rows: int, step: DeliveryStep) -> None:
            a_second = rows / max(time.monotonic() - start, 0.001)
            self.stderr.write(
                f"\r{step.label} {rows:,} rows, {a_second:,.0f} a second", ending="\x1b[K"
            )
            if step == DeliveryStep.MERGING:
                self.stderr.write("")

        return show

    def _tell(self, delivery: Delivery, name: str) -> None:
        for reject in delivery.rejects.order_by("line_number", "pk").iterator():
            self.stderr.write(f"{name}:{reject.line_number}: {reject.reason}")


def _named(model: Any, code: str) -> Any:
    found = model.objects.filter(code=code).first()
    if found is None:
        word = model._meta.verbose_name  # noqa: SLF001
        raise CommandError(f"There is no {word} {code!r}; there are: {_codes(model)}.")
    return found


def _codes(model: Any) -> str:
    return ", ".join(model.objects.order_by("code").values_list("code", flat=True))


def _figures(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "name": delivery.name,
        "source": delivery.source.code,
        "status": delivery.status,
        "rows": delivery.rows_in,
        "loaded": delivery.loaded,
        "amended": delivery.amended,
        "duplicates": delivery.duplicates,
        "rejected": delivery.rejected,
        "error": delivery.error,
    }


def _line(delivery: Delivery) -> str:
    return (
        f"{delivery.name}: {delivery.rows_in} rows, {delivery.loaded} loaded, "
        f"{delivery.amended} amended, {delivery.duplicates} duplicates, "
        f"{delivery.rejected} rejected"
    )
