from django.db.models import TextChoices


class NoticeKind(TextChoices):
    """What a notification tells of."""

    ESCALATION = "ESCALATION", "Escalation"
    ASSIGNMENT = "ASSIGNMENT", "Assignment"
    APPROVAL_ASKED = "APPROVAL_ASKED", "Approval asked for"
    APPROVAL_DECIDED = "APPROVAL_DECIDED", "Approval decided"
    LATE_FILE = "LATE_FILE", "Late file"
    RUN_FAILED = "RUN_FAILED", "Failed run"
    DIGEST = "DIGEST", "Digest"


# What a person chooses how to hear of, and a channel whether.
SUBJECTS = tuple(kind for kind in NoticeKind if kind != NoticeKind.DIGEST)


class NoticeStatus(TextChoices):
    """Where a notification is on its way out of the desk."""

    INBOX = "INBOX", "Inbox only"
    FOLDED = "FOLDED", "In a digest"
    COLLECTING = "COLLECTING", "Collecting"
    QUEUED = "QUEUED", "Queued"
    SENDING = "SENDING", "Sending"
    SENT = "SENT", "Sent"
    DEAD = "DEAD", "Not delivered"


class ChannelKind(TextChoices):
    EMAIL = "EMAIL", "E-mail"
    SLACK = "SLACK", "Slack-compatible webhook"
    WEBHOOK = "WEBHOOK", "Signed webhook"


class HowTold(TextChoices):
    """How a person hears of one kind of notice, beside the inbox."""

    AT_ONCE = "AT_ONCE", "E-mail at once"
    DIGEST = "DIGEST", "One e-mail an hour"
    INBOX = "INBOX", "Inbox only"
