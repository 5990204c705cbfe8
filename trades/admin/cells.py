"""How a value looks in the desk: short, exact, aligned; the full value is in the title."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

NOTHING = mark_safe('<span class="dk-nothing">&ndash;</span>')

_NO_NUMBER = mark_safe('<span class="dk-num dk-nothing">&ndash;</span>')

# A tone is one of the desk's few colours; every coloured word is also readable without it.
TONES = {
    "CRITICAL": "critical", "HIGH": "high", "MEDIUM": "medium", "LOW": "low",
    "OPEN": "info", "IN_PROGRESS": "busy", "AWAITING_COUNTERPARTY": "wait", "ESCALATED": "high",
    "RESOLVED": "good", "ACCEPTED": "quiet",
    "QUEUED": "quiet", "RUNNING": "busy", "SUCCEEDED": "good", "LOADED": "good",
    "FAILED": "critical", "CANCELLED": "quiet", "REPLAYED": "good", "DISCARDED": "quiet",
    "MATCHED": "good", "PROPOSED": "busy", "REJECTED": "quiet", "UNMATCHED": "quiet",
    "SUPERSEDED": "quiet", "DRAFT": "busy", "ACTIVE": "good", "RETIRED": "quiet",
    "NEW": "quiet", "AMENDED": "busy", "BUY": "info", "SELL": "wait",
    "SENT": "good", "SENDING": "busy", "DEAD": "critical", "COLLECTING": "wait", "FOLDED": "quiet",
    "PENDING": "wait", "APPROVED": "good", "WITHDRAWN": "quiet", "STALE": "quiet",
    "DISMISSED": "quiet", "FIXED": "good",
    "APPLIED": "good", "ASKED": "wait", "REVERSED": "quiet", "REFUSED": "quiet",
    "NOT_DUE": "quiet", "GRACE": "wait", "LATE_FEED": "high", "REVIEW": "busy",
    "CANDIDATE": "wait",
}  # fmt: skip


def digits(value: Decimal | float | str, *, places: int = 0) -> str:
    """
    Write a number exactly, with thousands separated and at least `places` decimals.

    Zeros after the last digit that counts are dropped; text that is no number comes back as is.
    """
    try:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not exact.is_finite():
        return str(value)
    whole, _, fraction = f"{exact:,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


def signed(value: Decimal) -> str:
    """Write a difference with its sign; zero has none."""
    return f"+{digits(value)}" if value > 0 else digits(value)


def number(value: Decimal | int | str | None, *, places: int = 0) -> SafeString:
    """Show a number to the digit, right-aligned."""
    if value is None or value == "":
        return _NO_NUMBER
    return format_html('<span class="dk-num">{}</span>', digits(value, places=places))


def money(
    value: Decimal | None, currency: str = "", *, unknown: str = "", bare: bool = False
) -> SafeString:
    """
    Show an amount to the cent, right-aligned; the exact amount is in the title.

    `unknown` says why there is none; `bare` leaves the currency to the title.
    """
    if value is None:
        if not unknown:
            return NOTHING
        return format_html('<span class="dk-num dk-unknown" title="{}">unknown</span>', unknown)
    return format_html(
        '<span class="dk-num" title="{} {}">{} <small>{}</small></span>',
        digits(value), currency, f"{value:,.2f}", "" if bare else currency,
    )  # fmt: skip


def badge(code: str, label: str) -> SafeString:
    """Show a status or a severity as a word on a colour."""
    tone = TONES.get(code, "quiet")
    return format_html('<span class="dk-badge dk-{}">{}</span>', tone, label)


def moment(value: datetime | None) -> SafeString:
    """Show a time to the minute, in UTC."""
    if value is None:
        return NOTHING
    local = timezone.localtime(value)
    return format_html(
        '<time class="dk-when" datetime="{}" title="{}">{}</time>',
        value.isoformat(), f"{local:%Y-%m-%d %H:%M:%S %Z}", f"{local:%Y-%m-%d %H:%M}",
    )  # fmt: skip


def day(value: date | None) -> SafeString:
    if value is None:
        return NOTHING
    return format_html('<span class="dk-when">{}</span>', value.isoformat())


def span(length: timedelta) -> str:
    """Write a length of time by its two largest units: ``3d 4h``, ``2h 05m``, ``12m``, ``8s``."""
    seconds = max(0, int(length.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if days:
        return f"{days}d {hours % 24}h"
    if hours:
        return f"{hours}h {minutes % 60:02}m"
    return f"{minutes}m" if minutes else f"{seconds}s"


def since(value: datetime | None, *, now: datetime) -> SafeString:
    """Show how long ago something was; the moment itself is in the title."""
    if value is None:
        return NOTHING
    return format_html(
        '<span class="dk-num" title="{}">{}</span>',
        f"{timezone.localtime(value):%Y-%m-%d %H:%M %Z}", span(now - value),
    )  # fmt: skip


def short(value: str, *, mono: bool = False, width: str = "") -> SafeString:
    """
    Show text on one line, cut where it is too long; all of it is in the title.

    `width` is empty for the usual one, or ``narrow`` or ``medium``.
    """
    if not value:
        return NOTHING
    kind = "dk-cut" + (" dk-mono" if mono else "") + (f" dk-{width}-wide" if width else "")
    return format_html('<span class="{}" title="{}">{}</span>', kind, value, value)


def link(view: str, pk: Any, text: Any) -> SafeString:
    """Link to the page of one row: `view` is ``app_model``."""
    if pk is None:
        return NOTHING
    return format_html(
        '<a class="dk-link" href="{}">{}</a>', reverse(f"admin:{view}_change", args=[pk]), text
    )


def readable_json(data: Any) -> SafeString:
    """Show JSON indented, keys in the order they are kept."""
    text = json.dumps(data, indent=2, ensure_ascii=False, default=str)
    return format_html('<pre class="dk-json">{}</pre>', text)


def bar(percent: float) -> SafeString:
    """Draw a share of 100 as a bar; the figure stands beside it."""
    return format_html(
        '<svg class="dk-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="8"/></svg>',
        f"{max(0.0, min(100.0, percent)):.1f}",
    )


def share(value: float | None) -> SafeString:
    """Show a likeness from 0 to 1 as a percentage with a small bar."""
    if value is None:
        return NOTHING
    percent = value * 100
    return format_html('<span class="dk-share">{}{}%</span>', bar(percent), f"{percent:.1f}")
