from django.conf import settings
from django.db import models


class ActBatch(models.Model):
    """
    One act done to many breaks, from the queue or an imported file.

    `rows` says of each break, in the order it was done, what became of it: an object of ``break``
    (its key), ``version`` (that the act led to; null where it was refused), ``said`` (the refusal,
    or empty) and what the act needs to be undone. `given` is what was asked for.
    """

    act = models.CharField(max_length=16)
    given = models.JSONField(default=dict)
    rows = models.JSONField(default=list)
    file_name = models.CharField(max_length=200, blank=True, help_text="Of an import.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    has_ended = models.BooleanField(
        default=True, editable=False, help_text="Not while it is still at its breaks."
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name_plural = "act batches"

    def __str__(self) -> str:
        return f"Batch {self.pk}"
