from workflows.models.remediation_policy import RemediationPolicy
from workflows.models.remediation_suggestion import RemediationSuggestion

__all__ = ["RemediationPolicy", "RemediationSuggestion"]
