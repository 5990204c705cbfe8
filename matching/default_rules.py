"""The rules that trades are reconciled under until an administrator writes others: pure data."""

from typing import Any

from matching.default_words import WORDS

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

_FIELDS: list[dict[str, Any]] = [
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

_NEAR_TIME = ["trade_date", "executed_at", "price"]
_NEAR_PRICE = ["trade_date", "price", "executed_at"]

# Times further apart than executed_at's zero_at are 0: any likeness at all means nearer.
_NO_OTHER_TIME = {"executed_at": 0.0001}
# With half_at five seconds, 0.008 is ten minutes: where a term is apart, the time must be near.
_NEAR = {"executed_at": 0.008}

# Two systems' own numbers may coincide: where terms differ too, they alone prove nothing.
_OWN = ["trade_id"]
# One order has many executions, so alone it does not tell which.
_ORDERS = ["order_ref", "block_ref"]
_NO_EXECUTION = [*_OWN, *_ORDERS]

_PASSES: list[dict[str, Any]] = [
    {
        # Some systems count their references through, so an equal one may be a coincidence: those
        # whose terms agree pair first, the others once no row with equal terms is left.
        "name": "shared reference",
        "kind": "reference",
        "require": {"instrument": 0.5, "side": 1.0, "quantity": 1.0, "price": 1.0},
        "min_score": 0.70,
        "auto_at": 0.0,
    },
    {
        "name": "shared reference, spelled apart",
        "kind": "reference",
        "form": "core",
        "shortest": 3,
        "require": {
            "instrument": 0.8, "trade_date": 0.5, "side": 1.0, "quantity": 1.0, "price": 1.0,
            "state": 1.0,
        },
        "auto_at": 0.75,
    },
    {
        "name": "shared order or block",
        "kind": "shared",
        "max_rows": 1000,
    },
    {
        "name": "exact economics",
        "blocks": [
            {
                "equal": ["instrument", "trade_date", "side", "quantity", "price"],
                "order": ["executed_at", "account", "counterparty"],
            }
        ],
        "require": {
            "instrument": 0.8, "counterparty": 0.85, "account": 1.0, "currency": 1.0, "state": 1.0,
        },
        "min_score": 0.95,
    },
    {
        # Before a block is taken for a wrong quantity of the one fill that quotes its order.
        "name": "block and fills",
        "kind": "subset",
        "blocks": [
            {
                "equal": ["instrument", "trade_date", "side"],
                "order": ["executed_at", "price", "quantity"],
            }
        ],
        "require": {"price": 0.8, **_NEAR},
    },
    {
        "name": "shared execution, terms apart",
        "kind": "reference",
        "not_alone": _NO_EXECUTION,
        "require": {"instrument": 0.5},
        "min_score": 0.70,
        "auto_at": 0.0,
    },
    {
        "name": "shared number or order, terms apart",
        "kind": "reference",
        "require": {"instrument": 0.5},
        "any_of": [["quantity", "price"]],
        "min_score": 0.70,
        "auto_at": 0.0,
    },
    {
        "name": "shared reference, spelled and terms apart",
        "kind": "reference",
        "form": "core",
        "shortest": 4,
        "not_alone": _OWN,
        "require": {"instrument": 0.8, "trade_date": 0.5, "side": 1.0, **_NO_OTHER_TIME},
        "any_of": [["quantity", "price"]],
        "auto_at": 0.75,
    },
    {
        "name": "within tolerance",
        "blocks": [
            {"equal": ["instrument", "side", "quantity"], "order": _NEAR_PRICE},
            {"equal": ["instrument", "side", "quantity"], "order": _NEAR_TIME},
        ],
        "require": {
            "instrument": 0.8, "quantity": 1.0, "price": 1.0, "trade_date": 0.5,
            "counterparty": 0.85, "account": 1.0, **_NO_OTHER_TIME,
        },
    },
    {
        "name": "fuzzy names",
        "blocks": [
            {"equal": ["instrument", "side", "quantity"], "order": _NEAR_PRICE},
            {"equal": ["instrument", "side", "quantity"], "order": _NEAR_TIME},
        ],
        "require": {
            "instrument": 0.8, "quantity": 1.0, "price": 1.0, "trade_date": 0.5,
            "counterparty": 0.5, **_NO_OTHER_TIME,
        },
    },
    {
        "name": "net of an order",
        "kind": "net",
    },
    {
        "name": "shared order or block, incomplete",
        "kind": "shared",
        "max_rows": 100,
        "residual": "0.5",
    },
    {
        "name": "shared order or block, spelled apart",
        "kind": "shared",
        "form": "core",
        "shortest": 6,
        "not_alone": _OWN,
        "max_rows": 100,
        "residual": "0.5",
    },
    {
        "name": "neighbourhood",
        "blocks": [
            {"equal": ["instrument", "side", "quantity"], "order": _NEAR_TIME},
            {"equal": ["instrument", "side", "price"], "order": _NEAR_TIME},
            {"equal": ["instrument", "side", "trade_date"], "order": ["executed_at", "price"]},
            {"equal": ["instrument", "side", "trade_date"], "order": ["price", "quantity"]},
            {"equal": ["instrument", "side", "trade_date"], "order": ["quantity", "price"]},
        ],
        # A quantity or price out of all proportion waits until nothing likelier is left.
        "require": {
            "instrument": 0.8, "trade_date": 0.5, "side": 1.0, "quantity": 0.01, "price": 0.01,
            **_NEAR,
        },
        "any_of": [["quantity", "price"], ["account", "counterparty"]],
    },
    {
        "name": "net of an account",
        "kind": "net",
        "blocks": [
            {"equal": ["instrument", "trade_date", "account"]},
            {"equal": ["instrument", "trade_date", "counterparty"]},
        ],
    },
    {
        "name": "neighbourhood, out of proportion",
        "blocks": [
            {"equal": ["instrument", "side", "quantity", "trade_date"], "order": _NEAR_TIME},
            {"equal": ["instrument", "side", "price", "trade_date"], "order": _NEAR_TIME},
        ],
        "require": {
            "instrument": 0.8, "counterparty": 0.85, "account": 1.0, "currency": 1.0,
            **_NEAR,
        },
        "any_of": [["quantity", "price"]],
    },
    {
        "name": "shared execution, terms contradict",
        "kind": "reference",
        "not_alone": _NO_EXECUTION,
        "min_score": 0.0,
        "auto_at": 0.40,
    },
    {
        "name": "shared number or order, terms contradict",
        "kind": "reference",
        "require": {"quantity": 1.0},
        "min_score": 0.0,
        "auto_at": 0.40,
    },
    {
        "name": "shared number, nothing else alike",
        "kind": "reference",
        "not_alone": _ORDERS,
        "min_score": 0.40,
        "review": "number_alone",
    },
    {
        "name": "shared reference, spelled apart, terms contradict",
        "kind": "reference",
        "form": "core",
        "shortest": 6,
        "not_alone": _OWN,
        "require": {"quantity": 1.0, "price": 1.0, "trade_date": 0.5},
        "any_of": [["account", "counterparty"]],
        "min_score": 0.0,
        "auto_at": 0.40,
    },
    {
        # One side names a ticker and the other an ISIN: nothing contradicts, nothing agrees.
        "name": "instrument unknown",
        "blocks": [
            {"equal": ["side", "quantity", "price", "trade_date"], "order": ["executed_at"]}
        ],
        "require": {
            "instrument": 0.5, "side": 1.0, "quantity": 1.0, "price": 1.0, "trade_date": 1.0,
            "counterparty": 0.85, "account": 1.0, "currency": 1.0, "state": 1.0,
            **_NO_OTHER_TIME,
        },
        "review": "instrument_unknown",
    },
    {
        # The time of a row dated a day off is often off by that day too, so it is not asked.
        "name": "another date",
        "blocks": [{"equal": ["instrument", "side", "quantity"], "order": ["price", "trade_date"]}],
        "require": {
            "instrument": 0.8, "side": 1.0, "quantity": 1.0, "price": 1.0, "trade_date": 0.01,
            "counterparty": 0.85, "account": 1.0, "currency": 1.0, "state": 1.0,
        },
    },
    {
        "name": "shared order, nothing else alike",
        "kind": "reference",
        "require": {"instrument": 0.8, "trade_date": 0.5, "side": 1.0, **_NEAR},
        "min_score": 0.0,
        "review": "order_alone",
    },
]  # fmt: skip

TRADE_RULES: dict[str, Any] = {
    "name": "Trades",
    "fields": _FIELDS,
    "passes": _PASSES,
    "references": ["trade_id", "execution_ref", "order_ref", "block_ref"],
    "identity": "instrument",
    "currency": {
        "column": "currency",
        "base": "USD",
        "minor": {
            "GBX": {"of": "GBP", "factor": "0.01"},
            "GBp": {"of": "GBP", "factor": "0.01"},
            "ZAC": {"of": "ZAR", "factor": "0.01"},
            "ZAc": {"of": "ZAR", "factor": "0.01"},
            "ILA": {"of": "ILS", "factor": "0.01"},
        },
        "fx": {},
        "told_by": ["gross_amount", "net_amount"],
    },
    "grouping": {
        "quantity": "quantity",
        "price": "price",
        "side": "side",
        "signs": {"BUY": 1, "SELL": -1},
        "agree": ["account", "counterparty", "currency"],
    },
    "auto_at": 0.95,
    "review_at": 0.75,
    "tie_margin": 0.02,
    "min_known": 0.5,
}
