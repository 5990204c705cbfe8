"""What belongs to the work at the desk itself: a person's views, files kept with a break."""

from django.conf import settings
from django.db import models

from breaks.models.trade_break import TradeBreak

LONGEST_NAME, LONGEST_QUERY = 40, 2_000


class SavedView(models.Model):
    """A way one person looks at the queue: its filters, search and order."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="queue_views")
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.CharField(max_length=LONGEST_QUERY, help_text="The query string of the queue.")

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_named_once")
        ]

    def __str__(self) -> str:
        return self.name


class BreakAttachment(models.Model):
    """A file kept with a break; its digest is in the break's history."""

    trade_break = models.ForeignKey(TradeBreak, models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="In bytes.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    # In the database: kept, backed up and removed with the rows that name it.
    content = models.BinaryField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("trade_break", "at", "pk")

    def __str__(self) -> str:
        return self.name
