"""Features and factors in words an analyst reads."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from predictions.factors import Factor
from predictions.features import FEATURES

UNKNOWN = "unknown"
_MONDAY = date(2024, 1, 1)

# What the calendar decides is another every week, and says nothing of the trades.
BY_THE_CALENDAR = frozenset({"weekday", "month_end", "quarter_end"})
WATCHED_FEATURES = tuple(one.name for one in FEATURES if one.name not in BY_THE_CALENDAR)

_CALLED = {one.name: one.words for one in FEATURES} | {
    "weekday": "Day of the week",
    "price_off_range_pct": "Price outside the instrument's recent range",
}


def words_of(name: str) -> str:
    """Return how an analyst calls a feature; one that is no more keeps its name."""
    return _CALLED.get(name, name)


def value_words(name: str, value: Any) -> str:
    """Write the value of a feature; what is missing is unknown."""
    if value is None or value == "" or (isinstance(value, float) and pd.isna(value)):
        return UNKNOWN
    if isinstance(value, str):
        return value
    return _WRITTEN.get(name, _number)(float(value))


def factor_row(factor: Factor, typical: Mapping[str, Any]) -> dict[str, Any]:
    """Return a factor as it is kept and answered: what, in words, its value, its effect."""
    name = factor.feature
    called = words_of(name)
    return {
        "feature": name,
        "words": f"{called} (typically {value_words(name, typical[name])})",
        "short": called,
        "value": value_words(name, factor.value),
        "effect": round(factor.effect, 4),
    }


def _number(value: float) -> str:
    """Write a number to the digit it was reported with, thousands apart."""
    text = f"{Decimal(repr(value)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _clock(hours: float) -> str:
    minutes = round(hours * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _weekday(place: float) -> str:
    return f"{date.fromordinal(_MONDAY.toordinal() + int(place)):%A}"


_WRITTEN: dict[str, Callable[[float], str]] = {
    **dict.fromkeys(("source_rate", "counterparty_rate", "account_rate", "instrument_rate"),
                    _percent),
    "notional": lambda value: f"{value:,.2f}",
    "price_off_range_pct": lambda value: f"{value:.1f}%",
    "hour": _clock,
    "weekday": _weekday,
    "counterparty_last_break_days": lambda value: f"{value:.1f}",
}  # fmt: skip
