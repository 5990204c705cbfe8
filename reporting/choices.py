from django.db.models import TextChoices


class SignOffStatus(TextChoices):
    """How far the sign-off of one reconciliation and business date has come."""

    OPEN = "OPEN", "To be prepared"
    PREPARED = "PREPARED", "Waits for a signature"
    SIGNED = "SIGNED", "Signed"


class SignOffAct(TextChoices):
    """What somebody did to a sign-off."""

    PREPARED = "PREPARED", "Prepared"
    SIGNED = "SIGNED", "Signed"
    SENT_BACK = "SENT_BACK", "Sent back"
    REOPENED = "REOPENED", "Re-opened"
