"""The rules trades are reconciled under until an administrator writes others: pure data."""

from typing import Any

from matching.default_rules.fields import FIELDS
from matching.default_rules.passes import PASSES

TRADE_RULES: dict[str, Any] = {
    "name": "Trades",
    "fields": FIELDS,
    "passes": PASSES,
    "references": ["trade_id", "execution_ref", "order_ref", "block_ref"],
    "identity": "instrument",
    "home": ["instrument", "trade_date"],
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
