from workflows.models.channel import Channel
from workflows.models.escalation import Escalation, EscalationLevel
from workflows.models.notification import NoticePreference, Notification

__all__ = ["Channel", "Escalation", "EscalationLevel", "NoticePreference", "Notification"]
