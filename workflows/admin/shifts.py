"""When people work and what they know best, and when they are away."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import ForeignKey
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedCheckboxFilter
from unfold.decorators import display

from breaks.choices import BreakType
from trades.admin.cells import badge, day, short
from trades.admin.desk import DeskAdmin
from trades.choices import AssetClass
from workflows.admin.routing import ticked
from workflows.models import Absence, WorkPattern
from workflows.routing import said_of

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Whole(forms.TypedMultipleChoiceField):
    """Numbers to tick, kept as a list of them."""

    def __init__(self, choices: Any, help_text: str) -> None:
        boxes = ticked(choices, help_text)
        super().__init__(
            choices=choices, coerce=int, required=False, widget=boxes.widget, help_text=help_text
        )


class WorkPatternForm(forms.ModelForm):
    weekdays = Whole(list(enumerate(_DAYS)), "None ticked: the days of the team.")
    skill_types = ticked(BreakType.choices, "Ticked: they know these. None: types are no skill.")
    skill_asset_classes = ticked(AssetClass.choices, "Ticked: they know these as well.")

    class Meta:
        model = WorkPattern
        fields = (
            "team", "user", "starts_at", "ends_at", "weekdays", "skill_types",
            "skill_asset_classes",
        )  # fmt: skip


class _People:
    """Offers only those who work at the desk."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "user":
            staff = get_user_model().objects.filter(is_active=True, is_staff=True)
            kwargs["queryset"] = staff.order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


@admin.register(WorkPattern)
class WorkPatternAdmin(_People, DeskAdmin):
    """A member without a line here works whenever the team does."""

    form = WorkPatternForm
    list_display = ("person", "team_name", "hours", "days", "skills")
    list_display_links = ("person",)
    list_select_related = ("team", "user")
    list_filter = (("team", RelatedCheckboxFilter),)
    search_fields = ("user__username", "team__name")
    search_help_text = "Person or team"
    fieldsets = (
        (None, {"fields": (("team", "user"),)}),
        ("Shift", {"fields": (("starts_at", "ends_at"), "weekdays")}),
        (
            "Skills",
            {
                "description": "Asked where a rule chooses by skill. Whoever names types and asset "
                "classes knows breaks of both together.",
                "fields": ("skill_types", "skill_asset_classes"),
            },
        ),
    )

    @display(description="Person", ordering="user__username")
    def person(self, row: WorkPattern) -> str:
        return row.user.get_username()

    @display(description="Team", ordering="team__name")
    def team_name(self, row: WorkPattern) -> str:
        return row.team.name

    @display(description="Works")
    def hours(self, row: WorkPattern) -> str:
        starts, ends = row.starts_at or row.team.opens_at, row.ends_at or row.team.closes_at
        return f"{starts:%H:%M} to {ends:%H:%M}, {row.team.timezone}"

    @display(description="Days")
    def days(self, row: WorkPattern) -> str:
        return " ".join(_DAYS[at] for at in sorted(row.weekdays)) or "the team's"

    @display(description="Knows")
    def skills(self, row: WorkPattern) -> SafeString:
        named = (
            said_of("types", frozenset(row.skill_types)),
            said_of("asset_classes", frozenset(row.skill_asset_classes)),
        )
        return short("; ".join(one for one in named if one))


@admin.register(Absence)
class AbsenceAdmin(_People, DeskAdmin):
    list_display = ("person", "from_day", "to_day", "is_now", "note")
    list_display_links = ("person",)
    list_select_related = ("user",)
    search_fields = ("user__username", "note")
    search_help_text = "Person or note"
    fields = ("user", ("first_date", "last_date"), "note")

    @display(description="Person", ordering="user__username")
    def person(self, row: Absence) -> str:
        return row.user.get_username()

    @display(description="From", ordering="first_date")
    def from_day(self, row: Absence) -> SafeString:
        return day(row.first_date)

    @display(description="To", ordering="last_date")
    def to_day(self, row: Absence) -> SafeString:
        return day(row.last_date)

    @display(description="Is")
    def is_now(self, row: Absence) -> SafeString:
        today = timezone.now().date()
        if row.last_date < today:
            return badge("RETIRED", "over")
        if row.first_date > today:
            days = row.first_date - today
            return badge(
                "PENDING", "tomorrow" if days == timedelta(days=1) else f"in {days.days} days"
            )
        return badge("ACTIVE", "away")
