"""Trades for tests: a plain one, changed where a test says so, and short ways to ask."""

from decimal import Decimal

import pandas as pd

from matching.default_rules import TRADE_RULES
from matching.engine import Result, RuleSet, reconcile

RULES = RuleSet.from_dict(TRADE_RULES)
APPLE = {"isin": "US0378331005", "symbol": "AAPL", "security_name": "Apple Inc."}
PLAIN = {
    **APPLE,
    "trade_date": "2026-11-16",
    "settlement_date": "2026-11-18",
    "executed_at": "2026-11-16T15:00:00+00:00",
    "side": "BUY",
    "quantity": Decimal(100),
    "price": Decimal("100.00"),
    "currency": "USD",
    "counterparty": "Goldman Sachs & Co. LLC",
    "account": "ACC-1",
    "state": "NEW",
}


def trade(trade_id: str, **changes: object) -> dict[str, object]:
    """Return the plain trade under an id, with changes; None takes a value away."""
    return {**PLAIN, "trade_id": trade_id, **changes}


def frame(*trades: dict[str, object]) -> pd.DataFrame:
    """Return trades as the engine takes them, labelled by their ids."""
    return pd.DataFrame(list(trades), dtype=object).set_index("trade_id", drop=False)


def compare(
    left: list[dict[str, object]], right: list[dict[str, object]], rules: RuleSet = RULES
) -> Result:
    """Reconcile trades under the default rules."""
    return reconcile(frame(*left), frame(*right), rules)


def pairing(result: Result) -> set[tuple[frozenset[str], frozenset[str]]]:
    """Return the matches as sets of left and of right labels."""
    found = set()
    for _, legs in result.legs.groupby("match_id"):
        sides = [frozenset(legs[legs["side"] == side]["row"]) for side in ("left", "right")]
        found.add((sides[0], sides[1]))
    return found


def pairs(*wanted: tuple[str, str]) -> set[tuple[frozenset[str], frozenset[str]]]:
    """Return space-separated labels as `pairing` does: ("A", "B C") is one against two."""
    return {(frozenset(left.split()), frozenset(right.split())) for left, right in wanted}


def kinds(result: Result) -> list[str]:
    """Return the kinds of the differences."""
    return list(result.differences["kind"])


def decisions(result: Result) -> list[str]:
    """Return the decisions of the matches."""
    return list(result.matches["decision"])
