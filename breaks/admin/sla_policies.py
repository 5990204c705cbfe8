"""SLA policies: what they mean in words, what each version changed, and how they are edited."""

from copy import copy
from datetime import time
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from breaks.admin.following import FollowedForm, followed_words, look_first, refusals
from breaks.choices import BreakCategory, BreakType, Severity
from breaks.models import SlaPolicy, Team, TradeBreak
from breaks.models.team import check_timezone
from trades.admin.acts import Act
from trades.admin.cells import NOTHING, badge, link, moment, number
from trades.admin.desk import ViewFilter
from trades.admin.page import Page, PageAdmin, Panel

CHANGE = "breaks.change_slapolicy"
MINUTES = [f"{severity.lower()}_minutes" for severity in Severity]
EDITED = ("name", "team", "category", "break_type", *MINUTES, "pauses_while_awaiting", "cut_off",
          "cut_off_timezone", "note")  # fmt: skip


def length_words(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours}h" * bool(hours), f"{rest}m" * bool(rest)) if part)


def _minutes(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=1, max_value=366 * 24 * 60,
        widget=UnfoldAdminIntegerFieldWidget(),
    )  # fmt: skip


class PolicyForm(FollowedForm):
    name = forms.CharField(max_length=80, widget=UnfoldAdminTextInputWidget())
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, empty_label="Every team", label="Whose breaks",
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    category = forms.ChoiceField(
        choices=[("", "Every category"), *BreakCategory.choices], required=False,
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    break_type = forms.ChoiceField(
        label="Type", choices=[("", "Every type"), *BreakType.choices], required=False,
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    critical_minutes, high_minutes = _minutes("Critical, minutes"), _minutes("High, minutes")
    medium_minutes, low_minutes = _minutes("Medium, minutes"), _minutes("Low, minutes")
    pauses_while_awaiting = forms.BooleanField(
        label="Stands while the counterparty is waited for", required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )  # fmt: skip
    cut_off = forms.TimeField(
        label="Market cut-off", required=False, widget=UnfoldAdminTextInputWidget(),
        help_text="As 16:00. Never due later than this time of the business day; empty is none.",
    )  # fmt: skip
    cut_off_timezone = forms.CharField(
        label="Time zone of the cut-off", required=False, widget=UnfoldAdminTextInputWidget(),
        help_text="As America/New_York is written; empty is the team's.",
    )  # fmt: skip
    note = forms.CharField(
        label="What changes, and why", required=False, max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )  # fmt: skip

    def clean_cut_off_timezone(self) -> str:
        name: str = self.cleaned_data["cut_off_timezone"].strip()
        if name:
            check_timezone(name)
        return name


def _edit(request: HttpRequest, row: SlaPolicy, given: dict[str, Any]) -> str:
    from breaks.services import sla

    by: Any = request.user
    policy = copy(row)
    for name in EDITED:
        setattr(policy, name, given[name])
    ask = {"by": by, "at": timezone.now()}
    look_first(
        lambda: sla.save_policy(policy=copy(policy), trial=True, **ask),
        confirmed=given["confirmed"],
    )
    change = sla.save_policy(policy=policy, **ask)
    row.pk = policy.pk if change else row.pk
    return followed_words(change) if change else "It says so already; no version was made."


def _retire(request: HttpRequest, row: SlaPolicy, given: dict[str, Any]) -> str:
    from breaks.services import sla

    ask: dict[str, Any] = {"by": request.user, "at": timezone.now()}
    look_first(
        lambda: sla.retire_policy(policy=copy(row), trial=True, **ask),
        confirmed=given["confirmed"],
    )
    return followed_words(sla.retire_policy(policy=row, **ask))


def _is_current(row: SlaPolicy) -> bool:
    return row.is_current


EDIT = Act(
    name="edit", label="Edit", permission=CHANGE, form=PolicyForm, run=_edit, refusals=refusals,
    tone="primary", wide=True, offered=_is_current, submit="Make this the next version",
    description="What you save is the next version; this one stays to be read. Live breaks follow "
    "the new version, each that is due at another time with a line in its history.",
)  # fmt: skip
RETIRE = Act(
    name="retire", label="Retire", permission=CHANGE, form=FollowedForm, run=_retire,
    refusals=refusals, offered=lambda row: row.is_current and row.code != "standard",
    description="Its breaks follow the next policy that fits them.",
)  # fmt: skip


class CurrentFilter(ViewFilter):
    title, parameter_name = "view", "view"
    views = (("current", "Current"), ("all", "All versions"))

    def narrow(self, queryset: Any, value: str, request: HttpRequest) -> Any:
        return queryset.filter(retired_at=None) if value == "current" else queryset


class AddPolicyForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        from breaks.services import sla

        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        policy = SlaPolicy(**given)
        try:
            sla.foresee(
                lambda: sla.save_policy(
                    policy=policy,
                    by=self.maker,  # type: ignore[attr-defined]
                    at=timezone.now(),
                    trial=True,
                ),
                at=timezone.now(),
            )
        except sla.EditRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return given


@admin.register(SlaPolicy)
class SlaPolicyAdmin(PageAdmin):
    form = AddPolicyForm
    list_display = ("named", "scope", *(severity.lower() for severity in Severity), "pauses",
                    "until", "state", "made")  # fmt: skip
    list_filter = (CurrentFilter,)
    list_select_related = ("team", "made_by")
    search_fields = ("name", "code")
    search_help_text = "Name or code"
    acts = (EDIT, RETIRE)
    fieldsets = (
        (None, {"fields": (("code", "name"), ("team", "category", "break_type"))}),
        ("Clocks, in minutes of business time", {"fields": (tuple(MINUTES),)}),
        ("Cut-off and pause", {
            "fields": (("cut_off", "cut_off_timezone"), "pauses_while_awaiting", "note"),
        }),
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("breaks.add_slapolicy")  # type: ignore[union-attr]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, **kwargs)
        made.maker = request.user
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        from breaks.services import sla

        by: Any = request.user
        self.message_user(
            request, followed_words(sla.save_policy(policy=obj, by=by, at=timezone.now()))
        )

    def act_initial(self, act: Act, row: Any) -> dict[str, Any]:
        if act.name != EDIT.name:
            return {}
        initial = {name: getattr(row, name) for name in EDITED if name != "note"}
        return initial | {"cut_off": row.cut_off and f"{row.cut_off:%H:%M}"}

    @display(description="Policy", ordering="name")
    def named(self, row: SlaPolicy) -> str:
        return str(row)

    @display(description="For")
    def scope(self, row: SlaPolicy) -> str:
        return scope_of(row)

    @display(description="Critical", ordering="critical_minutes")
    def critical(self, row: SlaPolicy) -> str:
        return length_words(row.critical_minutes)

    @display(description="High", ordering="high_minutes")
    def high(self, row: SlaPolicy) -> str:
        return length_words(row.high_minutes)

    @display(description="Medium", ordering="medium_minutes")
    def medium(self, row: SlaPolicy) -> str:
        return length_words(row.medium_minutes)

    @display(description="Low", ordering="low_minutes")
    def low(self, row: SlaPolicy) -> str:
        return length_words(row.low_minutes)

    @display(description="While awaiting", ordering="pauses_while_awaiting")
    def pauses(self, row: SlaPolicy) -> str:
        return "stands" if row.pauses_while_awaiting else "runs on"

    @display(description="Cut-off", ordering="cut_off")
    def until(self, row: SlaPolicy) -> Any:
        return cut_off_words(row) or NOTHING

    @display(description="State", ordering="retired_at")
    def state(self, row: SlaPolicy) -> SafeString:
        return state_of(row)

    @display(description="Made", ordering="made_at")
    def made(self, row: SlaPolicy) -> SafeString:
        return moment(row.made_at)

    def page(self, request: HttpRequest, row: Any) -> Page:
        versions = list(SlaPolicy.objects.filter(code=row.code).select_related("team", "made_by"))
        before = next((one for one in versions if one.version < row.version), None)
        follow = TradeBreak.objects.visible_to(request.user).live().filter(sla_policy=row)
        return Page(
            headline=format_html("<b>{}</b> {}", row.name, state_of(row)),
            soft=f"version {row.version}, for {scope_of(row)}",
            figures=[
                *((str(severity.label), length_words(row.minutes(severity)))
                  for severity in Severity),
                ("Live breaks that follow it", number(follow.count())),
            ],
            main=[
                Panel(title="What it means", body=_meaning(row)),
                Panel(
                    title="Changed against the version before",
                    head=("", "Before", "Now"),
                    rows=_difference(before, row) if before else (),
                    none="Nothing of what it says." if before else "It is the first version.",
                    note=row.note,
                ),
            ],
            side=[
                Panel(
                    title="Versions",
                    head=("Version", "Made", "By", ""),
                    rows=[
                        [link("breaks_slapolicy", one.pk, f"v{one.version}"), moment(one.made_at),
                         one.made_by or "the system", state_of(one)]
                        for one in versions[:20]
                    ],
                    count=len(versions),
                )
            ],
        )  # fmt: skip


def scope_of(row: SlaPolicy) -> str:
    from breaks.services.sla.edits import scope_words

    return scope_words(row)


def state_of(row: SlaPolicy) -> SafeString:
    return badge("ACTIVE", "current") if row.is_current else badge("RETIRED", "retired")


def cut_off_words(row: SlaPolicy) -> str:
    if row.cut_off is None:
        return ""
    return f"{row.cut_off:%H:%M} {row.cut_off_timezone or 'in the zone of the team'}"


def _meaning(row: SlaPolicy) -> SafeString:
    """Say in sentences what a version means for a break."""
    lengths = ", ".join(
        f"{severity.label.lower()} within {length_words(row.minutes(severity))}"
        for severity in Severity
    )
    said = [
        f"It holds for {scope_of(row)}.",
        f"Of business time, in the hours and the calendar of its team, a break is due: {lengths}.",
    ]
    if row.cut_off:
        said.append(
            f"Never later than {cut_off_words(row)} of the business day on which its clock began "
            "to run; found after that, of the next business day."
        )
    said.append(
        "While the counterparty is waited for the clock stands, and the due time moves on by the "
        "business time of the wait. A break that was late stays as late as it was."
        if row.pauses_while_awaiting
        else "While the counterparty is waited for the clock runs on."
    )
    return format_html_join("", '<p class="dk-say">{}</p>', ((sentence,) for sentence in said))


def _difference(before: SlaPolicy, after: SlaPolicy) -> list[list[Any]]:
    rows = []
    for name in EDITED:
        if name == "note" or getattr(before, name) == getattr(after, name):
            continue
        label = str(PolicyForm.base_fields[name].label or name.capitalize())
        rows.append([label.removesuffix(", minutes"), _said(before, name), _said(after, name)])
    return rows


def _said(row: SlaPolicy, name: str) -> Any:
    value = getattr(row, name)
    if name in MINUTES:
        return length_words(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return NOTHING if value in (None, "") else str(value)
