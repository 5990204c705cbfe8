from django.conf import settings
from django.db import models

from breaks.choices import BreakStatus, EventKind
from breaks.models.trade_break import TradeBreak


class BreakEvent(models.Model):
    """
    One entry in a break's history, only ever appended.

    Each entry's `digest` covers its own content and the digest of the entry before it, so a
    change, a removal or a re-ordering shows. `by` is empty when the system acted.
    """

    trade_break = models.ForeignKey(TradeBreak, models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=EventKind)
    from_status = models.CharField(max_length=24, choices=BreakStatus, blank=True)
    to_status = models.CharField(max_length=24, choices=BreakStatus, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict, blank=True)
    previous_digest = models.CharField(max_length=64, blank=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        ordering = ("trade_break", "sequence")
        constraints = [
            models.UniqueConstraint(
                fields=["trade_break", "sequence"], name="event_sequence_once_a_break"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.sequence})"


class BreakComment(models.Model):
    """What a person wrote on a break."""

    trade_break = models.ForeignKey(TradeBreak, models.PROTECT, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ("trade_break", "at", "pk")

    def __str__(self) -> str:
        return self.text[:60]


class HistoryRoot(models.Model):
    """
    One digest over the heads of all histories at the end of a day, chained to the day before.

    A break removed with all its events does not show in its own chain: it is missing here.
    """

    day = models.DateField(unique=True)
    breaks = models.PositiveIntegerField(help_text="Breaks whose history had begun.")
    events = models.PositiveBigIntegerField(help_text="Events of all of them.")
    last_event = models.PositiveBigIntegerField(help_text="Key of the last event covered.")
    previous_digest = models.CharField(max_length=64, blank=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-day",)

    def __str__(self) -> str:
        return f"Root of {self.day}"
