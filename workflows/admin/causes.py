"""Root causes: the findings, the best first, and each with its evidence and what may be done."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RelatedCheckboxFilter
from unfold.decorators import action, display

from breaks.admin.acts import WORK
from breaks.admin.words import asked_words
from trades.admin.acts import Act, ActForm, ReasonForm
from trades.admin.cells import badge, money, number, short
from trades.admin.desk import ViewFilter
from trades.admin.page import Page, PageAdmin
from workflows.admin.analyses import START, look_for_causes
from workflows.admin.cause_page import cause_page, chance, lift_word
from workflows.choices import FindingStatus
from workflows.models import RootCauseFinding
from workflows.selectors import causes_visible_to

DECIDE = "workflows.decide_rootcausefinding"
LIVE = (FindingStatus.OPEN, FindingStatus.ACCEPTED)


class FindingFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("open", "Standing"), ("accepted", "Accepted"), ("lesser", "Beneath a better one"),
             ("dismissed", "Dismissed"), ("fixed", "Fixed"), ("all", "All"))  # fmt: skip

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        if value == "all":
            return queryset
        if value == "open":
            return queryset.filter(status__in=LIVE, beneath=None)
        if value == "lesser":
            return queryset.filter(status__in=LIVE, beneath__isnull=False)
        return queryset.filter(status=value.upper())


def _accept(request: HttpRequest, row: RootCauseFinding, given: dict[str, Any]) -> str:
    from workflows.services import causes

    by: Any = request.user
    causes.accept(finding_id=row.pk, version=given["version"], by=by, at=timezone.now())
    return "Accepted: it is so, and somebody is at it."


def _dismiss(request: HttpRequest, row: RootCauseFinding, given: dict[str, Any]) -> str:
    from workflows.services import causes

    by: Any = request.user
    causes.dismiss(finding_id=row.pk, by=by, at=timezone.now(), **given)
    return "Dismissed: it comes back only if it rests on further breaks."


def _reopen(request: HttpRequest, row: RootCauseFinding, given: dict[str, Any]) -> str:
    from workflows.services import causes

    by: Any = request.user
    causes.reopen(finding_id=row.pk, version=given["version"], by=by, at=timezone.now())
    return "Open again."


def _apply(request: HttpRequest, row: RootCauseFinding, given: dict[str, Any]) -> str:
    from workflows.services import causes

    by: Any = request.user
    asked = causes.ask_for_fix(finding_id=row.pk, by=by, at=timezone.now(), **given)
    return asked_words(asked)


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused
    from breaks.services.opening import BreaksMoved

    return (WorkRefused, BreaksMoved)


def _can_apply(row: RootCauseFinding) -> bool:
    from workflows.services import causes

    return row.status in LIVE and causes.can_be_applied(row)


@admin.register(RootCauseFinding)
class RootCauseFindingAdmin(PageAdmin):
    page_template = "desk/cause.html"
    list_display = ("named", "breaks_seen", "clears", "at_risk", "lift_seen", "by_chance", "days",
                    "status_word", "between")  # fmt: skip
    list_filter = (
        FindingFilter,
        ("mechanism", ChoicesCheckboxFilter),
        ("reconciliation", RelatedCheckboxFilter),
    )
    search_fields = ("headline", "=pk")
    search_help_text = "Words of the headline"
    ordering = ("place", "-seen_at", "pk")
    actions_list = ("look",)
    acts = (
        Act(
            name="apply", label="Apply this fix", permission=WORK, run=_apply, form=ReasonForm,
            refusals=_refusals, offered=_can_apply, submit="Ask for approval", tone="primary",
            description="Nothing changes yet: a second person approves it first. Then it is "
            "applied, and the trades it touches are paired again.",
        ),
        Act(
            name="accept", label="Accept", permission=DECIDE, run=_accept, form=ActForm,
            refusals=_refusals, offered=lambda row: row.status == FindingStatus.OPEN,
            description="It is so, and somebody is at it. It stays on the list until its breaks "
            "are gone.",
        ),
        Act(
            name="dismiss", label="Dismiss", permission=DECIDE, run=_dismiss, form=ReasonForm,
            refusals=_refusals, offered=lambda row: row.status in LIVE,
            description="It is no cause. It stays dismissed as long as it rests on no further "
            "break.",
        ),
        Act(
            name="reopen", label="Open again", permission=DECIDE, run=_reopen, form=ActForm,
            refusals=_refusals,
            offered=lambda row: row.status in (FindingStatus.ACCEPTED, FindingStatus.DISMISSED),
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Those that rest on a break this person may see, counted by those."""
        rows = causes_visible_to(request.user).select_related(
            "reconciliation__left_source", "reconciliation__right_source", "analysis", "beneath"
        )
        return rows.order_by(*self.ordering)

    def has_start_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(START)

    @action(
        description="Look for causes now", icon="search", permissions=["start"], url_path="look"
    )
    def look(self, request: HttpRequest) -> HttpResponse:
        return look_for_causes(self, request)

    @display(description="Cause", ordering="place")
    def named(self, row: RootCauseFinding) -> SafeString:
        return short(row.headline, width="wide")

    @display(description="Between", ordering="reconciliation__code")
    def between(self, row: RootCauseFinding) -> SafeString:
        return short(row.reconciliation.name, width="medium")

    @display(description="Breaks", ordering="seen_count")
    def breaks_seen(self, row: Any) -> SafeString:
        return number(row.seen_count)

    @display(description="Exposure", ordering=F("seen_exposure").asc(nulls_first=True))
    def at_risk(self, row: Any) -> SafeString:
        return money(
            row.seen_exposure, row.currency, unknown="No break's exposure is known.", bare=True
        )

    @display(description="Would clear", ordering="seen_cleared")
    def clears(self, row: Any) -> SafeString:
        return number(None if row.would_clear is None else row.seen_cleared)

    @display(description="Lift", ordering="lift")
    def lift_seen(self, row: RootCauseFinding) -> SafeString:
        return lift_word(row.lift)

    @display(description="By chance", ordering="p_value")
    def by_chance(self, row: RootCauseFinding) -> SafeString:
        return chance(row.p_value)

    @display(description="Trade dates", ordering="from_date")
    def days(self, row: RootCauseFinding) -> str:
        same = row.from_date == row.to_date
        return f"{row.from_date}" if same else f"{row.from_date} to {row.to_date:%m-%d}"

    @display(description="Status", ordering="status")
    def status_word(self, row: RootCauseFinding) -> SafeString:
        return badge(row.status, row.get_status_display())

    def page(self, request: HttpRequest, row: Any) -> Page:
        return cause_page(row, by=request.user)

    def after_act(self, row: Any) -> str:
        return reverse("admin:workflows_rootcausefinding_change", args=[row.pk])
