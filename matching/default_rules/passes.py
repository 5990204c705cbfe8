"""The steps by which trades are paired; each sees what the ones before it left: pure data."""

from typing import Any

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

PASSES: list[dict[str, Any]] = [
    {
        # Some systems count their references through, so an equal one may be a coincidence: those
        # whose terms agree pair first, the others once no row with equal terms is left.
        "name": "shared reference",
        "at_home": True,
        "kind": "reference",
        "require": {"instrument": 0.5, "side": 1.0, "quantity": 1.0, "price": 1.0},
        "min_score": 0.70,
        "auto_at": 0.0,
    },
    {
        "name": "shared reference, spelled apart",
        "at_home": True,
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
        "at_home": True,
        "kind": "shared",
        "max_rows": 1000,
    },
    {
        "name": "exact economics",
        "at_home": True,
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
