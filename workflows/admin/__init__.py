from workflows.admin import (
    caused_breaks,
    causes,
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
    "caused_breaks",
    "causes",
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
