"""The remediations: what was applied, what waits, what is proposed; and taking one back."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import display

from breaks.admin.acts import WORK
from breaks.admin.effects import EFFECTS, Effect
from breaks.choices import GuardedAct
from breaks.models import ApprovalRequest, TradeBreak
from trades.admin.acts import Act, ReasonForm
from trades.admin.cells import NOTHING, badge, link, moment, money, number, short
from trades.admin.desk import ViewFilter
from trades.admin.page import Page, PageAdmin, Panel
from workflows.choices import SuggestionStatus
from workflows.models import RemediationSuggestion

MOST_CLEARED = 200


class SuggestionFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("applied", "Applied"), ("asked", "Waiting for approval"), ("proposed", "Proposed"),
             ("reversed", "Reversed"), ("all", "All"))  # fmt: skip

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        return queryset if value == "all" else queryset.filter(status=value.upper())


def _reverse(request: HttpRequest, row: RemediationSuggestion, given: dict[str, Any]) -> str:
    from workflows.services.remediation import reverse as take_back

    by: Any = request.user
    take_back(suggestion_id=row.pk, by=by, at=timezone.now(), reason=given["reason"])
    return f"{row.get_action_display()} was reversed; {row.trade_break} is as it was before."


def _turn_down(request: HttpRequest, row: RemediationSuggestion, given: dict[str, Any]) -> str:
    from workflows.services.remediation import turn_down

    by: Any = request.user
    turn_down(suggestion_id=row.pk, version=None, by=by, at=timezone.now(), reason=given["reason"])
    return f"It is not suggested for {row.trade_break} again."


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused
    from breaks.services.opening import BreaksMoved

    return (WorkRefused, BreaksMoved)


def _may_reverse(user: Any, row: RemediationSuggestion) -> bool:
    from workflows.services.remediation import may_reverse

    return may_reverse(row, user)


@admin.register(RemediationSuggestion)
class RemediationSuggestionAdmin(PageAdmin):
    list_display = (
        "number", "what", "about", "risk_word", "status_word", "clears", "worth_word",
        "policy_name", "who", "when",
    )  # fmt: skip
    list_display_links = ("number",)
    list_filter = (
        SuggestionFilter,
        ("action", ChoicesCheckboxFilter),
        ("risk", ChoicesCheckboxFilter),
    )
    list_select_related = ("trade_break", "policy", "applied_by")
    search_fields = ("reason", "effect", "=trade_break__pk", "=pk")
    search_help_text = "Words, or a break"
    ordering = ("-pk",)
    acts = (
        Act(
            name="reverse", label="Reverse", permission=WORK, run=_reverse, form=ReasonForm,
            refusals=_refusals, offered=lambda row: row.status == SuggestionStatus.APPLIED,
            offered_to=_may_reverse,
            description="Breaks that it ended are as they were before, unless somebody worked on "
            "them since. No policy applies the same again.",
        ),
        Act(
            name="turn-down", label="Turn down", permission=WORK, run=_turn_down, form=ReasonForm,
            refusals=_refusals, offered=lambda row: row.status == SuggestionStatus.PROPOSED,
            description="The same is not suggested for this break again.",
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Those of the breaks that this person may see."""
        seen = TradeBreak.objects.visible_to(request.user)
        rows: QuerySet = super().get_queryset(request)
        return rows.filter(trade_break__in=seen.order_by().values("pk"))

    def after_act(self, row: Any) -> str:
        return reverse("admin:breaks_tradebreak_change", args=[row.trade_break_id])

    @display(description="No.", ordering="pk")
    def number(self, row: RemediationSuggestion) -> SafeString:
        return number(row.pk)

    @display(description="Remediation", ordering="action")
    def what(self, row: RemediationSuggestion) -> SafeString:
        return format_html(
            '<span class="dk-cut" title="{}">{}</span>', row.effect, row.get_action_display()
        )

    @display(description="Break", ordering="trade_break")
    def about(self, row: RemediationSuggestion) -> SafeString:
        return link("breaks_tradebreak", row.trade_break_id, row.trade_break_id)

    @display(description="Risk", ordering="risk")
    def risk_word(self, row: RemediationSuggestion) -> SafeString:
        return badge(row.risk, row.get_risk_display())

    @display(description="Status", ordering="status")
    def status_word(self, row: RemediationSuggestion) -> SafeString:
        return badge(row.status, row.get_status_display())

    @display(description="Clears", ordering="would_clear")
    def clears(self, row: RemediationSuggestion) -> SafeString:
        return number(row.would_clear)

    @display(description="Worth", ordering="worth")
    def worth_word(self, row: RemediationSuggestion) -> SafeString:
        return money(row.worth, settings.BASE_CURRENCY, unknown="The exposure is unknown.")

    @display(description="Policy", ordering="policy__name")
    def policy_name(self, row: RemediationSuggestion) -> SafeString:
        return short(str(row.policy or ""))

    @display(description="Applied by", ordering="applied_by__username")
    def who(self, row: RemediationSuggestion) -> SafeString | str:
        if row.applied_at is None:
            return NOTHING
        return short(str(row.applied_by or "its policy"))

    @display(description="When", ordering="applied_at")
    def when(self, row: RemediationSuggestion) -> SafeString:
        return moment(row.applied_at or row.made_at)

    def page(self, request: HttpRequest, row: Any) -> Page:
        return Page(
            headline=format_html(
                "<b>{}</b> {} {}",
                row.get_action_display(),
                badge(row.risk, f"{row.get_risk_display()} risk"),
                badge(row.status, row.get_status_display()),
            ),
            soft=str(row),
            figures=[
                ("Break", link("breaks_tradebreak", row.trade_break_id, row.trade_break)),
                ("Would clear", number(row.would_clear)),
                ("Worth", self.worth_word(row)),
                ("Policy", row.policy or NOTHING),
            ],
            main=[*suggestion_panels(row), *_outcome_panels(row, request.user)],
            side=[_facts(row)],
        )


