from workflows.admin import (
    channels,
    escalations,
    feeds,
    notifications,
    pipelines,
    remediation_policies,
    remedied_breaks,
    runs,
    suggestions,
)

__all__ = [
    "channels",
    "escalations",
    "feeds",
    "notifications",
    "pipelines",
    "remediation_policies",
    "remedied_breaks",
    "runs",
    "suggestions",
]
