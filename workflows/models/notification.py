import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from breaks.models import TradeBreak
from workflows.choices import HowTold, NoticeKind, NoticeStatus
from workflows.models.channel import Channel

WAITING = [NoticeStatus.QUEUED, NoticeStatus.SENDING]


class Notification(models.Model):
    """
    One thing told to one recipient: a row of the outbox, and of a person's inbox.

    It is written in the transaction of what it tells of. `key` says what makes it the same
    notice, so that telling it again writes none. `uid` goes with every attempt to deliver it:
    a receiver that sees one twice knows it by that.

    A notice for a person stands in the inbox while `is_listed`, and is e-mailed if it has a
    `channel`. One for a channel has no person. The row is the queue: whoever turns it to SENDING
    by a conditional UPDATE owns it until `lease_expires_at`, as long as `attempts` is theirs.

    A digest is one such row that others are folded into: `digest_of` is their kind, `folded`
    their number. It collects until `send_after`.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=NoticeKind)
    key = models.CharField(max_length=120, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="notices"
    )
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="notices"
    )
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    link = models.CharField(max_length=200, blank=True, help_text="Path of the page it is about.")
    trade_break = models.ForeignKey(
        TradeBreak, models.SET_NULL, null=True, blank=True, related_name="notices"
    )
    created_at = models.DateTimeField()
    is_listed = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True, blank=True)

    status = models.CharField(max_length=10, choices=NoticeStatus)
    send_after = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    digest = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="members"
    )
    digest_of = models.CharField(max_length=16, choices=NoticeKind, blank=True)
    folded = models.PositiveIntegerField(default=0, help_text="Notices in it, of a digest.")

    class Meta:
        ordering = ("-created_at", "-pk")
        permissions = [("resend_notification", "Can send again what was not delivered")]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "person"],
                condition=Q(person__isnull=False),
                name="notice_once_a_person",
            ),
            models.UniqueConstraint(
                fields=["key", "channel"],
                condition=Q(person=None),
                name="notice_once_a_channel",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(channel__isnull=False),
                name="notice_has_a_recipient",
            ),
            models.CheckConstraint(
                condition=Q(status=NoticeStatus.SENT, sent_at__isnull=False)
                | (~Q(status=NoticeStatus.SENT) & Q(sent_at=None)),
                name="notice_sent_iff_when",
            ),
            models.CheckConstraint(
                condition=~Q(status=NoticeStatus.DEAD) | ~Q(last_error=""),
                name="notice_dead_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_after"],
                condition=Q(status__in=[*WAITING, NoticeStatus.COLLECTING]),
                name="notice_to_send",
            ),
            models.Index(
                fields=["person"],
                condition=Q(is_listed=True, read_at=None),
                name="notice_unread",
            ),
            models.Index(fields=["person", "-created_at"], name="notice_inbox"),
            models.Index(fields=["channel", "-created_at"], name="notice_of_channel"),
        ]

    def __str__(self) -> str:
        return f"Notification {self.pk}"


class NoticePreference(models.Model):
    """How a person hears of one kind of notice; without a row, as `DEFAULTS` has it."""

    DEFAULTS = {
        NoticeKind.ESCALATION: HowTold.AT_ONCE,
        NoticeKind.ASSIGNMENT: HowTold.DIGEST,
        NoticeKind.APPROVAL_ASKED: HowTold.AT_ONCE,
        NoticeKind.APPROVAL_DECIDED: HowTold.DIGEST,
        NoticeKind.LATE_FILE: HowTold.AT_ONCE,
        NoticeKind.RUN_FAILED: HowTold.AT_ONCE,
        NoticeKind.DAILY_REPORT: HowTold.AT_ONCE,
        NoticeKind.MODEL_WATCH: HowTold.AT_ONCE,
    }

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preferences"
    )
    kind = models.CharField(max_length=16, choices=NoticeKind)
    how = models.CharField(max_length=7, choices=HowTold)

    class Meta:
        ordering = ("person", "kind")
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="preference_one_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_how_display().lower()}"
