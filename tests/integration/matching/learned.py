"""Trades of two sources in bulk, and people who decide on what is proposed of them."""

from datetime import timedelta
from decimal import Decimal

import numpy as np

from matching.choices import Decision, MatchStatus
from tests import factories
from trades.models import Trade

FIRST = factories.TRADE_DATE


def trades(reconciliation, *, pairs=260, seed=8):
    """Write so many deals to both sources, some of them with a term apart; nothing is paired."""
    drawing = np.random.default_rng(seed)
    left, right = factories.trade(source="oms"), factories.trade(source="custodian")
    rows = []
    for at in range(pairs):
        cents = int(drawing.integers(1_000, 90_000))
        terms = {
            "isin": f"US{at % 12:010d}", "symbol": f"S{at % 12}",
            "quantity": Decimal(int(drawing.integers(1, 400)) * 10),
            "price": Decimal(cents) / 100,
            "trade_date": FIRST + timedelta(days=int(drawing.integers(0, 2))),
            "side": str(drawing.choice(["BUY", "SELL"])),
            "counterparty_name": f"Broker {int(drawing.integers(0, 9))} Securities",
        }  # fmt: skip
        other = dict(terms)
        if at % 10 == 0:
            other["price"] += Decimal("0.37")
        if at % 13 == 0:
            other["quantity"] += 10
        if at % 7 == 0:
            other["counterparty_name"] = other["counterparty_name"].replace("Securities", "Secs.")
        rows += [_row(left, f"L{at}", terms), _row(right, f"R{at}", other)]
    Trade.objects.filter(pk__in=[left.pk, right.pk]).delete()
    Trade.objects.bulk_create(rows)
    return reconciliation


def _row(like, name, terms):
    values = {
        one.attname: getattr(like, one.attname) for one in Trade._meta.concrete_fields
        if not one.primary_key
    }  # fmt: skip
    values |= terms | {
        "source_trade_id": name, "digest": f"{factories.number():064x}", "instrument_id": None,
        "counterparty_id": None, "security_name": "", "settlement_date": None,
        "gross_amount": None, "net_amount": None,
    }  # fmt: skip
    return Trade(**values)


def decide(reconciliation, by, *, right=30, wrong=30):
    """Confirm proposals of the trades that agree, and turn down pairs of trades that do not."""
    lefts = list(Trade.objects.filter(source__code="oms").order_by("pk"))
    rights = list(Trade.objects.filter(source__code="custodian").order_by("pk"))
    for at in range(right + wrong):
        yes = at < right
        other = rights[at] if yes else rights[at + right]
        factories.match(
            left=[lefts[at]], right=[other], reconciliation=reconciliation,
            decision=Decision.REVIEW, decided_by=by, decided_at=factories.NOW,
            status=MatchStatus.MATCHED if yes else MatchStatus.REJECTED,
        )  # fmt: skip
