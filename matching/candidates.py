"""Which trades of the other side might be the one that is missing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.db.models import Case, Exists, Q, QuerySet, Value, When

from matching import engine
from matching.choices import TURNED_DOWN, LegSide, MatchStatus
from matching.frames import trades_frame
from matching.models import MatchLeg, Reconciliation
from matching.rules import active_rule_set, engine_rules
from matching.scope import NEIGHBOUR_DAYS, live_legs, of_asset_class
from trades.choices import TradeState
from trades.models import Trade

# How many the database hands to the engine, and how many are worth a look.
MOST_READ = 200
MOST_SHOWN = 5

REFERENCES = ("execution_ref", "order_ref", "block_ref")
_IDENTIFIERS = ("isin", "cusip", "sedol", "figi", "symbol")


@dataclass(frozen=True)
class Candidate:
    """
    A trade that might be the one looked for, and why.

    `shared` are the fields in which both quote the same reference. `in_proposal`: a match nobody
    decided on holds it, which gives way to a person's. `turned_down`: a person has said of the
    two that they are not the same.
    """

    trade: Trade
    score: float
    fields: tuple[engine.FieldScore, ...]
    shared: tuple[str, ...]
    in_proposal: bool
    turned_down: bool


def candidates(reconciliation: Reconciliation, trade: Trade) -> list[Candidate]:
    """
    Return the trades of the other source that are likest to `trade`, the likest first.

    Those are looked at that no match holds for good, dated near, and of the same instrument or
    quoting the same reference: the nearest `MOST_READ`. Scored by the rules in force, whatever
    their passes. A fixed number of queries.

    :raises NoActiveRules: if the reconciliation's rules have no active version.
    """
    keys = list(_near(reconciliation, trade).values_list("pk", flat=True)[:MOST_READ])
    if not keys:
        return []
    rules = engine_rules(
        rule_set=active_rule_set(reconciliation),
        base_currency=reconciliation.base_currency,
        as_of=trade.trade_date,
    )
    frame = trades_frame(Trade.objects.filter(pk__among=[trade.pk, *keys]))
    ours, theirs = frame.loc[[trade.pk]], frame.loc[keys]
    on_left = trade.source_id == reconciliation.left_source_id
    left, right = (ours, theirs) if on_left else (theirs, ours)
    best = engine.likeliest(left, right, rules, most=MOST_SHOWN)
    # The frames' labels are the trades' keys.
    found: dict[int, engine.Pairing] = {
        cast("int", pairing.right if on_left else pairing.left): pairing for pairing in best
    }
    return _described(reconciliation, trade, found)


def _near(reconciliation: Reconciliation, trade: Trade) -> QuerySet[Trade]:
    """Return the trades to look at: those that quote the same come first, then by date."""
    left, right = reconciliation.left_source_id, reconciliation.right_source_id
    days = (trade.trade_date - NEIGHBOUR_DAYS, trade.trade_date + NEIGHBOUR_DAYS)
    same = _same(trade, _IDENTIFIERS)
    if trade.instrument_id:
        same |= Q(instrument=trade.instrument_id)
    quotes = _same(trade, REFERENCES) | Q(source_trade_id=trade.source_trade_id)
    held = live_legs(reconciliation).filter(match__status=MatchStatus.MATCHED)
    away = [
        When(trade_date=trade.trade_date + timedelta(days=n), then=Value(abs(n)))
        for n in range(1 - NEIGHBOUR_DAYS.days, NEIGHBOUR_DAYS.days)
    ]
    return (
        Trade.objects.filter(
            of_asset_class(reconciliation),
            same | quotes,
            source=right if trade.source_id == left else left,
            trade_date__range=days,
        )
        .exclude(state=TradeState.CANCELLED)
        .filter(~Exists(held))
        .order_by(
            Case(When(quotes, then=Value(0)), default=Value(1)),
            Case(*away, default=Value(NEIGHBOUR_DAYS.days)),
            Case(When(quantity=trade.quantity, then=Value(0)), default=Value(1)),
            "pk",
        )
    )


def _same(trade: Trade, names: Sequence[str]) -> Q:
    same = Q(pk__in=[])
    for name in names:
        if value := getattr(trade, name):
            same |= Q(**{name: value})
    return same


def _described(
    reconciliation: Reconciliation, trade: Trade, found: dict[int, engine.Pairing]
) -> list[Candidate]:
    trades = Trade.objects.select_related("source", "instrument").defer("raw").in_bulk(list(found))
    proposed, refused = _standing(reconciliation, trade, found)
    return [
        Candidate(
            trade=trades[key],
            score=pairing.score,
            fields=pairing.fields,
            shared=tuple(
                name
                for name in REFERENCES
                if getattr(trade, name) and getattr(trade, name) == getattr(trades[key], name)
            ),
            in_proposal=key in proposed,
            turned_down=key in refused,
        )
        for key, pairing in found.items()
    ]


def _standing(
    reconciliation: Reconciliation, trade: Trade, keys: Collection[int]
) -> tuple[set[int], set[int]]:
    """Return which of the trades are in a proposal, and which were turned down with `trade`."""
    legs = MatchLeg.objects.filter(reconciliation=reconciliation, trade__in=keys).order_by()
    ours = MatchLeg.objects.filter(trade=trade, match__status__in=TURNED_DOWN).values("match")
    side = LegSide.RIGHT if trade.source_id == reconciliation.left_source_id else LegSide.LEFT
    proposed = legs.filter(is_live=True).values_list("trade", flat=True)
    refused = legs.filter(side=side, match__in=ours).values_list("trade", flat=True)
    return set(proposed), set(refused)
