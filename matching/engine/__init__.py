"""
Pair the rows of two frames and say exactly where the pairs disagree.

The engine knows fields and comparators, not trades: what it compares and how is a `RuleSet`. It
needs no Django; columns go in and columns come out.
"""

from matching.engine.coding import RuleError
from matching.engine.columns import ColumnError
from matching.engine.compare import compare
from matching.engine.explain import FieldScore, Pairing, explain, likeliest
from matching.engine.reconcile import OnPass, reconcile
from matching.engine.result import Result
from matching.engine.rules import RuleSet

__all__ = [
    "ColumnError",
    "FieldScore",
    "OnPass",
    "Pairing",
    "Result",
    "RuleError",
    "RuleSet",
    "compare",
    "explain",
    "likeliest",
    "reconcile",
]
