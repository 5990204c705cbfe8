"""What a suggester is given: a break with its trades, and what is known beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from workflows.choices import RemedyAction, Risk


@dataclass(frozen=True, kw_only=True)
class Party:
    """A counterparty or an account, as the reference data knows it."""

    pk: int
    name: str
    lei: str = ""
    bic: str = ""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """One trade as a suggester sees it; an amount that was not reported is None."""

    pk: int
    trade_id: str
    source_id: int
    source: str
    trade_date: date
    side: str
    quantity: Decimal
    price: Decimal | None = None
    currency: str = ""
    gross_amount: Decimal | None = None
    commission: Decimal | None = None
    fees: Decimal | None = None
    accrued_interest: Decimal | None = None
    net_amount: Decimal | None = None
    settlement_date: date | None = None
    instrument_id: int | None = None
    instrument: str = ""
    instrument_currency: str = ""
    asset_class: str = ""
    counterparty: Party | None = None
    account: Party | None = None
    account_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A live break; a side without exactly one trade is None."""

    pk: int
    version: int
    break_type: str
    field: str
    trade_date: date
    left_value: str
    right_value: str
    difference: Decimal | None
    exposure: Decimal | None
    currency: str
    left_source: str
    right_source: str
    left: Reported | None = None
    right: Reported | None = None
    late_until: datetime | None = None


@dataclass(frozen=True)
class Faced:
    """How often, in live matches, one party or account stood against another."""

    matches: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def against(self, one: int, other: int) -> int:
        """Return the matches in which the two stood against each other, either way round."""
        both = self.matches.get((one, other), 0)
        return both if one == other else both + self.matches.get((other, one), 0)

    def others_of(self, one: int, but: int) -> int:
        """Return the matches in which `one` stood against anybody else, itself included."""
        return sum(count for pair, count in self.matches.items() if one in pair and but not in pair)


@dataclass(frozen=True)
class Cleared:
    """The live breaks that one fix would end; `worth` leaves unknown exposures out."""

    breaks: int = 0
    worth: Decimal = Decimal(0)


@dataclass(frozen=True)
class Known:
    """
    What is known beside the breaks themselves, read once for all of them.

    `trades` counts the trades of a party, or by source those of an account. `prices` are those of
    the other trades of an instrument near a date, each with its trade's key.
    """

    counterparties: Faced = Faced()
    accounts: Faced = Faced()
    cleared: Mapping[tuple[str, int, int], Cleared] = field(default_factory=dict)
    trades: Mapping[int, int] = field(default_factory=dict)
    prices: Mapping[tuple[int, date], Sequence[tuple[int, Decimal, str]]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A suggestion not yet judged by a policy; `does` is JSON."""

    action: RemedyAction
    risk: Risk
    reason: str
    effect: str
    does: Mapping[str, Any]
    would_clear: int = 1
    worth: Decimal | None = None
