"""
The queue of proposals: what is most at stake first, and from one straight to the next.

What is at stake is the notional of the larger side. The order is reckoned in the database, in the
base currency and in binary: it only tells which comes first. What a page shows is exact.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from matching.models import Match, MatchLeg
from trades.choices import AssetClass
from trades.currencies import MINOR_UNITS, major_unit
from trades.models import FxRate, Trade

ORDER = ("-at_stake", "-score", "-pk")
# Bonds are quoted in percent of par.
POINT = Decimal("0.01")
_NOTHING = Value(0.0, FloatField())


def with_stakes(matches: QuerySet) -> QuerySet:
    """Annotate matches with `at_stake`, by which the queue is ordered; one query for the rates."""
    return matches.annotate(at_stake=_worth_in_base())


def _worth_in_base() -> Coalesce:
    number = FloatField()
    bond = Q(trade__asset_class=AssetClass.FIXED_INCOME) | Q(
        trade__asset_class="", trade__instrument__asset_class=AssetClass.FIXED_INCOME
    )
    worth = (
        Cast("trade__quantity", number)
        * Cast("trade__price", number)
        * _rate()
        * Case(When(bond, then=Value(0.01)), default=Value(1.0), output_field=number)
    )
    sides = MatchLeg.objects.filter(match=OuterRef("pk")).order_by().values("side")
    largest = sides.annotate(worth=Sum(worth)).order_by(F("worth").desc(nulls_last=True))
    return Coalesce(Subquery(largest.values("worth")[:1], number), _NOTHING)


def _rate() -> Case:
    """Return what one unit of a trade's currency is worth; one without a rate counts as it is."""
    later = FxRate.objects.filter(
        currency=OuterRef("currency"), base=OuterRef("base"), as_of_date__gt=OuterRef("as_of_date")
    )
    rates = {(one.base, one.currency): one.rate for one in FxRate.objects.filter(~Exists(later))}
    reported: dict[tuple[str, str], Decimal] = dict(rates)
    for code, (major, size) in MINOR_UNITS.items():
        reported |= {
            (base, code): rate * size for (base, currency), rate in rates.items()
            if currency == major
        }  # fmt: skip
    return Case(
        *(
            When(
                reconciliation__base_currency=base,
                trade__currency=currency,
                then=Cast(Value(str(rate)), FloatField()),
            )
            for (base, currency), rate in reported.items()
        ),
        default=Value(1.0),
        output_field=FloatField(),
    )


def next_to(match: Match) -> int | None:
    """
    Return the key of the proposal after a match in the queue; None at the end.

    The match itself need not be in the queue any more: its values tell where it was.
    """
    return _beside(match, _worth_in_base())("lt")


def beside(match: Match) -> tuple[int | None, int | None]:
    """Return the keys of the proposals before and after a match in the queue."""
    find = _beside(match, _worth_in_base())
    return find("gt"), find("lt")


def _beside(match: Match, stake: Coalesce) -> Callable[[str], int | None]:
    likeness = Coalesce(F("score"), Value(-1.0))
    placed = Match.objects.annotate(at_stake=stake, likeness=likeness)
    own = placed.filter(pk=match.pk).values("at_stake", "likeness", "pk").get()
    queue = Match.objects.to_review().annotate(at_stake=stake, likeness=likeness)

    def find(beyond: str) -> int | None:
        after, same = Q(pk__in=[]), Q()
        for name, value in own.items():
            after |= same & Q(**{f"{name}__{beyond}": value})
            same &= Q(**{name: value})
        sign = "-" if beyond == "lt" else ""
        rows = queue.filter(after).order_by(*(f"{sign}{name}" for name in own))
        return rows.values_list("pk", flat=True).first()

    return find


def notional(legs: Iterable[Any]) -> tuple[Decimal | None, str]:
    """Return the larger side's quantity times price, in its own currency; None if unknown."""
    sides: dict[str, list[tuple[Decimal, str]]] = {}
    for leg in legs:
        value = _worth(leg.trade)
        if value is None:
            return None, ""
        sides.setdefault(leg.side, []).append(value)
    found = [
        (sum((amount for amount, _ in side), Decimal(0)), currencies.pop())
        for side in sides.values()
        if len(currencies := {currency for _, currency in side}) == 1
    ]
    return max(found, default=(None, ""), key=lambda entry: entry[0])


def _worth(trade: Trade) -> tuple[Decimal, str] | None:
    if trade.price is None:
        return None
    currency, size = major_unit(trade.currency)
    told = trade.asset_class or (trade.instrument.asset_class if trade.instrument else "")
    point = POINT if told == AssetClass.FIXED_INCOME else Decimal(1)
    return trade.quantity * trade.price * size * point, currency
