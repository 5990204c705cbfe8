from workflows.models.remediation_policy import RemediationPolicy
from workflows.models.remediation_suggestion import RemediationSuggestion
from workflows.models.root_cause import (
    RootCauseAnalysis,
    RootCauseBreak,
    RootCauseEvent,
    RootCauseFinding,
)

__all__ = [
    "RemediationPolicy",
    "RemediationSuggestion",
    "RootCauseAnalysis",
    "RootCauseBreak",
    "RootCauseEvent",
    "RootCauseFinding",
]
