from matching.models.calibration import Calibration
from matching.models.match import Match, MatchAlternative, MatchDifference, MatchLeg
from matching.models.partition import RunPartition
from matching.models.qa import QaDraw, QaSample
from matching.models.rules import Reconciliation, RuleSet
from matching.models.run import ReconciliationRun

__all__ = [
    "Calibration",
    "Match",
    "MatchAlternative",
    "MatchDifference",
    "MatchLeg",
    "QaDraw",
    "QaSample",
    "Reconciliation",
    "ReconciliationRun",
    "RuleSet",
    "RunPartition",
]
