"""How a break is put into words and cells: with the sources' names, never left and right."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from breaks.choices import BreakStatus, BreakType
from breaks.clocks import is_late
from breaks.deadlines import DESK_HOURS
from breaks.hours import BusinessHours
from breaks.models import ApprovalRequest, TradeBreak
from breaks.terms import Clocks
from trades.admin.cells import NOTHING, badge, digits, money, short, signed, span
from trades.models import Trade

_MISSING = (BreakType.MISSING_LEFT, BreakType.MISSING_RIGHT)
_BRIEF = {BreakStatus.AWAITING_COUNTERPARTY: "Awaiting cpty"}
NO_EXPOSURE = "The exposure is unknown."
# Of business time; from then on its deadline is lit.
SOON = timedelta(minutes=30)


def type_words(row: TradeBreak) -> str:
    """Name the type of a break: ``Missing at Custodian`` rather than missing on the right."""
    if row.break_type == BreakType.MISSING_LEFT:
        return f"Missing at {row.reconciliation.left_source.name}"
    if row.break_type == BreakType.MISSING_RIGHT:
        return f"Missing at {row.reconciliation.right_source.name}"
    return row.get_break_type_display()


def severity_cell(row: TradeBreak) -> SafeString:
    return badge(row.severity, row.get_severity_display())


def status_cell(row: TradeBreak, *, brief: bool = False) -> SafeString:
    label = row.get_status_display()
    return badge(row.status, _BRIEF.get(BreakStatus(row.status), label) if brief else label)


def value_cell(text: str) -> SafeString:
    """Show what one side says: a number to the digit, other text cut to the column."""
    return short(digits(text), width="medium") if text else NOTHING


def said_cell(row: TradeBreak, side: str, *, whose: bool) -> SafeString:
    """
    Show what one side says; a whole trade as its terms, for its instrument has a column.

    With `whose` the source's name stands before it, unless the type of break says it.
    """
    text: str = getattr(row, f"{side}_value")
    if not text:
        return NOTHING
    trade: Trade | None = getattr(row, f"{side}_trade")
    shown = digits(text)
    is_missing = row.break_type in _MISSING
    if trade is not None and is_missing:
        shown = f"{trade.get_side_display()} {digits(trade.quantity)}"
        if trade.price is not None:
            shown += f" @ {digits(trade.price)}"
    source = getattr(row.reconciliation, f"{side}_source").name
    before = format_html("<small>{}</small> ", source) if whose and not is_missing else ""
    return format_html(
        '<span class="dk-cut" title="{}: {}">{}{}</span>', source, text, before, shown
    )


def difference_words(row: TradeBreak) -> str:
    """Write the size of the difference; empty where it is not a number."""
    return signed(row.difference) if row.difference is not None else ""


def exposure_cell(row: TradeBreak, *, usual: str = "") -> SafeString:
    """Show the money at risk; the `usual` currency is not repeated on every line."""
    return money(
        row.exposure,
        row.currency,
        unknown=row.exposure_note or NO_EXPOSURE,
        bare=row.currency == usual,
    )


def worked(length: timedelta) -> str:
    """Write business time in hours, for a business day is not 24 of them: ``26h 05m``, ``12m``."""
    minutes = max(0, int(length.total_seconds())) // 60
    hours = minutes // 60
    if hours >= 100:
        return f"{hours:,}h"
    return f"{hours}h {minutes % 60:02}m" if hours else f"{minutes}m"


def age_cell(row: TradeBreak, *, now: datetime) -> SafeString:
    """Show how long a break has been worked, or was, in its team's hours; by the calendar too."""
    until = row.resolved_at or now
    return format_html(
        '<span class="dk-num" title="Found {}, {} ago by the calendar{}">{}</span>',
        _when(row.opened_at),
        span(now - row.opened_at),
        f"; it took {span(until - row.opened_at)}" if row.resolved_at else "",
        worked(hours_of(row).between(row.opened_at, until)),
    )


def due_cell(row: TradeBreak, *, now: datetime) -> SafeString:
    """
    Show the business time left until a live break is due, or by how much it is late.

    While its clock stands, what was left or late when it was paused.
    """
    if row.resolved_at is not None:
        return NOTHING
    hours, due = hours_of(row), _when(row.due_at)
    if row.paused_at is not None:
        said = worked(abs(left_of(row, now=now)))
        return format_html(
            '<span class="dk-num{}" title="The clock stands since {}, while the counterparty is '
            'waited for; it was due {}">paused {}{}</span>',
            " dk-late" if is_late(row, at=now) else "",
            _when(row.paused_at), due, said, " late" if is_late(row, at=now) else "",
        )  # fmt: skip
    if row.due_at < now:
        late = worked(hours.between(row.due_at, now))
        return format_html(
            '<span class="dk-num dk-late" title="Overdue: was due {}">{} late</span>', due, late
        )
    left = hours.between(now, row.due_at)
    tone = " dk-soon" if left < SOON else ""
    return format_html('<span class="dk-num{}" title="Due {}">{}</span>', tone, due, worked(left))


def left_of(row: TradeBreak, *, now: datetime) -> timedelta:
    """Return the business time a live break has left, below zero when late; a pause holds it."""
    at, hours = row.paused_at or now, hours_of(row)
    if row.due_at <= at:
        return -hours.between(row.due_at, at)
    return hours.between(at, row.due_at)


def hours_of(row: TradeBreak) -> BusinessHours:
    """Return the hours of a break; a list of breaks was given them by `with_hours`."""
    known: BusinessHours | None = getattr(row, "known_hours", None)
    if known is None:
        known = row.team.hours if row.team else DESK_HOURS
        with_hours([row], known)
    return known


def with_hours(rows: Iterable[TradeBreak], hours: BusinessHours | None = None) -> None:
    """Read the business hours of all these breaks at once, in two queries, and keep them there."""
    terms = Clocks()
    for row in rows:
        row.known_hours = hours or terms.hours(row.team_id)  # type: ignore[attr-defined]


def _when(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}"


def one_trade(row: TradeBreak) -> Trade | None:
    return row.left_trade or row.right_trade


def counterparty_words(row: TradeBreak) -> str:
    """Name the counterparty, from whichever side knows it."""
    for trade in (row.left_trade, row.right_trade):
        if trade and (known := trade.counterparty.name if trade.counterparty else ""):
            return known
        if trade and trade.counterparty_name:
            return trade.counterparty_name
    return ""


def instrument_words(row: TradeBreak) -> str:
    """Name the instrument, from whichever side knows it."""
    for trade in (row.left_trade, row.right_trade):
        if trade and trade.instrument and trade.instrument.name:
            return trade.instrument.name
    trade = one_trade(row)
    return (trade.security_name or trade.symbol or trade.isin) if trade else ""


def person(user: Any) -> SafeString:
    return short(user.get_username()) if user else NOTHING


def asked_words(request: ApprovalRequest) -> str:
    """Say that an act was asked for, and that nothing has happened yet."""
    return (
        f"Asked for, not done yet: request {request.pk} waits for a second person. "
        "You find it under Approvals."
    )
