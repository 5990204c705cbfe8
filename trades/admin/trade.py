"""A trade as reported. Registered by `breaks.admin`, which knows what the trade is part of."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    RangeDateFilter,
    RelatedCheckboxFilter,
)
from unfold.decorators import display

from trades.admin.cells import badge, day, digits, moment, money, number, readable_json, short
from trades.admin.exporting import ExportAdmin
from trades.admin.page import Page, PageAdmin, Panel
from trades.models import Trade, TradeVersion
from trades.raw import leave_trace, may_see_raw
from trades.spreadsheet import Mode, Table
from trades.tables import trade_table

_TERMS = ("side", "quantity", "price", "currency", "gross_amount", "commission", "fees",
          "accrued_interest", "net_amount")  # fmt: skip
_DATES = ("trade_date", "settlement_date", "executed_at", "received_at", "changed_at")
_PRODUCT = ("symbol", "isin", "cusip", "sedol", "figi", "security_name", "asset_class")
_PARTIES = ("counterparty_name", "counterparty_lei", "counterparty_bic", "account_code", "venue")
_REFERENCES = ("order_ref", "block_ref", "execution_ref")
_SECTIONS = (
    ("Terms", _TERMS),
    ("Instrument", _PRODUCT),
    ("Parties", _PARTIES),
    ("Dates", _DATES),
    ("References", _REFERENCES),
)


class TradeAdmin(ExportAdmin, PageAdmin):
    has_raw = True
    list_display = ("trade_id", "source_code", "traded", "side_word", "amount_of", "at_price",
                    "ccy", "instrument_name", "counterparty_cell", "account_code", "settles",
                    "state_word", "version")  # fmt: skip
    list_filter = (
        ("source", RelatedCheckboxFilter),
        ("state", ChoicesCheckboxFilter),
        ("side", ChoicesCheckboxFilter),
        ("asset_class", ChoicesCheckboxFilter),
        ("trade_date", RangeDateFilter),
    )
    list_select_related = ("source", "instrument", "counterparty")
    search_fields = ("source_trade_id", "order_ref", "block_ref", "execution_ref", "symbol", "isin",
                     "cusip", "counterparty_name", "instrument__name")  # fmt: skip
    search_help_text = "Trade id, reference, instrument or counterparty"

    @display(description="Trade", ordering="source_trade_id")
    def trade_id(self, trade: Trade) -> SafeString:
        return short(trade.source_trade_id, mono=True)

    @display(description="Source", ordering="source__code")
    def source_code(self, trade: Trade) -> str:
        return trade.source.code

    @display(description="Trade date", ordering="trade_date")
    def traded(self, trade: Trade) -> SafeString:
        return day(trade.trade_date)

    @display(description="Settles", ordering="settlement_date")
    def settles(self, trade: Trade) -> SafeString:
        return day(trade.settlement_date)

    @display(description="Side", ordering="side")
    def side_word(self, trade: Trade) -> SafeString:
        return badge(trade.side, trade.get_side_display())

    @display(description="Quantity", ordering="quantity")
    def amount_of(self, trade: Trade) -> SafeString:
        return number(trade.quantity)

    @display(description="Price", ordering="price")
    def at_price(self, trade: Trade) -> SafeString:
        return number(trade.price, places=2)

    @display(description="Ccy", ordering="currency")
    def ccy(self, trade: Trade) -> str:
        return trade.currency

    @display(description="Instrument", ordering="instrument__name")
    def instrument_name(self, trade: Trade) -> SafeString:
        name = str(trade.instrument) if trade.instrument else trade.security_name
        return short(name or trade.symbol or trade.isin)

    @display(description="Counterparty", ordering="counterparty_name")
    def counterparty_cell(self, trade: Trade) -> SafeString:
        return short(trade.counterparty.name if trade.counterparty else trade.counterparty_name)

    @display(description="State", ordering="state")
    def state_word(self, trade: Trade) -> SafeString:
        return badge(trade.state, trade.get_state_display())

    def table(self, *, mode: Mode, with_raw: bool) -> Table:
        return trade_table(with_raw=with_raw)

    page_template = "desk/trade.html"

    def page(self, request: HttpRequest, row: Trade) -> Page:
        """Show one trade: what it says now, what it said before, and what it is part of."""
        shows_raw = may_see_raw(request.user)
        if shows_raw:
            leave_trace(request.user, f"the raw report of trade {row.pk}")
        return Page(
            headline=format_html(
                '<b class="dk-mono">{}</b> {}',
                row.source_trade_id,
                badge(row.state, row.get_state_display()),
            ),
            soft=f"{row.source.name}, version {row.version}",
            side=self.part_of(request, row),
            extra={
                "sections": sections(row),
                "versions": [_version(row, was) for was in row.versions.all()],
                "raw": readable_json(row.raw) if shows_raw else None,
            },
        )

    def part_of(self, request: HttpRequest, trade: Trade) -> list[Panel]:
        """Return panels of what stands above trades and names this one; a higher app fills it."""
        return []


def sections(trade: Trade) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return the trade's fields in groups, empty ones left out: ``(heading, [(label, value)])``."""
    found = []
    for heading, names in _SECTIONS:
        rows = [(_label(name), shown(trade, name)) for name in names if _given(trade, name)]
        if rows:
            found.append((heading, rows))
    return found


def shown(trade: Trade, name: str) -> Any:
    """Return one field as the desk shows it."""
    value = getattr(trade, name)
    if name == "price":
        return number(value, places=2)
    if name in _TERMS and name not in ("side", "currency"):
        return number(value) if name == "quantity" else money(value)
    if name in ("trade_date", "settlement_date"):
        return day(value)
    if name in _DATES:
        return moment(value)
    display_name = getattr(trade, f"get_{name}_display", None)
    return display_name() if display_name else value


def _given(trade: Trade, name: str) -> bool:
    return getattr(trade, name) not in (None, "")


def _label(name: str) -> str:
    field = Trade._meta.get_field(name)
    text = str(getattr(field, "verbose_name", name))
    return text[0].upper() + text[1:]


def _version(trade: Trade, was: TradeVersion) -> dict[str, Any]:
    """Return what an earlier version said differently, the report as sent left out."""
    changes = []
    for name, before in was.values.items():
        if name == "raw":
            continue
        now = getattr(trade, name, None)
        if _text(before) != _text(now):
            changes.append((name.replace("_", " "), _text(before) or "none", _text(now) or "none"))
    return {"number": was.version, "from": moment(was.valid_from), "to": moment(was.replaced_at),
            "changes": changes}  # fmt: skip


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return digits(value) if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    text = str(value)
    return (
        bool(text)
        and text.lstrip("+-").replace(".", "", 1).isdigit()
        and not text.startswith("0" * 2)
    )
