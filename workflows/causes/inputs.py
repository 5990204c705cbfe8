"""What is looked at: the trades of both sources, their breaks, and a few facts beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of the base currency for one unit of a currency, from a date on."""

    currency: str
    as_of_date: date
    rate: float


@dataclass(frozen=True)
class Desk:
    """
    The trades of a reconciliation over some days and the breaks found on them.

    ``trades``, one row a trade, indexed by key: on_left (bool), trade_date and settlement_date
    (datetime64, NaT unknown), executed_at (UTC), instrument, counterparty, account, delivery
    (numbers, -1 unknown), asset_class, venue, currency, side (text, empty is unknown), quantity,
    price, commission, fees (floats: likenesses are told by them, and no money is made of them).

    ``breaks``, one row a live break, indexed by key: break_type, left and right (trade keys, -1
    for a side without a trade; for a group its first), left_value, right_value (text), difference
    and exposure (Decimal or None).

    `names` gives, by dimension, what each number is called; `zone` is how far the clock at the
    left source's place is ahead of UTC.
    """

    trades: pd.DataFrame
    breaks: pd.DataFrame
    rates: Sequence[Rate] = ()
    holidays: Sequence[date] = ()
    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    left: str = "left"
    right: str = "right"
    zone: timedelta = timedelta(0)
