"""Teams: who is in them and when they work."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Count, ManyToManyField, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from breaks.models import Team
from trades.admin.cells import number, short
from trades.admin.desk import DeskAdmin


@admin.register(Team)
class TeamAdmin(DeskAdmin):
    list_display = ("name", "code", "member_count", "member_names", "open_hours")
    search_fields = ("name", "code", "members__username")
    search_help_text = "Team or member"
    prepopulated_fields = {"code": ("name",)}
    fieldsets = (
        (None, {"fields": (("name", "code"), "members")}),
        (
            "Business hours",
            {
                "fields": ("timezone", ("opens_at", "closes_at")),
                "description": "Clocks of the team's breaks run from Monday to Friday in these "
                "hours. A change counts for breaks found from then on.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        teams = super().get_queryset(request).annotate(people=Count("members", distinct=True))
        return teams.prefetch_related("members")

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

    @display(description="Business hours")
    def open_hours(self, team: Team) -> str:
        if team.opens_at == team.closes_at:
            return f"around the clock, {team.timezone}"
        return f"{team.opens_at:%H:%M} to {team.closes_at:%H:%M}, {team.timezone}"
