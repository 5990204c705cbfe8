"""The admin's first page and the counts beside its navigation."""

from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from breaks.admin.listing import Tally, tally
from breaks.choices import Severity
from breaks.models import PendingTrade, TradeBreak
from breaks.selectors import approvals_to_decide
from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, RejectedRow
from matching.admin.runs import days_words
from matching.choices import RunStatus
from matching.models import Match, ReconciliationRun
from reporting.selectors.sign_off import to_sign_by
from trades.admin.cells import badge, link, number, short, since
from trades.admin.counting import ask_count, count_each, count_words, counted
from workflows.inbox import unread_by


def live_breaks(request: HttpRequest) -> str:
    return _badge(request, "breaks")


def to_decide(request: HttpRequest) -> str:
    """Count what waits for this very person."""
    return _badge(request, "approvals")


def unread(request: HttpRequest) -> str:
    """Count what this very person was told and has not read."""
    return _badge(request, "unread")


def to_sign(request: HttpRequest) -> str:
    """Count the sign-offs that wait for this very person's signature."""
    return _badge(request, "to_sign")


def proposals(request: HttpRequest) -> str:
    return _badge(request, "proposals")


def quarantined(request: HttpRequest) -> str:
    return _badge(request, "quarantined")


def _badge(request: HttpRequest, name: str) -> str:
    """Count what the navigation counts, once a page and in one query with what the page counts."""
    ask_count(
        request,
        {
            "breaks": _seen_by(request).live(),
            "approvals": approvals_to_decide(request.user),
            "proposals": Match.objects.to_review(),
            "quarantined": RejectedRow.objects.filter(status=RejectStatus.OPEN),
            "unread": unread_by(request.user),
            "to_sign": to_sign_by(request.user),
        },
    )
    return count_words(counted(request)[name])


def _seen_by(request: HttpRequest) -> Any:
    if request.user.is_authenticated:
        prefetch_related_objects([request.user], "teams")
    return TradeBreak.objects.visible_to(request.user)


def landing(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the index what a person with these permissions may see; every figure is a link."""
    user = request.user
    if user.has_perm("breaks.view_tradebreak"):
        context |= _severities(request) | {"waiting": _waiting(request)}
    if user.has_perm("matching.view_reconciliationrun"):
        context["runs"] = _runs()
    if user.has_perm("connectors.view_delivery"):
        context["deliveries"] = _deliveries()
    return context


def _severities(request: HttpRequest) -> dict[str, Any]:
    """Count the live breaks by severity, and add up what the first of the queue put at risk."""
    queue = reverse("admin:breaks_tradebreak_changelist")
    live = _seen_by(request).live()
    of = {severity: live.filter(severity=severity) for severity in Severity}
    rows = count_each({severity.value: breaks for severity, breaks in of.items()})
    free = count_each({s.value: breaks.filter(assigned_to=None) for s, breaks in of.items()})
    found = tally(live.order_by("-rank", "-pk"))
    return {
        "severities": [
            {
                "badge": badge(severity, severity.label),
                "rows": count_words(rows[severity]),
                "unassigned": count_words(free[severity]),
                "exposure": _exposure(found, severity),
                "link": f"{queue}?severity__exact={severity}",
                "unassigned_link": f"{queue}?view=unassigned&severity__exact={severity}",
            }
            for severity in Severity
        ],
        "exposure_note": "" if found.is_whole else f"of the first {found.most:,} in the queue",
    }


def _exposure(found: Tally, severity: Severity) -> Decimal | None:
    amounts = [amount for (of, _), amount in found.exposures.items() if of == severity]
    return sum(amounts, Decimal(0)) if amounts else None


def _waiting(request: HttpRequest) -> list[tuple[str, str, str]]:
    queue = reverse("admin:breaks_tradebreak_changelist")
    mine = _seen_by(request).live().filter(assigned_to=request.user.pk)
    counts = count_each(
        {
            "mine": mine,
            "review": Match.objects.to_review(),
            "pending": PendingTrade.objects.all(),
            "quarantine": RejectedRow.objects.filter(status=RejectStatus.OPEN),
        }
    )
    return [
        ("My breaks", count_words(counts["mine"]), f"{queue}?view=mine"),
        ("Matches to review", count_words(counts["review"]),
         reverse("admin:matching_match_changelist")),
        ("Pending trades", count_words(counts["pending"]),
         reverse("admin:breaks_pendingtrade_changelist")),
        ("Rows in quarantine", count_words(counts["quarantine"]),
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
