from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from breaks.choices import DayKind
from breaks.hours import BusinessHours
from trades.dates import FIRST_DAY, LAST_DAY


class HolidayCalendar(models.Model):
    """
    On which days a team does not work, or not to the end.

    The days of an exchange are copied when it is chosen and by `tasks.refresh_calendars`, as far
    as they are known: no page waits for the library, and a day that the exchange announces moves
    due times with a line of history. Beyond `exchange_until` Monday to Friday are business days
    but for those added here, which win over the exchange's everywhere.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    exchange = models.CharField(
        max_length=16, blank=True,
        help_text="Whose holidays and half days it has, by market code: XNYS, XLON, XASX, XTKS. "
        "Empty has only the days added here.",
    )  # fmt: skip
    exchange_from = models.DateField(null=True, blank=True, editable=False)
    exchange_until = models.DateField(null=True, blank=True, editable=False)
    exchange_days = models.JSONField(
        default=dict, blank=True, editable=False,
        help_text="closed: days; open: weekend days; early: closing moments by day.",
    )  # fmt: skip

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CalendarDay(models.Model):
    """A day that an administrator added to a calendar; it wins over the exchange's."""

    calendar = models.ForeignKey(HolidayCalendar, models.CASCADE, related_name="days")
    day = models.DateField()
    kind = models.CharField(max_length=8, choices=DayKind, default=DayKind.CLOSED)
    closes_at = models.TimeField(
        null=True, blank=True, help_text="Of an early close: the time at the team's own place."
    )
    name = models.CharField(max_length=80, blank=True, help_text="Why, as in Christmas Eve.")

    class Meta:
        ordering = ("calendar", "day")
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="calendar_day_once"),
            models.CheckConstraint(
                condition=Q(kind=DayKind.EARLY, closes_at__isnull=False)
                | (~Q(kind=DayKind.EARLY) & Q(closes_at=None)),
                name="calendar_day_early_iff_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display().lower()}"

    def clean(self) -> None:
        # Beyond them the calendar itself comes to an end, and every clock with it.
        if self.day is not None and not FIRST_DAY <= self.day <= LAST_DAY:
            raise ValidationError({"day": f"Give a day from {FIRST_DAY} to {LAST_DAY}."})
        if self.kind == DayKind.EARLY and self.closes_at is None:
            raise ValidationError({"closes_at": "Say when the day ends early."})
        if self.kind != DayKind.EARLY and self.closes_at is not None:
            raise ValidationError({"closes_at": "Only an early close has a time; clear it."})


def with_calendar(hours: BusinessHours, calendar: HolidayCalendar) -> BusinessHours:
    """
    Return business hours with the days of a calendar taken into account.

    An exchange's half day ends at the moment its market closes, wherever the team is; one that was
    added here at that time on the team's own wall. A time before the opening is, where business
    goes on after midnight, one of the next day.
    """
    known = {"closed": [], "open": [], "early": {}} | calendar.exchange_days
    closed = {date.fromisoformat(day) for day in known["closed"]}
    worked = {date.fromisoformat(day) for day in known["open"]}
    early = {
        date.fromisoformat(day): datetime.fromisoformat(moment)
        for day, moment in known["early"].items()
    }
    overnight = hours.closes <= hours.opens
    for added in calendar.days.all():
        day = added.day
        early.pop(day, None)
        if added.kind == DayKind.CLOSED:
            closed.add(day)
            worked.discard(day)
            continue
        closed.discard(day)
        worked.add(day)
        if added.closes_at is not None:
            is_next = overnight and added.closes_at < hours.opens
            local = datetime.combine(
                day + timedelta(days=is_next), added.closes_at, ZoneInfo(hours.zone)
            )
            early[day] = local.astimezone(UTC)
    return replace(hours, closed=frozenset(closed), worked=frozenset(worked), early=early)
