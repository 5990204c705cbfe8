"""
The queue of proposals: what is most at stake first, and from one straight to the next.

What is at stake is the notional of the larger side. The order is reckoned in the database, in the
base currency and in binary: it only tells which comes first. What a page shows is exact.
"""

from collections.abc import Iterable
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
    return matches.annotate(
        at_stake=Coalesce(Subquery(largest.values("worth")[:1], number), _NOTHING)
    )


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


def next_to(match: Match, *, back: bool = False) -> int | None:
    """
    Return the key of the proposal after a match in the queue, or before it; None at the end.

    The match itself need not be in the queue any more: its values tell where it was.
    """
    own = with_stakes(Match.objects.filter(pk=match.pk)).values_list("at_stake", "score")
    stake, score = own.get()
    score = -1 if score is None else score
    queue = with_stakes(Match.objects.to_review()).annotate(
        likeness=Coalesce(F("score"), Value(-1.0))
    )
    beyond = "gt" if back else "lt"
    after = (
        Q(**{f"at_stake__{beyond}": stake})
        | Q(**{"at_stake": stake, f"likeness__{beyond}": score})
        | Q(**{"at_stake": stake, "likeness": score, f"pk__{beyond}": match.pk})
    )
    order = ("at_stake", "likeness", "pk") if back else ("-at_stake", "-likeness", "-pk")
    return queue.filter(after).order_by(*order).values_list("pk", flat=True).first()


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
