"""The admin's first page and the counts beside its navigation."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from breaks.choices import Severity
from breaks.models import PendingTrade, TradeBreak
from breaks.selectors import approvals_to_decide
from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, RejectedRow
from matching.admin.runs import days_words
from matching.choices import RunStatus
from matching.models import Match, ReconciliationRun
from trades.admin.cells import badge, link, number, short, since
from trades.fields import ExactSum

MOST = 1_000  # a badge counts no further, so that no page waits for a count of a million


def live_breaks(_request: HttpRequest) -> str:
    return _at_most(TradeBreak.objects.live())


def to_decide(request: HttpRequest) -> str:
    """Count what waits for this very person."""
    return _at_most(approvals_to_decide(request.user))


def proposals(_request: HttpRequest) -> str:
    return _at_most(Match.objects.to_review())


def quarantined(_request: HttpRequest) -> str:
    return _at_most(RejectedRow.objects.filter(status=RejectStatus.OPEN))


def landing(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the index what a person with these permissions may see; every figure is a link."""
    user = request.user
    if user.has_perm("breaks.view_tradebreak"):
        context |= {"severities": _severities(), "waiting": _waiting(user)}
    if user.has_perm("matching.view_reconciliationrun"):
        context["runs"] = _runs()
    if user.has_perm("connectors.view_delivery"):
        context["deliveries"] = _deliveries()
    return context


def _at_most(rows: QuerySet) -> str:
    found = rows.order_by()[:MOST].count()
    return f"{MOST - 1}+" if found == MOST else str(found)


def _severities() -> list[dict[str, Any]]:
    queue = reverse("admin:breaks_tradebreak_changelist")
    rows = (
        TradeBreak.objects.live()
        .order_by()
        .values("severity")
        .annotate(rows=Count("pk"), unassigned=Count("pk", filter=Q(assigned_to=None)),
                  exposure=ExactSum("exposure"))
    )  # fmt: skip
    found = {row["severity"]: row for row in rows}
    return [
        {
            "badge": badge(severity, severity.label),
            "rows": found.get(severity, {}).get("rows", 0),
            "unassigned": found.get(severity, {}).get("unassigned", 0),
            "exposure": found.get(severity, {}).get("exposure"),
            "link": f"{queue}?severity__exact={severity}",
            "unassigned_link": f"{queue}?view=unassigned&severity__exact={severity}",
        }
        for severity in Severity
    ]


def _waiting(user: AbstractBaseUser | Any) -> list[tuple[str, int, str]]:
    queue = reverse("admin:breaks_tradebreak_changelist")
    return [
        ("My breaks", TradeBreak.objects.live().filter(assigned_to=user).count(),
         f"{queue}?view=mine"),
        ("Matches to review", Match.objects.to_review().count(),
         reverse("admin:matching_match_changelist")),
        ("Pending trades", PendingTrade.objects.count(),
         reverse("admin:breaks_pendingtrade_changelist")),
        ("Rows in quarantine", RejectedRow.objects.filter(status=RejectStatus.OPEN).count(),
         reverse("admin:connectors_rejectedrow_changelist")),
    ]  # fmt: skip


def _runs() -> list[list[Any]]:
    now = timezone.now()
    last = ReconciliationRun.objects.select_related("reconciliation").order_by("-requested_at")[:8]
    return [
        [
            link("matching_reconciliationrun", run.pk, run.pk),
            short(run.reconciliation.code),
            format_html('<span class="dk-when">{}</span>', days_words(run)),
            badge(run.status, run.get_status_display()),
            number(run.auto_matched if run.status == RunStatus.SUCCEEDED else None),
            number(run.manual_review if run.status == RunStatus.SUCCEEDED else None),
            number(run.breaks_identified if run.status == RunStatus.SUCCEEDED else None),
            since(run.requested_at, now=now),
        ]
        for run in last
    ]


def _deliveries() -> list[list[Any]]:
    now = timezone.now()
    last = Delivery.objects.select_related("source").order_by("-received_at")[:8]
    return [
        [
            link("connectors_delivery", delivery.pk, short(delivery.name, width="medium")),
            delivery.source.code,
            badge(delivery.status, delivery.get_status_display()),
            number(delivery.rows_in if delivery.status == DeliveryStatus.LOADED else None),
            number(delivery.rejected if delivery.status == DeliveryStatus.LOADED else None),
            since(delivery.received_at, now=now),
        ]
        for delivery in last
    ]
