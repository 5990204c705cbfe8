from datetime import time
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from breaks.hours import BusinessHours
from breaks.models.calendar import HolidayCalendar, with_calendar


def check_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name} is no time zone; give one as Europe/London is written.")


class Team(models.Model):
    """
    The people who work some of the breaks.

    Whoever may not see every team sees the breaks of their own, those that nobody has, and those
    assigned to them.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="teams")
    timezone = models.CharField(max_length=40, default="UTC", validators=[check_timezone])
    opens_at = models.TimeField(default=time(8), help_text="Local time.")
    closes_at = models.TimeField(
        default=time(18), help_text="Local time; the same as the opening is around the clock."
    )

    calendar = models.ForeignKey(
        HolidayCalendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="teams",
        help_text="Its holidays and half days; empty is every Monday to Friday.",
    )

    class Meta:
        ordering = ("name",)
        permissions = [("view_every_team", "Can see the breaks of every team")]

    def __str__(self) -> str:
        return self.name

    @property
    def hours(self) -> BusinessHours:
        """
        Return when its people work; it reads the calendar and its days unless they were fetched.

        For more than one team ask `breaks.terms.Clocks`, in a fixed number of queries.
        """
        hours = BusinessHours(zone=self.timezone, opens=self.opens_at, closes=self.closes_at)
        return hours if self.calendar is None else with_calendar(hours, self.calendar)
