"""What a delivery's page shows: how far it is, and what has become of its rows."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors.choices import DeliveryStatus
from connectors.models import Delivery
from trades.admin.cells import NOTHING, badge, link, moment, number, short, span
from trades.admin.page import Panel
from trades.admin.progress import NOBODY_CAME, WORKER_LOST, progress_panel, sum_of

LIVE = (DeliveryStatus.QUEUED, DeliveryStatus.RUNNING)
# As long as the sweep lets a message take before it sends another.
STALE_AFTER = timedelta(minutes=1)


def quarantine_link(delivery: Delivery) -> str:
    address = reverse("admin:connectors_rejectedrow_changelist")
    return f"{address}?view=all&delivery__id__exact={delivery.pk}"


def status_words(delivery: Delivery) -> str:
    """Return the status in words, and of a running delivery how far it is."""
    if not delivery.step:
        return delivery.get_status_display()
    return f"{delivery.get_step_display()}, {delivery.rows_read:,} rows"


def counted(delivery: Delivery, figure: int) -> SafeString:
    """Show a count of a delivery that is loaded; before that it has none."""
    return number(figure if delivery.status == DeliveryStatus.LOADED else None)


def parts_of(delivery: Delivery) -> list[tuple[str, str, int]]:
    return [
        ("good", "Loaded", delivery.loaded),
        ("busy", "Amended", delivery.amended),
        ("quiet", "Duplicates", delivery.duplicates),
        ("bad", "Rejected", delivery.rejected),
    ]


def counts_add_up(delivery: Delivery) -> bool:
    return delivery.rows_in == sum(count for _, _, count in parts_of(delivery))


def main_panels(row: Any, *, live: bool, shows_raw: bool) -> list[Panel]:
    if live:
        return [_progress(row)]
    if row.status == DeliveryStatus.FAILED:
        return []
    return [_counts(row), _rejects(row, shows_raw=shows_raw), *_replays(row)]


def _progress(row: Delivery) -> Panel:
    """Show how far a live delivery is; how many rows are still to come only its source knows."""
    now = timezone.now()
    if row.status == DeliveryStatus.QUEUED:
        waited = now - row.received_at
        hint = NOBODY_CAME if waited > STALE_AFTER else ""
        return progress_panel(f"Waiting for a worker, for {span(waited)}", hint=hint)
    lasted = now - row.started_at if row.started_at else timedelta()
    rate = row.rows_read // max(1, int(lasted.total_seconds()))
    overdue = row.lease_expires_at is not None and row.lease_expires_at < now
    return progress_panel(
        f"{row.get_step_display()}, {row.rows_read:,} rows" if row.step else "Fetching",
        beside=f"for {span(lasted)}" + (f", {rate:,} rows a second" if rate else ""),
        hint=WORKER_LOST if overdue else "",
    )


def _counts(row: Delivery) -> Panel:
    return Panel(
        title="Rows",
        note="every row of the file is in exactly one of these",
        body=sum_of("Rows in", row.rows_in, parts_of(row)),
    )


def _replays(row: Any) -> list[Panel]:
    """Show the deliveries that loaded rows of this one as corrected."""
    found = list(row.replays.select_related("requested_by").order_by("-received_at", "-pk")[:20])
    panel = Panel(
        title="Fixed and replayed",
        head=("Row", "Loaded", "Amended", "Duplicates", "By", "When"),
        rows=[
            [
                link("connectors_delivery", one.pk, short(one.name)),
                number(one.loaded),
                number(one.amended),
                number(one.duplicates),
                one.requested_by or NOTHING,
                moment(one.received_at),
            ]
            for one in found
        ],
        numeric=frozenset({1, 2, 3}),
    )
    return [panel] if found else []


def _rejects(row: Any, *, shows_raw: bool) -> Panel:
    shown = row.rejects.all()[:20]
    return Panel(
        title="Quarantine",
        count=row.rejected,
        note=f"{row.open_rejects} to be fixed" if row.open_rejects else "",
        head=("Line", "Why", "As sent", "Status"),
        rows=[
            [
                link("connectors_rejectedrow", reject.pk, reject.line_number),
                reject.reason,
                short(reject.raw, mono=True) if shows_raw else NOTHING,
                badge(reject.status, reject.get_status_display()),
            ]
            for reject in shown
        ],
        none="No row was rejected.",
        body=format_html(
            '<p class="dk-none"><a class="dk-link" href="{}">All {} rows</a></p>',
            quarantine_link(row), row.rejected,
        ) if row.rejected > 20 else "",
    )  # fmt: skip
