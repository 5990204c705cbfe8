from matching.models.match import Match, MatchAlternative, MatchDifference, MatchLeg
from matching.models.partition import RunPartition
from matching.models.rules import Reconciliation, RuleSet
from matching.models.run import ReconciliationRun

__all__ = [
    "Match",
    "MatchAlternative",
    "MatchDifference",
    "MatchLeg",
    "Reconciliation",
    "ReconciliationRun",
    "RuleSet",
    "RunPartition",
]
