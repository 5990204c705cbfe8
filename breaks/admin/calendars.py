"""Holiday calendars: a year drawn, and the days that an administrator adds to it."""

import calendar as months
from collections.abc import Iterator
from copy import copy
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from breaks.admin.following import FollowedForm, followed_words, look_first, refusals
from breaks.choices import DayKind
from breaks.models import CalendarDay, HolidayCalendar, Team
from trades.admin.acts import Act
from trades.admin.cells import NOTHING, day, link, number
from trades.admin.page import Page, PageAdmin, Panel

CHANGE = "breaks.change_holidaycalendar"


def _text(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=80, help_text=help_text,
        widget=UnfoldAdminTextInputWidget(),
    )  # fmt: skip


class EditForm(FollowedForm):
    name = _text("Name")
    exchange = _text(
        "Exchange", required=False,
        help_text="Market code, as XNYS, XLON, XASX, XTKS; empty has only the days added here.",
    )  # fmt: skip


class DayForm(FollowedForm):
    day = forms.DateField(widget=UnfoldAdminSingleDateWidget())
    kind = forms.ChoiceField(choices=DayKind.choices, widget=UnfoldAdminSelectWidget())
    closes_at = forms.TimeField(
        label="Closes at", required=False, widget=UnfoldAdminTextInputWidget(),
        help_text="Of a day that closes early: as 13:00, at the team's own place.",
    )  # fmt: skip
    name = _text("Why", required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        made = CalendarDay(**{name: given.get(name) for name in ("day", "kind", "closes_at")})
        try:
            made.clean()
        except ValidationError as wrong:
            self.add_error(None, wrong)
        return given


class RemoveForm(FollowedForm):
    day = forms.ModelChoiceField(
        CalendarDay.objects.none(), label="Which day", empty_label=None,
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip

    def about(self, request: HttpRequest, row: Any) -> None:
        self.fields["day"].queryset = row.days.all()  # type: ignore[attr-defined]


def _written(
    request: HttpRequest, row: HolidayCalendar, confirmed: bool, **more: list[CalendarDay]
) -> str:
    from breaks.services import sla

    ask: dict[str, Any] = {"by": request.user, "at": timezone.now()}
    given: dict[str, Any] = {name: [copy(one) for one in rows] for name, rows in more.items()}
    look_first(
        lambda: sla.edit_calendar(calendar=copy(row), trial=True, **given, **ask),
        confirmed=confirmed,
    )
    return followed_words(sla.edit_calendar(calendar=row, **ask | more))


def _edit(request: HttpRequest, row: HolidayCalendar, given: dict[str, Any]) -> str:
    row.name, row.exchange = given["name"], given["exchange"].strip().upper()
    return _written(request, row, given["confirmed"])


def _add_day(request: HttpRequest, row: HolidayCalendar, given: dict[str, Any]) -> str:
    added = row.days.filter(day=given["day"]).first() or CalendarDay(day=given["day"])
    for name in ("kind", "closes_at", "name"):
        setattr(added, name, given[name])
    return _written(request, row, given["confirmed"], days=[added])


def _remove_day(request: HttpRequest, row: HolidayCalendar, given: dict[str, Any]) -> str:
    return _written(request, row, given["confirmed"], removed=[given["day"]])


ADD_DAY = Act(
    name="add-day", label="Add a day", permission=CHANGE, form=DayForm, run=_add_day,
    refusals=refusals, tone="primary", wide=True, submit="Add it",
    description="It wins over the exchange's day. A day that is there already is changed.",
)  # fmt: skip
REMOVE_DAY = Act(
    name="remove-day", label="Remove a day", permission=CHANGE, form=RemoveForm, run=_remove_day,
    refusals=refusals, wide=True, submit="Remove it",
    description="Only days added here; the exchange's are what it announces.",
)  # fmt: skip
EDIT = Act(
    name="edit", label="Edit", permission=CHANGE, form=EditForm, run=_edit, refusals=refusals,
    wide=True, submit="Save",
    description="The days of the exchange are read again, a dozen years back and five ahead.",
)  # fmt: skip


class AddCalendarForm(forms.ModelForm):
    def clean_exchange(self) -> str:
        from breaks.exchanges import UnknownExchange, exchange_days

        code: str = self.cleaned_data["exchange"].strip().upper()
        try:
            if code:
                exchange_days(code, today=timezone.localdate())
        except UnknownExchange as unknown:
            raise ValidationError(str(unknown)) from unknown
        return code


@admin.register(HolidayCalendar)
class HolidayCalendarAdmin(PageAdmin):
    form = AddCalendarForm
    page_template = "desk/calendar.html"
    list_display = ("name", "code", "of_exchange", "known_until", "day_count", "team_count")
    search_fields = ("name", "code", "exchange")
    search_help_text = "Name, code or exchange"
    prepopulated_fields = {"code": ("name",)}
    fields = (("name", "code"), "exchange")
    acts = (ADD_DAY, REMOVE_DAY, EDIT)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        counts = {"added": Count("days", distinct=True), "used": Count("teams", distinct=True)}
        return super().get_queryset(request).annotate(**counts)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("breaks.add_holidaycalendar")  # type: ignore[union-attr]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        from breaks.services import sla

        by: Any = request.user
        sla.edit_calendar(calendar=obj, by=by, at=timezone.now())

    def act_initial(self, act: Act, row: Any) -> dict[str, Any]:
        return {"name": row.name, "exchange": row.exchange} if act.name == EDIT.name else {}

    @display(description="Exchange", ordering="exchange")
    def of_exchange(self, row: HolidayCalendar) -> Any:
        return row.exchange or NOTHING

    @display(description="Known until", ordering="exchange_until")
    def known_until(self, row: HolidayCalendar) -> SafeString:
        return day(row.exchange_until)

    @display(description="Days added", ordering="added")
    def day_count(self, row: Any) -> SafeString:
        return number(row.added)

    @display(description="Teams", ordering="used")
    def team_count(self, row: Any) -> SafeString:
        return number(row.used)

    def page(self, request: HttpRequest, row: Any) -> Page:
        year = _year(request)
        days = list(row.days.all())
        known = row.exchange_days or {}
        return Page(
            headline=format_html("<b>{}</b>", row.name),
            soft=_reach(row),
            figures=[
                ("Exchange", row.exchange or NOTHING),
                (f"Closed in {year}", number(_in(year, known.get("closed", [])))),
                (f"Half days in {year}", number(_in(year, known.get("early", {})))),
                ("Days added here", number(len(days))),
            ],
            side=[
                Panel(
                    title="Teams that work by it",
                    head=("Team", "Hours"),
                    rows=[
                        [link("breaks_team", team.pk, team), hours_words(team)]
                        for team in row.teams.all()
                    ],
                    none="No team yet: choose it on a team's page.",
                ),
                Panel(
                    title="Added here",
                    head=("Day", "", "Why"),
                    rows=[[day(one.day), kind_words(one), one.name or NOTHING] for one in days],
                    none="No day yet.",
                    count=len(days),
                ),
            ],
            extra={
                # As text: a year is no number to be grouped.
                "year": str(year),
                "year_before": str(year - 1),
                "year_after": str(year + 1),
                "months": list(drawn(row, days, year)),
            },
        )  # fmt: skip


def hours_words(team: Team) -> str:
    if team.opens_at == team.closes_at:
        return f"around the clock, {team.timezone}"
    return f"{team.opens_at:%H:%M} to {team.closes_at:%H:%M}, {team.timezone}"


def kind_words(one: CalendarDay) -> str:
    if one.closes_at is not None:
        return f"closes at {one.closes_at:%H:%M}"
    return "closed" if one.kind == DayKind.CLOSED else "open all the same"


def drawn(row: HolidayCalendar, days: list[CalendarDay], year: int) -> Iterator[dict[str, Any]]:
    """Yield the months of a year, each with weeks of ``(number, kind, title)``."""
    marks: dict[date, tuple[str, str]] = {}
    known = row.exchange_days or {}
    for text in known.get("closed", []):
        marks[date.fromisoformat(text)] = ("closed", f"{row.exchange} is closed")
    for text in known.get("open", []):
        marks[date.fromisoformat(text)] = ("open", f"{row.exchange} is open")
    for text, closing in known.get("early", {}).items():
        at = f"{datetime.fromisoformat(closing):%H:%M} UTC"
        marks[date.fromisoformat(text)] = ("early", f"{row.exchange} closes at {at}")
    for one in days:
        why = f": {one.name}" if one.name else ""
        marks[one.day] = (f"{one.kind.lower()} added", f"Added here, {kind_words(one)}{why}")
    for month in range(1, 13):
        yield {
            "name": months.month_name[month],
            "weeks": [
                [_cell(one, month, marks) for one in week]
                for week in months.Calendar().monthdatescalendar(year, month)
            ],
        }


def _cell(one: date, month: int, marks: dict[date, tuple[str, str]]) -> tuple[Any, str, str]:
    if one.month != month:
        return "", "", ""
    kind, title = marks.get(one, ("weekend" if one.weekday() > 4 else "", ""))
    if one == _today():
        kind = f"{kind} today"
    return one.day, kind, title


def _in(year: int, days: Any) -> int:
    return sum(text.startswith(f"{year}-") for text in days)


def _today() -> date:
    return timezone.localdate()


def _year(request: HttpRequest) -> int:
    given = request.GET.get("year", "")
    year = int(given) if given.isascii() and given.isdecimal() and len(given) == 4 else 0
    return year if 1970 <= year <= 2200 else _today().year


def _reach(row: HolidayCalendar) -> str:
    if row.exchange_until is None:
        return "Monday to Friday but for the days added here"
    return (
        f"{row.exchange} from {row.exchange_from} to {row.exchange_until}; before and after that "
        "Monday to Friday, but for the days added here"
    )
