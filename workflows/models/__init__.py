from workflows.models.contact import FeedContact
from workflows.models.pipeline import PipelineRun, PipelineStep
from workflows.models.remediation_policy import RemediationPolicy
from workflows.models.remediation_suggestion import RemediationSuggestion

__all__ = [
    "FeedContact",
    "PipelineRun",
    "PipelineStep",
    "RemediationPolicy",
    "RemediationSuggestion",
]
