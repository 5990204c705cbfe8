"""What two trades are compared on, and how: pure data."""

from typing import Any

from matching.default_rules.words import WORDS

_INSTRUMENT = {
    "name": "instrument",
    "compare": "identity",
    "kind": "INSTRUMENT",
    "weight": 0.25,
    "schemes": [
        {"name": "isin", "strong": True, "sources": [{"column": "isin"}]},
        {"name": "cusip", "strong": True,
         "sources": [{"column": "cusip"}, {"column": "isin", "form": "isin_cusip"}]},
        {"name": "sedol", "strong": True, "sources": [{"column": "sedol"}]},
        {"name": "figi", "strong": True, "sources": [{"column": "figi"}]},
        {"name": "symbol", "sources": [{"column": "symbol", "form": "symbol"}],
         "split": ".", "qualifier": "venue", "doubtful": 0.8},
    ],
    "named_by": "security_name",
    "words": WORDS,
    "legal_forms": True,
    "agree_at": 0.8,
}  # fmt: skip

_COUNTERPARTY = {
    "name": "counterparty",
    "compare": "identity",
    "kind": "COUNTERPARTY",
    "weight": 0.10,
    "schemes": [
        {"name": "lei", "sources": [{"column": "counterparty_lei"}]},
        {"name": "bic", "sources": [{"column": "counterparty_bic", "form": "bic"}]},
    ],
    "named_by": "counterparty",
    "words": WORDS,
    "legal_forms": True,
    "agree_at": 0.85,
    "unlike_at": 0.5,
}

FIELDS: list[dict[str, Any]] = [
    {"name": "side", "compare": "exact", "kind": "SIDE", "weight": 0.15},
    {
        "name": "quantity",
        "compare": "number",
        "kind": "QUANTITY",
        "weight": 0.20,
        "zero_at": 0.10,
        "in_group": "sum",
    },
    {
        "name": "price",
        "compare": "number",
        "kind": "PRICE",
        "weight": 0.15,
        "zero_at": 0.05,
        "unit": "price",
        # The smaller of 0.01 percent and one tick.
        "tolerance": {"limits": [{"percent": "0.01", "absolute": "0.01"}]},
        "in_group": "average",
    },
    {
        "name": "net_amount",
        "compare": "number",
        "kind": "NET_AMOUNT",
        "tie_weight": 0.03,
        "unit": "amount",
        "tolerance": {
            "in_base": True,
            "limits": [{"up_to": "100000", "absolute": "2.00"}, {"absolute": "25.00"}],
        },
        "only_where": ["currency"],
        "explained_by": [["quantity", "price"], ["fees"], ["accrued_interest"]],
        "in_group": "sum",
    },
    {
        "name": "fees",
        "compare": "number",
        "columns": ["commission", "fees"],
        "kind": "FEES",
        "unit": "amount",
        "tolerance": {"in_base": True, "limits": [{"absolute": "0.05"}]},
        "only_where": ["currency"],
        "in_group": "sum",
    },
    {
        "name": "accrued_interest",
        "compare": "number",
        "kind": "ACCRUED_INTEREST",
        "unit": "amount",
        "tolerance": {"in_base": True, "limits": [{"absolute": "0.50"}]},
        "only_where": ["currency"],
        "in_group": "sum",
    },
    {"name": "currency", "compare": "exact", "kind": "CURRENCY", "tie_weight": 0.03},
    _INSTRUMENT,
    {
        "name": "settlement_date",
        "compare": "date",
        "kind": "SETTLEMENT_DATE",
        "tie_weight": 0.02,
        "zero_at": 3,
    },
    {
        "name": "trade_date",
        "compare": "date",
        "kind": "TRADE_DATE",
        "weight": 0.15,
        "zero_at": 2,
        "moment": {"column": "executed_at", "within_seconds": 300, "zone": "timezone"},
    },
    {
        "name": "executed_at",
        "compare": "moment",
        "tie_weight": 0.06,
        "half_at": 5,
        "zero_at": 3600,
    },
    {
        "name": "account",
        "compare": "exact",
        "kind": "ACCOUNT",
        "form": "account",
        "tie_weight": 0.06,
        # A block is allocated to many accounts; that is no disagreement.
        "in_group": "any",
    },
    _COUNTERPARTY,
    {
        "name": "state",
        "compare": "exact",
        "kind": "STATE",
        "same_as": {"AMENDED": "NEW"},
        "tie_weight": 0.03,
    },
]
