from django.db import models

from breaks.models import Team
from connectors.models import Feed


class FeedContact(models.Model):
    """Who is told when a feed's file is late, and whom they can ask."""

    feed = models.OneToOneField(Feed, models.CASCADE, related_name="late_contact")
    team = models.ForeignKey(
        Team, models.PROTECT, related_name="+", help_text="Its members are told that it is late."
    )
    ask = models.CharField(
        "whom to ask",
        max_length=200,
        blank=True,
        help_text="Whoever sends the file: a desk, a person, a telephone number.",
    )

    class Meta:
        ordering = ("feed",)
        verbose_name = "contact for late files"
        verbose_name_plural = "contact for late files"

    def __str__(self) -> str:
        return f"{self.team}, {self.ask}" if self.ask else str(self.team)
