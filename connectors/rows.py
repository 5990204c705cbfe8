"""A record of text becomes a typed trade report, or a reason why it cannot."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors import habits as reading
from connectors.habits import Habits, NotReadable
from connectors.protocol import Record
from trades.choices import Side
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
# Reports come with these where they mean nothing.
_BLANKS = frozenset({"", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan"})


class RowRefused(Exception):
    """A row cannot be loaded; the text lists everything that is wrong with it."""


def report_of(record: Record, habits: Habits) -> TradeReport:
    """
    Return the report a record makes.

    An identifier that fails its check digit is left to the raw payload where another one
    names the instrument.

    :raises RowRefused: with everything that is wrong.
    """
    if record.problem:
        raise RowRefused(record.problem)
    reader = _Reader(record.values, habits)
    values = reader.read()
    if reader.problems:
        raise RowRefused("; ".join(reader.problems) + ".")
    return TradeReport(**values, raw=dict(record.raw))


class _Reader:
    """Reads one row's columns, collecting what is wrong rather than stopping at it."""

    def __init__(self, values: Mapping[str, str], habits: Habits) -> None:
        self._values = {
            name: text
            for name, value in values.items()
            if (text := value.strip()) and text not in _BLANKS
        }
        self._habits = habits
        self.problems: list[str] = []

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in _TEXTS:
            found[FIELD_OF.get(name, name)] = self._text(name)
        if not found["source_trade_id"]:
            self.problems.append("trade_id is missing")
        trade_date = found["trade_date"] = self._required("trade_date", self._day)
        found["settlement_date"] = self._value("settlement_date", self._day)
        found["executed_at"] = self._value(
            "executed_at", lambda text: self._moment(text, trade_date)
        )
        for name in _MONEY:
            found[name] = self._value(name, self._number)
        quantity = self._required("quantity", self._number)
        found["side"], found["quantity"] = self._side(quantity)
        found |= self._identifiers(found["symbol"])
        found["currency"] = self._value("currency", _currency) or ""
        found["asset_class"] = reading.asset_class(self._values.get("asset_class", ""))
        found["state"] = self._value("state", reading.state) or "NEW"
        found["venue"] = self._text("venue").upper()
        lei = compact(self._values.get("counterparty_lei", ""))
        found["counterparty_lei"] = lei if is_valid("LEI", lei) else ""
        bic = compact(self._values.get("counterparty_bic", ""))
        found["counterparty_bic"] = bic if _BIC.match(bic) else ""
        return found

    def _day(self, text: str) -> date:
        return reading.day(text, self._habits.date_formats)

    def _moment(self, text: str, on: date | None) -> Any:
        return reading.moment(text, self._habits.time_formats, self._habits.timezone, on)

    def _number(self, text: str) -> Decimal:
        return reading.number(text, self._habits.decimal_separator)

    def _value(self, name: str, read: Callable[[str], Any]) -> Any:
        text = self._values.get(name)
        if text is None:
            return None
        try:
            return read(text)
        except NotReadable as problem:
            said = str(problem)
            self.problems.append(said if said.startswith(name) else f"{name} {said}")
            return None

    def _required(self, name: str, read: Callable[[str], Any]) -> Any:
        if name not in self._values:
            self.problems.append(f"{name} is missing")
        return self._value(name, read)

    def _text(self, name: str) -> str:
        text = self._values.get(name, "")
        if len(text) > _LENGTH[name]:
            self.problems.append(f"{name} has {len(text)} characters; at most {_LENGTH[name]} fit")
        if _UNSTORABLE.search(text):
            self.problems.append(f"{name} holds a character that no text has")
        return text

    def _side(self, quantity: Decimal | None) -> tuple[str | None, Decimal | None]:
        """Return side and quantity above zero, from a side, a sign, or both agreeing."""
        is_signed = self._habits.signed_quantity
        if "side" in self._values or not is_signed:
            side = self._required("side", lambda text: reading.side(text, self._habits))
        else:
            side = Side.SELL.value if quantity is not None and quantity < 0 else Side.BUY.value
        if quantity is None:
            return side, None
        if quantity == 0:
            self.problems.append("quantity is zero")
        elif quantity < 0 and side == Side.BUY:
            self.problems.append(f"quantity {quantity:f} is negative and the side is a purchase")
        return side, abs(quantity)

    def _identifiers(self, symbol: str) -> dict[str, str]:
        given = {name: compact(self._values.get(name, "")) for name in _CHECKED}
        valid = {
            name: code if code and is_valid(_CHECKED[name], code) else ""
            for name, code in given.items()
        }
        wrong = [name for name, code in given.items() if code and not valid[name]]
        if not symbol and not any(valid.values()):
            said = " and ".join(f"{name} {self._values[name]!r}" for name in wrong)
            self.problems.append(
                f"{said} fails its check, and nothing else names the instrument"
                if wrong
                else f"no identifier of the instrument: one of {', '.join(IDENTIFIERS)} is needed"
            )
        return valid


def _currency(text: str) -> str:
    code = text if text in MINOR_UNITS else text.upper()
    if not re.match(r"^[A-Z]{3,4}$", code) and code not in MINOR_UNITS:
        raise NotReadable(f"{text!r} is not a currency code such as USD or GBX")
    return code
