from workflows.models.channel import Channel
from workflows.models.contact import FeedContact
from workflows.models.escalation import Escalation, EscalationLevel
from workflows.models.notification import NoticePreference, Notification
from workflows.models.pipeline import PipelineRun, PipelineStep
from workflows.models.remediation_policy import RemediationPolicy
from workflows.models.remediation_suggestion import RemediationSuggestion
from workflows.models.root_cause import (
    RootCauseAnalysis,
    RootCauseBreak,
    RootCauseEvent,
    RootCauseFinding,
)
from workflows.models.routing import Routing, RoutingRule
from workflows.models.shifts import Absence, WorkPattern

__all__ = [
    "Absence",
    "Channel",
    "Escalation",
    "EscalationLevel",
    "FeedContact",
    "NoticePreference",
    "Notification",
    "PipelineRun",
    "PipelineStep",
    "RemediationPolicy",
    "RemediationSuggestion",
    "RootCauseAnalysis",
    "RootCauseBreak",
    "RootCauseEvent",
    "RootCauseFinding",
    "Routing",
    "RoutingRule",
    "WorkPattern",
]
