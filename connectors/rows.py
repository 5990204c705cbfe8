"""
A record of text becomes a typed trade report, or a reason why it cannot.

What the columns of a row mean stands in one table of readers. A row is read by it alone here, and
many rows side by side in `connectors.batches`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from connectors import habits as reading
from connectors.habits import Habits, NotReadable
from connectors.protocol import Record
from connectors.units import in_our_units
from trades.choices import Side, TradeState
from trades.currencies import MINOR_UNITS
from trades.identifiers import compact, is_valid
from trades.models import Trade
from trades.reports import TradeReport

# canonical column -> field of the report, where they differ
FIELD_OF = {
    "trade_id": "source_trade_id",
    "counterparty": "counterparty_name",
    "account": "account_code",
}
CANONICAL = (
    "trade_id", "trade_date", "settlement_date", "executed_at", "symbol", "isin", "cusip", "sedol",
    "figi", "security_name", "asset_class", "side", "quantity", "price", "currency", "gross_amount",
    "commission", "fees", "accrued_interest", "net_amount", "counterparty", "counterparty_lei",
    "counterparty_bic", "account", "venue", "order_ref", "block_ref", "execution_ref", "state",
)  # fmt: skip
IDENTIFIERS = ("isin", "cusip", "sedol", "figi", "symbol")

_TEXTS = ("trade_id", "symbol", "security_name", "counterparty", "account", "order_ref",
          "block_ref", "execution_ref")  # fmt: skip
_MONEY = ("price", "gross_amount", "commission", "fees", "accrued_interest", "net_amount")
_CHECKED = {"isin": "ISIN", "cusip": "CUSIP", "sedol": "SEDOL", "figi": "FIGI"}
_LENGTH = {
    name: getattr(Trade._meta.get_field(FIELD_OF.get(name, name)), "max_length", 0)  # noqa: SLF001
    for name in (*_TEXTS, "venue")
}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BIC = re.compile(r"^[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$")
_CURRENCY = re.compile(r"^[A-Z]{3,4}$")
# Reports come with these where they mean nothing.
_BLANKS = frozenset({"", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan"})


class RowRefused(Exception):
    """A row cannot be loaded; the text lists everything that is wrong with it."""


class Problems(list[str]):
    """What is wrong with a row, collected rather than stopped at."""

    def value(self, name: str, text: str, read: Callable[..., Any], *how: Any) -> Any:
        """Return ``read(text, *how)``, or None if the text says nothing or cannot be read."""
        if not text:
            return None
        try:
            return read(text, *how)
        except NotReadable as problem:
            said = str(problem)
            self.append(said if said.startswith(name) else f"{name} {said}")
            return None

    def required(self, name: str, text: str, read: Callable[..., Any], *how: Any) -> Any:
        if not text:
            self.append(f"{name} is missing")
        return self.value(name, text, read, *how)


@dataclass(frozen=True, slots=True)
class Reader:
    """
    Reads one column, or a few that only together mean something, into fields of the report.

    `read` takes the problems to add to, the habits and one text a column, empty where the row
    says nothing. It returns the field's value, or a tuple where there are several `fields`.
    """

    columns: tuple[str, ...]
    fields: tuple[str, ...]
    read: Callable[..., Any]


def report_of(record: Record, habits: Habits) -> TradeReport:
    """
    Return the report a record makes.

    An identifier that fails its check digit is left to the raw payload where another one
    names the instrument.

    :raises RowRefused: with everything that is wrong.
    """
    if record.problem:
        raise RowRefused(record.problem)
    problems = Problems()
    values: dict[str, Any] = {}
    for reader in readers_for(habits):
        texts = [said(record.values.get(column, "")) for column in reader.columns]
        found = reader.read(problems, habits, *texts)
        values |= zip(reader.fields, found if len(reader.fields) > 1 else [found], strict=True)
    if problems:
        raise RowRefused("; ".join(problems) + ".")
    return TradeReport(**values, raw=dict(record.raw))


def said(text: str) -> str:
    """Return what a cell says: empty text where it stands for nothing."""
    text = text.strip()
    return "" if text in _BLANKS else text


def _text(name: str, problems: Problems, _: Habits, text: str) -> str:
    if len(text) > _LENGTH[name]:
        problems.append(f"{name} has {len(text)} characters; at most {_LENGTH[name]} fit")
    if _UNSTORABLE.search(text):
        problems.append(f"{name} holds a character that no text has")
    return text


def _trade_id(problems: Problems, habits: Habits, text: str) -> str:
    if not text:
        problems.append("trade_id is missing")
    return _text("trade_id", problems, habits, text)


def _venue(problems: Problems, habits: Habits, text: str) -> str:
    return _text("venue", problems, habits, text).upper()


def _trade_date(problems: Problems, habits: Habits, text: str) -> Any:
    return problems.required("trade_date", text, reading.day, habits.date_formats)


def _settlement_date(problems: Problems, habits: Habits, text: str) -> Any:
    return problems.value("settlement_date", text, reading.day, habits.date_formats)


def _executed_at(problems: Problems, habits: Habits, text: str, trade_date: str) -> Any:
    # Many sources send a time alone: it is on the trade date. What is wrong with that, its own
    # column says.
    try:
        on = reading.day(trade_date, habits.date_formats)
    except NotReadable:
        on = None
    how = (habits.time_formats, habits.timezone, on)
    return problems.value("executed_at", text, reading.moment, *how)


def _money(name: str, problems: Problems, habits: Habits, text: str, currency: str = "") -> Any:
    return problems.value(name, text, _figure, habits, name, currency)


def _figure(text: str, habits: Habits, column: str, currency: str) -> Decimal:
    """Read a number in our units and with our sign; no digit is rounded."""
    value = reading.number(text, habits.decimal_separator)
    if habits.units and (power := habits.power(column, _currency_or_none(currency))):
        value = reading.fitting(in_our_units(value, power), text)
    if habits.net_reversed and column == "net_amount" and value:
        value = value.copy_negate()
    return value


def _side_and_quantity(
    problems: Problems, habits: Habits, side_text: str, quantity_text: str, currency: str = ""
) -> tuple[str | None, Decimal | None]:
    """Return side and quantity above zero, from a side, a sign, or both agreeing."""
    quantity = problems.required("quantity", quantity_text, _figure, habits, "quantity", currency)
    if side_text or not habits.signed_quantity:
        side = problems.required("side", side_text, reading.side, habits)
    else:
        side = Side.SELL.value if quantity is not None and quantity < 0 else Side.BUY.value
    if quantity is None:
        return side, None
    if quantity == 0:
        problems.append("quantity is zero")
    elif quantity < 0 and side == Side.BUY:
        problems.append(f"quantity {quantity:f} is negative and the side is a purchase")
    return side, abs(quantity)


def _identifiers(problems: Problems, _: Habits, *texts: str) -> tuple[str, ...]:
    *codes, symbol = texts
    given = {name: compact(text) for name, text in zip(_CHECKED, codes, strict=True)}
    valid = {
        name: code if code and is_valid(_CHECKED[name], code) else ""
        for name, code in given.items()
    }
    if not symbol and not any(valid.values()):
        wrong = " and ".join(
            f"{name} {text!r}" for name, text in zip(_CHECKED, codes, strict=True) if given[name]
        )
        problems.append(
            f"{wrong} fails its check, and nothing else names the instrument"
            if wrong
            else f"no identifier of the instrument: one of {', '.join(IDENTIFIERS)} is needed"
        )
    return tuple(valid.values())


def _currency(problems: Problems, _: Habits, text: str) -> str:
    return problems.value("currency", text, _currency_code) or ""


def _currency_code(text: str) -> str:
    code = text if text in MINOR_UNITS else text.upper()
    if not _CURRENCY.match(code) and code not in MINOR_UNITS:
        raise NotReadable(f"{text!r} is not a currency code such as USD or GBX")
    return code


def _currency_or_none(text: str) -> str:
    try:
        return _currency_code(text)
    except NotReadable:
        return ""


def _asset_class(_: Problems, __: Habits, text: str) -> str:
    return reading.asset_class(text)


def _state(problems: Problems, _: Habits, text: str) -> str:
    return problems.value("state", text, reading.state) or TradeState.NEW.value


def _lei(_: Problems, __: Habits, text: str) -> str:
    code = compact(text)
    return code if is_valid("LEI", code) else ""


def _bic(_: Problems, __: Habits, text: str) -> str:
    code = compact(text)
    return code if _BIC.match(code) else ""


def _reads(column: str, read: Callable[..., Any]) -> Reader:
    return Reader((column,), (FIELD_OF.get(column, column),), read)


# In the order in which a row's problems are listed.
READERS: tuple[Reader, ...] = (
    _reads("trade_id", _trade_id),
    *(_reads(name, partial(_text, name)) for name in _TEXTS[1:]),
    _reads("trade_date", _trade_date),
    _reads("settlement_date", _settlement_date),
    Reader(("executed_at", "trade_date"), ("executed_at",), _executed_at),
    *(_reads(name, partial(_money, name)) for name in _MONEY),
    Reader(("side", "quantity"), ("side", "quantity"), _side_and_quantity),
    Reader((*_CHECKED, "symbol"), tuple(_CHECKED), _identifiers),
    _reads("currency", _currency),
    _reads("asset_class", _asset_class),
    _reads("state", _state),
    _reads("venue", _venue),
    _reads("counterparty_lei", _lei),
    _reads("counterparty_bic", _bic),
)


def readers_for(habits: Habits) -> tuple[Reader, ...]:
    """Return the readers; a figure whose unit hangs on the currency is read beside it."""
    beside = {name.partition(" ")[0] for name in habits.units if " " in name}
    if not beside:
        return READERS
    return tuple(
        replace(one, columns=(*one.columns, "currency")) if one.columns[-1] in beside else one
        for one in READERS
    )
