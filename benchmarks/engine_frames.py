"""A generated week as the engine's frames, without a database between."""

from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal

import pandas as pd
import pyarrow as pa

from matching import engine
from matching.default_rules import TRADE_RULES
from workflows.demo.market import USD_FOR_ONE
from workflows.demo.parties import ACCOUNTS, PARTIES
from workflows.demo.reports import Report
from workflows.demo.scoring import Found
from workflows.demo.week import Week

EXACT = (
    "quantity",
    "price",
    "gross_amount",
    "commission",
    "fees",
    "accrued_interest",
    "net_amount",
)
DATES = ("trade_date", "settlement_date")
# What the reference data would know: our code for each account, a name for each party's initials.
KNOWN = {
    "account": {book.elsewhere: book.code for book in ACCOUNTS},
    "counterparty": {party.initials: party.name for party in PARTIES},
}


def frame(reports: Sequence[Report]) -> pd.DataFrame:
    """Return reports as `matching.frames` would, indexed by trade id, aliases resolved."""
    columns = {}
    for name in (one.name for one in fields(Report) if one.name != "portfolio"):
        values = [getattr(report, name) for report in reports]
        if name in EXACT:
            places = Decimal("1e-10")
            exact = [None if one is None else one.quantize(places) for one in values]
            columns[name] = pd.array(exact, dtype=pd.ArrowDtype(pa.decimal128(38, 10)))
        elif name in DATES:
            columns[name] = pd.array(values, dtype=pd.ArrowDtype(pa.date32()))
        elif name == "executed_at":
            columns[name] = pd.to_datetime(pd.Series(values), utc=True).array
        else:
            known = KNOWN.get(name, {})
            told = [known.get(one, one) for one in values]
            texts = [str(one) if one else None for one in told]
            columns[name] = pd.array(texts, dtype=pd.ArrowDtype(pa.string()))
    return pd.DataFrame(columns, index=pd.Index([one.trade_id for one in reports]))


def rules() -> engine.RuleSet:
    """Return the default trade rules with the demo's FX rates."""
    rates = {code: str(rate) for code, rate in USD_FOR_ONE.items()}
    return engine.RuleSet.from_dict(
        {**TRADE_RULES, "currency": {**TRADE_RULES["currency"], "fx": rates}}
    )


def answers(
    week: Week, result: engine.Result
) -> tuple[set[tuple[str, str]], set[tuple[str, str]], list[Found]]:
    """Return the automatic pairs, the proposed pairs and the breaks of an engine's result."""
    legs = {
        side: result.legs[result.legs["side"] == side].groupby("match_id")["row"].apply(list)
        for side in ("left", "right")
    }
    pairs: dict[str, set[tuple[str, str]]] = {"AUTO": set(), "REVIEW": set()}
    for match in result.matches.itertuples():
        pairs[str(match.decision)] |= {
            (left, right)
            for left in legs["left"][match.match_id]
            for right in legs["right"][match.match_id]
        }
    found = [
        Found(str(one.kind), frozenset([*legs["left"][one.match_id], *legs["right"][one.match_id]]))
        for one in result.differences.itertuples()
    ]
    cancelled = {one.trade_id for one in week.oms if one.state == "CANCELLED"}
    found += [
        Found("MISSING_RIGHT", frozenset([row]))
        for row in result.unmatched_left
        if row not in cancelled
    ]
    found += [Found("MISSING_LEFT", frozenset([row])) for row in result.unmatched_right]
    return pairs["AUTO"], pairs["REVIEW"], found
