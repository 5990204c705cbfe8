"""The routing rules: in which order they are asked, what each says, and what is wrong with it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
)

from breaks.choices import BreakCategory, BreakType, Severity
from trades.admin.cells import NOTHING, badge
from trades.admin.changes import ChangesKeptAdmin
from trades.choices import AssetClass
from trades.models import Account, Counterparty, Source
from workflows.admin.tester import try_rules
from workflows.choices import ChosenBy
from workflows.models import RoutingRule
from workflows.routing import CONDITIONS

_CHOICES = {
    "types": BreakType.choices,
    "categories": BreakCategory.choices,
    "severities": Severity.choices,
    "asset_classes": AssetClass.choices,
}
_BRIEFLY = {
    ChosenBy.CLAIMING: "whoever claims it",
    ChosenBy.LOAD: "fewest open",
    ChosenBy.SKILL: "skill, fewest open",
}
_ANY = "None ticked: any."


class Lines(forms.CharField):
    """Values written one a line, kept as a list."""

    def __init__(self, help_text: str) -> None:
        widget = UnfoldAdminTextareaWidget({"rows": 3})
        super().__init__(required=False, widget=widget, help_text=help_text)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = (line.strip() for line in str(value or "").replace("\x00", "").splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


def ticked(choices: Sequence[tuple[str, str]], help_text: str = _ANY) -> forms.MultipleChoiceField:
    """Return a field of boxes to tick, kept as a list."""
    return forms.MultipleChoiceField(
        choices=choices,
        required=False,
        help_text=help_text,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )


class RoutingRuleForm(forms.ModelForm):
    counterparties = Lines("One a line, as it is called here or spelt by a source. Empty: any.")
    accounts = Lines("One a line, by our codes. Empty: any.")

    class Meta:
        model = RoutingRule
        fields = (
            "name", "position", "is_enabled", *CONDITIONS, "exposure_above", "exposure_up_to",
            "fits_unknown_exposure", "team", "chosen_by",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in _CHOICES.items():
            if name in self.fields:
                self.fields[name] = ticked(choices)
        if "sources" in self.fields:
            sources = list(Source.objects.values_list("code", "name"))
            self.fields["sources"] = ticked(sources, "Either of the two compared. " + _ANY)

    def clean_counterparties(self) -> list[str]:
        from workflows.services.routing.rules import named_now

        given = self.cleaned_data["counterparties"]
        names = named_now(given)
        found = [names[name] for name in given]
        known = set(Counterparty.objects.filter(name__in=found).values_list("name", flat=True))
        if strangers := [name for name in found if name not in known]:
            raise forms.ValidationError(
                f"There is no counterparty {strangers[0]!r}. Write its name, or a spelling that a "
                "source has used, as they stand under Counterparties."
            )
        return list(dict.fromkeys(found))

    def clean_accounts(self) -> list[str]:
        given: list[str] = self.cleaned_data["accounts"]
        known = set(Account.objects.filter(code__in=given).values_list("code", flat=True))
        if strangers := [code for code in given if code not in known]:
            raise forms.ValidationError(
                f"There is no account {strangers[0]!r}. Write our code of it, as it stands under "
                "Accounts."
            )
        return given


class RuleList(ChangeList):
    """Rules with what each says and what is wrong with it, worked out once for all rows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        from workflows.services.routing.checking import findings

        said = findings()
        for row in self.result_list:
            row.rule, row.fault = said[row.pk]


@admin.register(RoutingRule)
class RoutingRuleAdmin(ChangesKeptAdmin):
    """The rules in the order in which they are asked; each change is kept with who made it."""

    form = RoutingRuleForm
    ordering = ("position", "pk")
    ordering_field = "position"
    by_width = "narrow"
    list_display = ("name", "in_words", "sends_to", "chosen", "state", "fault", "changed",
                    "changed_by", "position")  # fmt: skip
    list_display_links = ("name",)
    list_per_page = 500
    list_filter_submit = False
    actions_list = ("tester",)
    fieldsets = (
        (None, {"fields": ("name", ("position", "is_enabled"))}),
        (
            "Which breaks",
            {
                "description": "A break fits that fits every condition; of one condition any of "
                "the values will do, and an empty one fits every break. What is unknown of a break "
                "fits no condition that asks for it.",
                "fields": (
                    "severities", "types", "categories", "sources", "asset_classes",
                    ("counterparties", "accounts"),
                    ("exposure_above", "exposure_up_to"), "fits_unknown_exposure",
                ),
            },
        ),
        (
            "Where they go",
            {
                "description": "Nobody on shift leaves it with the team until somebody is. A team "
                "that nobody is in leaves it to everybody.",
                "fields": (("team", "chosen_by"),),
            },
        ),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self._tester_view)
        return [path("try/", view, name="workflows_routingrule_try"), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RuleList

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == self.ordering_field:
            # In the list it stands in a cell, without a label.
            field.widget.attrs["aria-label"] = "Place"
        return field

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("team")

    @action(description="Try the rules", icon="science", url_path="tester")
    def tester(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:workflows_routingrule_try"))

    def _tester_view(self, request: HttpRequest) -> HttpResponse:
        return try_rules(self, request)

    @display(description="Breaks")
    def in_words(self, row: Any) -> SafeString:
        return format_html('<span class="dk-words">{}</span>', row.rule.words)

    @display(description="Go to", ordering="team__name")
    def sends_to(self, row: RoutingRule) -> SafeString:
        return format_html('<span class="dk-arrow" aria-hidden="true">→</span> {}', row.team)

    @display(description="Who gets it", ordering="chosen_by")
    def chosen(self, row: RoutingRule) -> SafeString:
        brief = _BRIEFLY[ChosenBy(row.chosen_by)]
        return format_html('<span title="{}">{}</span>', row.get_chosen_by_display(), brief)

    @display(description="Is", ordering="is_enabled")
    def state(self, row: RoutingRule) -> SafeString:
        return badge("ACTIVE", "on") if row.is_enabled else badge("RETIRED", "off")

    @display(description="Mind")
    def fault(self, row: Any) -> SafeString:
        if not row.fault:
            return NOTHING
        return format_html('<span class="dk-fault" title="{}">{}</span>', row.fault, row.fault)
