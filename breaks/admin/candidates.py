"""The trades that might be the other side of a break, ranked, each with a way to pair it."""

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from breaks.models import TradeBreak
from matching.admin.comparison import FIELDS
from matching.choices import LegSide
from matching.models import Match
from trades.admin.cells import badge, digits, link, share
from trades.admin.page import Panel
from trades.models import Trade

TITLE = "Other candidates"
# Below this a likeness is worth a word.
ALIKE = 0.9995


def looks_elsewhere(row: TradeBreak) -> bool:
    """Tell whether the break is about one trade of one side, whose counterpart may be found."""
    return row.match_id is None and (row.left_trade is None) != (row.right_trade is None)


def placeholder(row: TradeBreak, query: str) -> Panel:
    """Return the panel that fetches the candidates once the page is there: scoring takes longer."""
    address = reverse("admin:breaks_tradebreak_candidates", args=[row.pk])
    address += f"?{query}" if query else ""
    return Panel(
        title=TITLE,
        body=format_html(
            '<p class="dk-none" hx-get="{}" hx-trigger="load" hx-target="closest section" '
            'hx-swap="outerHTML"><a class="dk-link" href="{}">Look for them</a></p>',
            address, address,
        ),
    )  # fmt: skip


def candidates_panel(row: TradeBreak, *, query: str, may_pair: bool) -> Panel:
    """Score the free trades of the other side against the break's one, and show the best."""
    from matching.candidates import candidates
    from matching.rules import NoActiveRules

    trade = row.left_trade or row.right_trade
    if trade is None or not looks_elsewhere(row):
        return Panel(title=TITLE, none="The break is not about one trade alone.")
    side = LegSide.RIGHT if row.left_trade else LegSide.LEFT
    source = getattr(row.reconciliation, f"{side.value}_source").name
    try:
        found = candidates(row.reconciliation, trade)
    except NoActiveRules as missing:
        return Panel(title=TITLE, none=str(missing))
    lines = [
        {
            "trade": link("trades_trade", one.trade.pk, one.trade.source_trade_id),
            "marks": _marks(one),
            "likeness": share(one.score),
            "terms": _terms(one.trade),
            "why": _why(one),
            "pair": _pair_link(row, one.trade, side, query) if may_pair else "",
        }
        for one in found
    ]
    if not lines:
        return Panel(
            title=TITLE,
            none=f"{source} has no free trade of this instrument or with these references "
            f"within three days of {trade.trade_date}.",
        )
    return _panel(lines, f"free at {source}")


def _panel(lines: list[dict[str, Any]], note: str = "") -> Panel:
    body = render_to_string("desk/candidate_list.html", {"lines": lines})
    return Panel(title=TITLE, note=note, count=len(lines), body=body)


def alternatives_panel(row: TradeBreak, match: Match, *, query: str, may_pair: bool) -> list[Panel]:
    """Return what would have fitted the match nearly as well, as a panel; none without."""
    others = match.alternatives.select_related("trade__source", "trade__instrument")
    lines = [
        {
            "trade": link("trades_trade", other.trade_id, other.trade.source_trade_id),
            "likeness": share(other.score),
            "terms": _terms(other.trade),
            "why": f"at {other.trade.source.name}",
            "pair": _pair_link(row, other.trade, LegSide(other.side), query) if may_pair else "",
        }
        for other in others
    ]
    return [_panel(lines)] if lines else []


def _marks(one: Any) -> list[SafeString]:
    marks = []
    if one.in_proposal:
        marks.append(badge("PROPOSED", "in a proposal"))
    if one.turned_down:
        marks.append(badge("REJECTED", "turned down before"))
    return marks


def _terms(trade: Trade) -> str:
    terms = f"{trade.get_side_display()} {digits(trade.quantity)}"
    if trade.price is not None:
        terms += f" @ {digits(trade.price)} {trade.currency}"
    return f"{terms}, {trade.trade_date.isoformat()}"


def _why(one: Any) -> SafeString:
    """Say what speaks for a candidate, and where it differs, the weightiest first."""
    same = [f"same {FIELDS[name][0].lower()} reference" for name in one.shared]
    unlike = sorted(
        (field for field in one.fields if field.weight and (field.similarity or 0) < ALIKE),
        key=lambda field: field.contribution - field.weight,
    )
    words = [
        (
            FIELDS.get(field.field, (field.field.replace("_", " ").capitalize(), ""))[0],
            "unknown" if field.similarity is None else f"{field.similarity * 100:.0f}%",
        )
        for field in unlike
    ]
    if not words and not same:
        return mark_safe("alike in every field that counts")
    differs = format_html_join(", ", "{} <small>{}</small>", words)
    return format_html("{}{}{}", ", ".join(same), "; " if same and words else "", differs)


def _pair_link(row: TradeBreak, other: Trade, side: LegSide, query: str) -> str:
    said: dict[str, Any] = {"version": row.version, "side": side.value}
    named = urlencode(said | {"other": other.source_trade_id})
    address = reverse("admin:breaks_tradebreak_pair", args=[row.pk])
    return f"{address}?{named}" + (f"&{query}" if query else "")
