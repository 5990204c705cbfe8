"""
Which breaks a word or a name means, without a look at every break.

Ids and references are compared from their beginning, whatever their case, and names anywhere.
Names are few: they are looked up first, in the reference data. Then the trades and their matches
are found through their indexes, and the breaks by those keys. A term that means more trades than
`MOST_KEYS` is so common that walking the queue in its order finds enough of them soon;
`Found.is_narrow` tells the two apart, since a total over common ones is dear.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q, Value

from trades.models import (
    Account,
    Counterparty,
    CounterpartyAlias,
    Instrument,
    InstrumentIdentifier,
    Trade,
)

MOST_KEYS = 10_000
MOST_NAMES = 2_000
LARGEST_KEY = 2**63 - 1
REFERENCES = ("order_ref", "block_ref", "execution_ref")


@dataclass(frozen=True)
class Found:
    """The condition of the breaks that were looked for; narrow: it names them one by one."""

    where: Q
    is_narrow: bool = True


def by_term(term: str) -> Found:
    """Find breaks by their number, their trades' ids and references, identifiers and names."""
    term = term.strip()
    if not term:
        return Found(Q())
    named = _named(term)

    def of_trade(side: str) -> Q:
        where = Q(**{f"{side}source_trade_id__istartswith": term})
        where |= Q(**{f"{side}symbol__istartswith": term}) & ~Q(**{f"{side}symbol": ""})
        for reference in REFERENCES:
            # The indexes leave the many empty ones out.
            filled = ~Q(**{f"{side}{reference}": ""})
            where |= Q(**{f"{side}{reference}__istartswith": term}) & filled
        for kind, keys in named.items():
            where |= Q(**{f"{side}{kind}__in": keys})
        return where

    found = by_trades(of_trade)
    number = term.removeprefix("#")
    is_key = number.isascii() and number.isdecimal() and len(number) < 20
    if is_key and int(number) <= LARGEST_KEY:
        return Found(found.where | Q(pk=int(number)), found.is_narrow)
    return found


def by_counterparty(name: str) -> Found:
    """Find breaks of the counterparties with this in their name, or in a spelling of it."""
    parties = Counterparty.objects.filter(
        Q(name__icontains=name) | Q(aliases__spelling__icontains=name)
    )
    keys = list(parties.order_by().values_list("pk", flat=True).distinct()[:MOST_NAMES])
    return by_trades(lambda side: Q(**{f"{side}counterparty__in": keys}))


def by_party(key: int) -> Found:
    """Find the breaks of one counterparty: the left trade's, or the right's where that has none."""
    left, right = Q(left_trade__counterparty=key), Q(right_trade__counterparty=key)
    return Found(left | (Q(left_trade__counterparty=None) & right), is_narrow=False)


def by_trades(of_trade: Callable[[str], Q]) -> Found:
    """
    Find breaks by what holds of one of their trades, the legs of a group included.

    `of_trade(prefix)` is the condition, on columns of a trade behind `prefix`.
    """
    found = Trade.objects.filter(of_trade("")).order_by().values_list("pk", "legs__match")
    rows = list(found[: MOST_KEYS + 1])
    if len(rows) > MOST_KEYS:
        return Found(of_trade("left_trade__") | of_trade("right_trade__"), is_narrow=False)
    trades = {trade for trade, _ in rows}
    matches = {match for _, match in rows if match is not None}
    return Found(Q(left_trade__in=trades) | Q(right_trade__in=trades) | Q(match__in=matches))


def _named(term: str) -> dict[str, list[int]]:
    """Return the keys of what has this name or identifier, by what a trade calls it."""
    found = (
        ("instrument", Instrument.objects.filter(name__icontains=term), "pk"),
        ("instrument", InstrumentIdentifier.objects.filter(value__istartswith=term),
         "instrument"),
        ("counterparty", Counterparty.objects.filter(name__icontains=term), "pk"),
        ("counterparty", CounterpartyAlias.objects.filter(spelling__icontains=term),
         "counterparty"),
        ("account", Account.objects.filter(Q(code__istartswith=term) | Q(name__icontains=term)),
         "pk"),
    )  # fmt: skip
    first, *rest = (
        rows.order_by().annotate(means=Value(kind)).values_list("means", key)
        for kind, rows, key in found
    )
    named = defaultdict(list)
    for kind, key in first.union(*rest)[:MOST_NAMES]:
        named[kind].append(key)
    return named