def suggestion_panels(row: RemediationSuggestion) -> list[Panel]:
    """Return why something is suggested, what it is expected to do, and what is sent."""
    panels = [_said("Why", row.reason), _said("What it does", row.effect)]
    if text := row.does.get("text"):
        panels.append(_said("What is sent", text, f"to {row.does['to']}"))
    return panels


def _said(title: str, text: str, note: str = "") -> Panel:
    body = format_html('<p class="dk-say">{}</p>', linebreaksbr(text, autoescape=True))
    return Panel(title=title, note=note, body=body)


def _outcome_panels(row: RemediationSuggestion, by: Any) -> list[Panel]:
    cleared = [one["break"] for one in row.outcome.get("cleared", [])]
    if not cleared:
        return []
    rows = TradeBreak.objects.visible_to(by).filter(pk__among=cleared[:MOST_CLEARED])
    return [
        Panel(
            title="Breaks that it ended",
            count=len(cleared),
            head=("Break", "Type", "Is now"),
            rows=[
                [
                    link("breaks_tradebreak", one.pk, one),
                    one.get_break_type_display(),
                    badge(one.status, one.get_status_display()),
                ]
                for one in rows.order_by("pk")
            ],
        )
    ]


def _as_it_was(row: RemediationSuggestion) -> SafeString:
    """Link to the entry of the policy's history that held when the suggestion was judged."""
    if row.policy_version is None:
        return NOTHING
    view = "admin:workflows_remediationpolicy_simple_history"
    address = reverse(view, args=[row.policy_id, row.policy_version])
    return format_html('<a class="dk-link" href="{}">entry {}</a>', address, row.policy_version)


def _facts(row: RemediationSuggestion) -> Panel:
    facts: list[tuple[str, Any]] = [
        ("Made", moment(row.made_at)),
        ("By the policy", row.verdict or NOTHING),
    ]
    if row.policy is not None:
        facts.append(("Policy", link("workflows_remediationpolicy", row.policy_id, row.policy)))
        facts.append(("As it was then", _as_it_was(row)))
    if row.approval_id is not None:
        facts.append(("Request", link("breaks_approvalrequest", row.approval_id, row.approval)))
    if row.applied_at is not None:
        facts += [("Applied", moment(row.applied_at)), ("By", row.applied_by or "its policy")]
        if "trades" in row.outcome:
            facts.append(("Trades that mean another", number(row.outcome["trades"])))
    for wanted in row.outcome.get("reruns", []):
        run = wanted["run"]
        days = (
            wanted["from"]
            if wanted["from"] == wanted["to"]
            else (f"{wanted['from']} to {wanted['to']}")
        )
        facts.append((f"Reconciled again, {days}", link("matching_reconciliationrun", run, run)
                      if run else "not queued yet"))  # fmt: skip
    if row.reversed_at is not None:
        facts += [("Reversed", moment(row.reversed_at)), ("By", row.reversed_by)]
    return Panel(title="About this suggestion", facts=facts)


def _remedying(request: ApprovalRequest) -> Effect:
    found = RemediationSuggestion.objects.filter(pk=request.given["suggestion"]).first()
    return Effect(suggestion_panels(found) if found is not None else ())


EFFECTS[GuardedAct.REMEDIATE] = _remedying
