"""Telling people and other systems what happened: written in the outbox, then sent."""

from workflows.services.notifications.happenings import tell_failed_runs, tell_late_file
from workflows.services.notifications.outbox import Notice, notify
from workflows.services.notifications.sending import resend, send_due, send_test

__all__ = [
    "Notice",
    "notify",
    "resend",
    "send_due",
    "send_test",
    "tell_failed_runs",
    "tell_late_file",
]
