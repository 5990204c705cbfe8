from django.conf import settings
from django.db import models
from django.db.models import F, Q

from connectors.choices import DeliveryStatus, DeliveryStep, RejectStatus
from connectors.models.feed import Feed, Layout
from trades.models import Source


class Delivery(models.Model):
    """
    One arrival of reports from a source: a file, or a window fetched over HTTP.

    The row is also the work: it is QUEUED until a worker claims it. Once LOADED its counts add
    up: ``rows_in = loaded + amended + duplicates + rejected``.
    """

    feed = models.ForeignKey(Feed, models.PROTECT, null=True, blank=True, related_name="deliveries")
    source = models.ForeignKey(Source, models.PROTECT, related_name="deliveries")
    layout = models.ForeignKey(Layout, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=255, help_text="File name, or what was fetched.")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the content.")
    header = models.TextField(
        blank=True, editable=False, help_text="The file's header, by which a corrected row is read."
    )
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True)

    status = models.CharField(max_length=8, choices=DeliveryStatus, default=DeliveryStatus.QUEUED)
    step = models.CharField(
        max_length=8, choices=DeliveryStep, blank=True, help_text="What it is at while it runs."
    )
    rows_read = models.PositiveIntegerField(default=0, help_text="Rows read so far.")
    rows_in = models.PositiveIntegerField(default=0)
    loaded = models.PositiveIntegerField(default=0)
    amended = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    received_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    replay_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replays"
    )

    class Meta:
        ordering = ("-received_at", "-pk")
        verbose_name_plural = "deliveries"
        permissions = [("start_ingestion", "Can start an ingestion")]
        constraints = [
            models.CheckConstraint(
                condition=Q(rows_in=F("loaded") + F("amended") + F("duplicates") + F("rejected")),
                name="delivery_counts_add_up",
            ),
            models.CheckConstraint(
                condition=~Q(status=DeliveryStatus.FAILED) | (~Q(error="") & Q(rows_in=0)),
                name="delivery_failed_loads_nothing_and_says_why",
            ),
        ]
        indexes = [models.Index(fields=["source", "digest"], name="delivery_source_digest")]

    def __str__(self) -> str:
        return f"{self.name} from {self.source.code}"


class RejectedRow(models.Model):
    """A row in quarantine: what was sent, where, and why it could not be loaded."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="rejects")
    line_number = models.PositiveIntegerField(
        help_text="Line of the file the row begins on; from 1."
    )
    raw = models.TextField(help_text="The row as it was sent.")
    reason = models.TextField()
    status = models.CharField(max_length=9, choices=RejectStatus, default=RejectStatus.OPEN)
    fixed = models.TextField(blank=True, help_text="The row as corrected.")
    decision = models.TextField(blank=True, help_text="Why it was discarded.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("delivery", "line_number", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(status=RejectStatus.OPEN, decided_at=None, decided_by=None)
                | (~Q(status=RejectStatus.OPEN) & Q(decided_at__isnull=False)),
                name="reject_decided_iff_when",
            )
        ]

    def __str__(self) -> str:
        return f"{self.delivery.name}:{self.line_number}"
