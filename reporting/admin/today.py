"""What came in and ran today, and what waits for people."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Q, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from breaks.models import PendingTrade, TradeBreak
from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, RejectedRow
from matching.admin.runs import days_words
from matching.choices import RunStatus
from matching.models import Match, ReconciliationRun
from trades.admin.cells import badge, link, number, short, since
from trades.admin.counting import ask_count, count_words, counted

MOST = 8


def waiting(request: HttpRequest) -> list[tuple[str, Any, str]]:
    """Count what waits, each with its list; the navigation counts in the same query."""
    user: Any = request.user
    listed = (
        ("mine", "My breaks", "breaks.view_tradebreak",
         reverse("admin:breaks_tradebreak_changelist") + "?view=mine",
         TradeBreak.objects.visible_to(user).live().filter(assigned_to=user.pk)),
        ("proposals", "Matches to review", "matching.view_match",
         reverse("admin:matching_match_changelist"), Match.objects.to_review()),
        ("pending", "Pending trades", "breaks.view_pendingtrade",
         reverse("admin:breaks_pendingtrade_changelist"), PendingTrade.objects.all()),
        ("quarantined", "Rows in quarantine", "connectors.view_rejectedrow",
         reverse("admin:connectors_rejectedrow_changelist"),
         RejectedRow.objects.filter(status=RejectStatus.OPEN)),
    )  # fmt: skip
    shown = [one for one in listed if user.has_perm(one[2])]
    ask_count(request, {name: rows for name, _, _, _, rows in shown})
    counts = counted(request) if shown else {}
    return [(label, count_words(counts[name]), address) for name, label, _, address, _ in shown]


def run_rows(at: datetime) -> dict[str, Any]:
    """Return the last runs."""
    runs = ReconciliationRun.objects.select_related("reconciliation").order_by("-requested_at")
    return {
        "rows": [
            [
                link("matching_reconciliationrun", run.pk, run.pk),
                short(run.reconciliation.code, width="medium"),
                format_html('<span class="dk-when">{}</span>', days_words(run)),
                badge(run.status, run.get_status_display()),
                number(run.auto_matched if run.status == RunStatus.SUCCEEDED else None),
                number(run.breaks_identified if run.status == RunStatus.SUCCEEDED else None),
                since(run.requested_at, now=at),
            ]
            for run in runs[:MOST]
        ],
    }


def delivery_rows(at: datetime) -> dict[str, Any]:
    """Return the last deliveries that brought something, or failed to."""
    brought = Delivery.objects.exclude(digest="", status=DeliveryStatus.LOADED)
    last = brought.select_related("source").order_by("-received_at")
    return {
        "rows": [
            [
                link("connectors_delivery", one.pk, short(one.name, width="medium")),
                short(one.source.code, width="narrow"),
                badge(one.status, one.get_status_display()),
                number(one.rows_in if one.status == DeliveryStatus.LOADED else None),
                number(one.rejected if one.status == DeliveryStatus.LOADED else None),
                since(one.received_at, now=at),
            ]
            for one in last[:MOST]
        ],
    }


def todays(at: datetime) -> dict[str, list[tuple[str, str]]]:
    """Count the runs and deliveries since midnight, in UTC, with the list of each; one query."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    kinds: dict[str, tuple[Any, str]] = {
        "runs": (ReconciliationRun, "requested_at"),
        "deliveries": (Delivery, "received_at"),
    }
    first, second = (
        model.objects.filter(**{f"{column}__gte": midnight})
        .order_by()
        .annotate(kind=Value(name))
        .values_list("kind")
        .annotate(count=Count("pk"), failed=Count("pk", filter=Q(status=RunStatus.FAILED)))
        for name, (model, column) in kinds.items()
    )
    counts = {kind: (count, failed) for kind, count, failed in first.union(second, all=True)}
    return {
        name: _with_lists(model, column, midnight, *counts.get(name, (0, 0)))
        for name, (model, column) in kinds.items()
    }


def _with_lists(
    model: Any, column: str, midnight: datetime, count: int, failed: int
) -> list[tuple[str, str]]:
    opts = model._meta
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    query = f"{column}_from_0={midnight:%Y-%m-%d}&{column}_from_1=00:00:00"
    told = [(f"{count:,} today", f"{address}?{query}")]
    if failed:
        told.append((f"{failed:,} failed", f"{address}?view=failed&{query}"))
    return told
