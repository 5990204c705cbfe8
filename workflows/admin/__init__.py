from workflows.admin import (
    breaks,
    causes,
    channels,
    escalations,
    feeds,
    notifications,
    pipelines,
    remediation_policies,
    routing,
    runs,
    shifts,
    suggestions,
)

__all__ = [
    "breaks",
    "causes",
    "channels",
    "escalations",
    "feeds",
    "notifications",
    "pipelines",
    "remediation_policies",
    "routing",
    "runs",
    "shifts",
    "suggestions",
]
