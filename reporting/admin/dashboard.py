"""
The first page of the desk: how it stands, and where to begin; every figure leads to its list.

What a person may not see is neither counted nor shown. The part that changes is asked for again
by the page itself, and stands alone for print.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from breaks.ages import AGES
from breaks.choices import BreakType, Severity
from breaks.models import Team
from reporting.admin.charts import Part, share_bar, stacked
from reporting.admin.today import delivery_rows, run_rows, todays, waiting
from reporting.admin.windowed import (
    WINDOW,
    likely,
    match_tile,
    measured,
    trend_of,
    window_tiles,
)
from reporting.scope import Scope
from reporting.selectors.live import (
    MOST_LOOKED_AT,
    LiveFigures,
    by_counterparty,
    live_figures,
)
from reporting.selectors.paired import matched_in
from reporting.selectors.series import series
from trades.admin.cells import badge

REFRESH_SECONDS = 30
# So many rows a list of the dashboard has; the rest is a line of its own.
MOST_ROWS = 8


def dashboard(request: HttpRequest, *, at: datetime | None = None) -> dict[str, Any]:
    """Return what the dashboard shows this person, in a fixed number of queries."""
    at = at or timezone.now()
    user: Any = request.user
    context: dict[str, Any] = {"at": at, "refresh": REFRESH_SECONDS, "waiting": waiting(request)}
    if user.has_perm("breaks.view_tradebreak"):
        prefetch_related_objects([user], "teams")
        live = live_figures(user=user, at=at)
        scope = Scope(user=user, from_date=(at - WINDOW).date(), to_date=at.date())
        # What no run has gone over is counted by the reports, which nobody asks for every minute.
        days = matched_in(scope, counting=False)
        context |= {
            "tiles": [
                *_live_tiles(live),
                match_tile(days),
                *window_tiles(user=user, at=at),
            ],
            "trend": trend_of(series(scope, told=days)),
            "severities": _severities(live),
            "ages": _ages(live),
            "parties": _parties(user),
            "parties_note": (
                f"of the first {MOST_LOOKED_AT:,} in the queue"
                if live.count() > MOST_LOOKED_AT
                else ""
            ),
            "types": _types(live),
            "teams": _teams(live),
            "cards": _cards(user, at),
        }
    context["todays"] = todays(at)
    if user.has_perm("connectors.view_delivery"):
        context["deliveries"] = delivery_rows(at)
    if user.has_perm("matching.view_reconciliationrun"):
        context["runs"] = run_rows(at)
    return context


def _cards(user: Any, at: datetime) -> list[dict[str, Any]]:
    cards = []
    if user.has_perm("predictions.view_tradescore"):
        cards.append(likely(at=at))
    if user.has_perm("matching.view_qasample"):
        cards.append(measured())
    return cards


def queue(**query: Any) -> str:
    """Return the address of the queue with these filters."""
    address = reverse("admin:breaks_tradebreak_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def _live_tiles(live: LiveFigures) -> list[dict[str, Any]]:
    count, late = live.count(), live.late()
    money = live.exposure()
    currency, amount = next(iter(money.items()), ("", None))
    others = [f"{value:,.2f} {code}" for code, value in list(money.items())[1:]]
    unknown = live.unknown()
    soft = ", ".join([*others, *([f"{unknown:,} unknown"] if unknown else [])])
    return [
        {
            "label": "Open breaks", "figure": f"{count:,}", "link": queue(view="open"),
            "soft": f"{live.free():,} unassigned", "soft_link": queue(view="unassigned"),
        },
        {
            "label": "Overdue", "figure": f"{late:,}", "link": queue(view="overdue"),
            "tone": "critical" if late else "",
            "soft": f"{100 * late // count}% of open" if count else "nothing is open",
        },
        {
            "label": "Exposure", "figure": short_money(amount), "unit": currency,
            "title": f"{amount:,.2f} {currency}" if amount is not None else "",
            "link": queue(view="open"), "soft": soft or "every exposure is known",
        },
    ]  # fmt: skip


def short_money(amount: Any) -> str:
    """Write an amount so that it is read from afar: three digits and a word; exact below 10,000."""
    if amount is None:
        return "none"
    for unit, word in ((10**9, "bn"), (10**6, "m"), (10**3, "k")):
        if abs(amount) >= max(unit, 10_000):
            scaled = amount / unit
            places = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
            return f"{scaled:,.{places}f}{word}"
    return f"{amount:,.2f}"


def _severities(live: LiveFigures) -> list[dict[str, Any]]:
    return [
        {
            "badge": badge(one, one.label),
            "count": f"{live.count(severity=one.value):,}",
            "link": queue(view="open", severity__exact=one.value),
            "free": f"{live.free(severity=one.value):,}",
            "free_link": queue(view="unassigned", severity__exact=one.value),
            "late": f"{live.late(severity=one.value):,}",
            "late_link": queue(view="overdue", severity__exact=one.value),
            "exposure": _exposure(live.exposure(severity=one.value)),
        }
        for one in Severity
    ]


def _exposure(exposure: dict[str, Decimal]) -> str:
    known = [f"{amount:,.2f} {code}" for code, amount in exposure.items()]
    return ", ".join(known) or "no known exposure"


def _ages(live: LiveFigures) -> SafeString:
    columns = [
        (
            age.label,
            [
                Part(one.lower(), one.label, live.aged(place, severity=one.value),
                     queue(view="open", age=age.code, severity__exact=one.value))
                for one in reversed(Severity)
            ],
        )
        for place, age in enumerate(AGES)
    ]  # fmt: skip
    return stacked(columns, title="Open breaks by age and severity")


def _parties(user: Any) -> list[dict[str, Any]]:
    found = by_counterparty(user=user, most=MOST_ROWS)
    most = max((one.count for one in found), default=0)
    return [
        {
            "name": one.name,
            "count": f"{one.count:,}",
            "link": queue(view="open", party=one.key),
            "bar": share_bar(one.count, most),
            **_money(one.exposure),
        }
        for one in found
    ]


def _types(live: LiveFigures) -> list[dict[str, Any]]:
    found = live.by("break_type")
    most = max((count for _, count in found), default=0)
    return [
        _row(BreakType(kind).label, count, most, queue(view="open", break_type__exact=kind), live,
             break_type=kind)
        for kind, count in found[:MOST_ROWS]
    ]  # fmt: skip


def _teams(live: LiveFigures) -> list[dict[str, Any]]:
    found = live.by("team")
    names = dict(Team.objects.values_list("pk", "name"))
    most = max((count for _, count in found), default=0)
    return [
        _row(names.get(key, "No team"), count, most, queue(view="open", team=key or "none"), live,
             team=key)
        for key, count in found[:MOST_ROWS]
    ]  # fmt: skip


def _row(
    name: str, count: int, most: int, link: str, live: LiveFigures, **of: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "count": f"{count:,}",
        "link": link,
        "bar": share_bar(count, most),
        **_money(live.exposure(**of)),
    }


def _money(exposure: dict[str, Decimal]) -> dict[str, str]:
    """Return the largest amount to read from afar, and every one to the cent."""
    amount = next(iter(exposure.values()), None)
    more = "+" if len(exposure) > 1 else ""
    return {
        "exposure": "unknown" if amount is None else f"{short_money(amount)}{more}",
        "title": _exposure(exposure),
    }
