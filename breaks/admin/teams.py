"""Teams: who is in them and when they work."""

from copy import copy
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Count, ManyToManyField, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from breaks.admin.calendars import hours_words
from breaks.admin.following import Unconfirmed, confirmation, followed_words, look_first
from breaks.hours import NeverOpen
from breaks.models import Team
from trades.admin.cells import NOTHING, link, number, short
from trades.admin.desk import DeskAdmin


class TeamForm(forms.ModelForm):
    confirmed = confirmation()

    def clean(self) -> dict[str, Any]:
        from breaks.services import sla

        given: dict[str, Any] = super().clean() or {}
        if self.errors or self.instance.pk is None:
            return given
        changed = copy(self.instance)
        for name in ("timezone", "opens_at", "closes_at", "calendar"):
            setattr(changed, name, given[name])
        ask: dict[str, Any] = {"by": self.editor, "at": timezone.now()}  # type: ignore[attr-defined]
        try:
            look_first(
                lambda: sla.edit_hours(team=changed, trial=True, **ask),
                confirmed=given["confirmed"],
            )
        except (Unconfirmed, NeverOpen) as refusal:
            self.add_error("confirmed", str(refusal))
        return given


@admin.register(Team)
class TeamAdmin(DeskAdmin):
    form = TeamForm
    list_display = ("name", "code", "member_count", "member_names", "open_hours", "by_calendar",
                    "state")  # fmt: skip
    list_select_related = ("calendar",)
    search_fields = ("name", "code", "members__username")
    search_help_text = "Team or member"
    prepopulated_fields = {"code": ("name",)}
    fieldsets = (
        (None, {"fields": (("name", "code"), "members")}),
        (
            "Business hours",
            {
                "fields": ("timezone", ("opens_at", "closes_at"), "calendar", "confirmed", "state"),
                "description": "Clocks of the team's breaks run in these hours, from Monday to "
                "Friday and by the calendar. Due times of its live breaks follow a change.",
            },
        ),
    )

    readonly_fields = ("state",)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, **kwargs)
        made.editor = request.user
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        from breaks.services import sla

        by: Any = request.user
        if followed := sla.edit_hours(team=obj, by=by, at=timezone.now()):
            self.message_user(request, followed_words(followed))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        teams = super().get_queryset(request).annotate(people=Count("members", distinct=True))
        return teams.prefetch_related("members", "calendar__days")

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer those who work at the desk, by name, each with a box to tick."""
        if db_field.name == "members":
            staff = get_user_model().objects.filter(is_active=True, is_staff=True)
            return forms.ModelMultipleChoiceField(
                staff.order_by("username"),
                required=False,
                widget=UnfoldAdminCheckboxSelectMultipleWidget,
                help_text="They see the team's breaks and may work them.",
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @display(description="Members", ordering="people")
    def member_count(self, team: Any) -> SafeString:
        return number(team.people)

    @display(description="Who")
    def member_names(self, team: Team) -> SafeString:
        return short(", ".join(sorted(person.get_username() for person in team.members.all())))

    @display(description="Calendar", ordering="calendar__name")
    def by_calendar(self, team: Team) -> Any:
        if team.calendar is None:
            return NOTHING
        return link("breaks_holidaycalendar", team.calendar_id, team.calendar)

    @display(description="Now")
    def state(self, team: Team) -> str:
        if team.pk is None:
            return "-"
        now = timezone.now()
        try:
            opens = team.hours.opening(now)
        except NeverOpen:
            return "never open"
        except ZoneInfoNotFoundError:
            # A form that was refused shows what was typed.
            return "-"
        if opens == now:
            return "open"
        here = opens.astimezone(ZoneInfo(team.timezone))
        return f"closed, opens {here:%a %d %b %H:%M} {here.tzname()}"

    @display(description="Business hours")
    def open_hours(self, team: Team) -> str:
        return hours_words(team)
