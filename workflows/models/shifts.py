from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from breaks.models import Team


class WorkPattern(models.Model):
    """
    When one member of a team works, and what they know best.

    A member without a pattern works whenever the team does. Its days off are everybody's.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="patterns")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="person", related_name="patterns"
    )
    starts_at = models.TimeField(
        null=True, blank=True, help_text="Local time of the team; empty is when it opens."
    )
    ends_at = models.TimeField(
        null=True, blank=True, help_text="Local time of the team; empty is when it closes."
    )
    weekdays = models.JSONField(default=list, blank=True)
    skill_types = models.JSONField("break types", default=list, blank=True)
    skill_asset_classes = models.JSONField("asset classes", default=list, blank=True)

    class Meta:
        ordering = ("team", "user")
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="work_pattern_one_a_member")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"

    def clean(self) -> None:
        if self.team_id and self.user_id and not self.team.members.filter(pk=self.user_id).exists():
            sentence = f"{self.user} is not in {self.team}. Add them to the team first."
            raise ValidationError({"user": sentence})


class Absence(models.Model):
    """Days on which a person does not work, in whichever team."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="person", related_name="absences"
    )
    first_date = models.DateField("from")
    last_date = models.DateField("to", help_text="The last day away.")
    note = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("-first_date", "user")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_date__gte=F("first_date")), name="absence_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.first_date} to {self.last_date}"

    def clean(self) -> None:
        if self.first_date and self.last_date and self.last_date < self.first_date:
            sentence = f"The last day away is before the first, {self.first_date}."
            raise ValidationError({"last_date": sentence})
