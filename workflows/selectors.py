"""Reads of what workflows keeps."""

from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from breaks.models import TradeBreak
from workflows.choices import FindingStatus
from workflows.models import RootCauseBreak, RootCauseFinding

STANDING = (FindingStatus.OPEN, FindingStatus.ACCEPTED)


def causes_visible_to(user: Any) -> QuerySet[RootCauseFinding]:
    """
    Return the findings that rest on a break this person may see.

    `seen_count` and `seen_exposure` are of those breaks only, `seen_cleared` how many the fix
    would clear of them.
    """
    seen = TradeBreak.objects.visible_to(user)
    ours = RootCauseBreak.objects.filter(finding=OuterRef("pk"))
    rows = RootCauseFinding.objects.filter(
        Exists(ours.filter(trade_break__in=seen.order_by().values("pk")))
    )
    may = Q()
    if not (user.is_authenticated and user.has_perm("breaks.view_every_team")):
        may = Q(links__trade_break__in=seen.order_by().values("pk"))
    return rows.annotate(
        seen_count=Count("links", filter=may or None),
        seen_exposure=Sum("links__trade_break__exposure", filter=may or None),
        seen_cleared=Count("links", filter=Q(links__would_clear=True) & may),
    )


def root_causes(
    *, user: Any, from_date: date | None = None, to_date: date | None = None
) -> list[dict[str, Any]]:
    """
    Return the standing findings that a person may see, the first named first, as plain values.

    The dates keep those that show on a day between them. Those beneath a better one are left out.
    """
    rows = causes_visible_to(user).filter(status__in=STANDING, beneath=None)
    if from_date is not None:
        rows = rows.filter(to_date__gte=from_date)
    if to_date is not None:
        rows = rows.filter(from_date__lte=to_date)
    ordered = rows.select_related("reconciliation").order_by("place", "-seen_at", "pk")
    return [cause_as_json(row) for row in ordered]


def cause_as_json(row: Any) -> dict[str, Any]:
    """Return a finding as the API tells it; counts are those the reader may see."""
    cleared = getattr(row, "seen_cleared", row.would_clear)
    return {
        "id": row.pk,
        "mechanism": row.mechanism,
        "headline": row.headline,
        "reconciliation": row.reconciliation.code,
        "evidence": row.evidence,
        "breaks": getattr(row, "seen_count", row.break_count),
        "exposure": getattr(row, "seen_exposure", row.exposure),
        "currency": row.currency,
        "lift": row.lift,
        "p_value": row.p_value,
        "proposed_fix": {**row.proposed_fix, "words": row.fix_in_words},
        "would_clear": None if row.would_clear is None else cleared,
        "from_date": row.from_date,
        "to_date": row.to_date,
        "status": row.status,
    }


def causes_of(trade_break: TradeBreak) -> QuerySet[RootCauseFinding]:
    """Return the standing findings that rest on a break, the best first."""
    return RootCauseFinding.objects.filter(
        links__trade_break=trade_break, status__in=STANDING
    ).order_by("beneath", "place")
