"""A break's page and the queue, with what would put breaks right."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from breaks.admin.acts import WORK
from breaks.admin.queue import TradeBreakAdmin
from breaks.admin.words import asked_words
from breaks.choices import LIVE, BreakStatus
from breaks.models import ApprovalRequest, TradeBreak
from trades.admin.acts import Act, ActForm
from trades.admin.cells import badge, moment
from trades.admin.page import Page, Panel
from workflows.choices import RemedyAction, SuggestionStatus
from workflows.models import RemediationSuggestion

if TYPE_CHECKING:
    from breaks.services.foreseeing import Foreseen
    from workflows.services.remediation.suggesting import Look

# What became of a suggestion for the break, beside what is suggested now.
SHOWN = (SuggestionStatus.ASKED, SuggestionStatus.APPLIED, SuggestionStatus.REVERSED)
MOST_SHOWN = 5
BECOMES = {
    RemedyAction.NORMALISE_ALIAS: BreakStatus.RESOLVED,
    RemedyAction.ACCEPT_ROUNDING: BreakStatus.ACCEPTED,
}


class RemedyForm(ActForm):
    action = forms.ChoiceField(label="What to do", widget=UnfoldAdminRadioSelectWidget())
    reason = forms.CharField(
        label="Why, for whoever approves",
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
        help_text="May be left empty: then the reason of the suggestion is given.",
    )

    def about(self, request: HttpRequest, row: Any) -> None:
        """Offer what is suggested for the row; of many rows, each has its best done."""
        if row.pk is None:
            del self.fields["action"]
            return
        found = looks_at([row]).get(row.pk, [])
        self.fields["action"].choices = [  # type: ignore[attr-defined]
            (str(one.draft.action), one.draft.action.label) for one in found
        ]
        if found:
            self.fields["action"].initial = str(found[0].draft.action)
        self.beside = render_to_string(
            "desk/suggestion_list.html", {"lines": [line_of(one) for one in found]}
        )


def _run(request: HttpRequest, row: TradeBreak, given: dict[str, Any]) -> str:
    from workflows.services.remediation import remedy_break

    by: Any = request.user
    done = remedy_break(break_id=row.pk, by=by, at=timezone.now(), **given)
    if isinstance(done, ApprovalRequest):
        return asked_words(done)
    return f"Applied by its policy: {done} is {done.get_status_display().lower()}."


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused
    from breaks.services.opening import BreaksMoved

    return (WorkRefused, BreaksMoved)


REMEDY = Act(
    name="remedy", label="Remediate", permission=WORK, run=_run, refusals=_refusals,
    form=RemedyForm, group="remedy", submit="Go ahead",
    description="A policy applies what it lets apply itself. Everything else is asked for, and a "
    "second person lets it happen or not.",
    offered=lambda row: row.status in LIVE,
)  # fmt: skip


class RemediedBreaks(TradeBreakAdmin):
    """Breaks, each with what would put it right, one or many at a time."""

    def page(self, request: HttpRequest, row: Any) -> Page:
        page = super().page(request, row)
        panels = suggestions_panels(row, by=request.user, query=self._query(request))
        return replace(page, side=[*panels, *page.side])

    def foreseen(self, rows: Sequence[TradeBreak], act: Act, by: Any) -> "list[Foreseen]":
        if act.name != REMEDY.name:
            return super().foreseen(rows, act, by)
        from breaks.services.foreseeing import Foreseen

        looks = looks_at(rows)
        asked = set(
            RemediationSuggestion.objects.filter(
                trade_break__among=[row.pk for row in rows], status=SuggestionStatus.ASKED
            ).values_list("trade_break", flat=True)
        )
        found = []
        for row in rows:
            now, best = BreakStatus(row.status), looks.get(row.pk, [])
            if not best:
                ended = f"{row} is {row.get_status_display().lower()}."
                nothing = "Nothing is known that would put it right by itself."
                found.append(Foreseen(now, nothing if row.status in LIVE else ended))
            elif row.pk in asked:
                found.append(Foreseen(now, "It is asked for already."))
            elif not best[0].verdict.by_itself:
                found.append(Foreseen(now, waits=True))
            else:
                to = BECOMES.get(best[0].draft.action, BreakStatus.AWAITING_COUNTERPARTY)
                found.append(Foreseen(to))
        return found


def looks_at(rows: Sequence[TradeBreak]) -> "dict[int, list[Look]]":
    from workflows.services.remediation import look

    return look(rows, at=timezone.now())


def suggestions_panels(row: TradeBreak, *, by: Any, query: str = "") -> list[Panel]:
    """Return the panel of what would put a break right, and of what was done; none without."""
    found = looks_at([row]).get(row.pk, [])
    before = list(
        RemediationSuggestion.objects.filter(trade_break=row, status__in=SHOWN)
        .select_related("policy", "approval", "applied_by", "reversed_by")
        .order_by("-pk")[:MOST_SHOWN]
    )
    asked = {one.action for one in before if one.status == SuggestionStatus.ASKED}
    may = by.has_perm(WORK)
    lines = [
        line_of(one) | {"link": _link(row, one, query) if may else ""}
        for one in found
        if one.draft.action not in asked
    ]
    lines += [_line_of_row(one, by) for one in before]
    if not lines:
        return []
    body = render_to_string("desk/suggestion_list.html", {"lines": lines})
    return [Panel(title="Suggested remediation", count=len(lines), body=body)]


def line_of(one: "Look") -> dict[str, Any]:
    """Return what is shown of something that would put a break right."""
    draft, verdict = one.draft, one.verdict
    return {
        "action": draft.action.label,
        "risk": badge(draft.risk, f"{draft.risk.label} risk"),
        "reason": draft.reason,
        "effect": draft.effect,
        "text": draft.does.get("text", ""),
        "verdict": verdict.why,
        "button": "Apply" if verdict.by_itself else "Ask for approval",
        "primary": verdict.by_itself,
    }


def _line_of_row(one: RemediationSuggestion, by: Any) -> dict[str, Any]:
    who: Any = one.applied_by or one.policy or "a policy"
    when = one.applied_at
    if one.status == SuggestionStatus.ASKED and one.approval is not None:
        who, when = one.approval.made_by, one.approval.made_at
    if one.status == SuggestionStatus.REVERSED:
        who, when = one.reversed_by, one.reversed_at
    return {
        "action": one.get_action_display(),
        "risk": badge(one.status, one.get_status_display()),
        "reason": one.reason,
        "effect": one.effect,
        "text": one.does.get("text", ""),
        "verdict": f"by {who}",
        "when": moment(when),
        "page": reverse("admin:workflows_remediationsuggestion_change", args=[one.pk]),
        "link": _reverse_link(one, by),
        "button": "Reverse",
    }


def _reverse_link(one: RemediationSuggestion, by: Any) -> str:
    from workflows.services.remediation import may_reverse

    if one.status != SuggestionStatus.APPLIED or not by.has_perm(WORK):
        return ""
    if not may_reverse(one, by):
        return ""
    return reverse("admin:workflows_remediationsuggestion_reverse", args=[one.pk])


def _link(row: TradeBreak, one: "Look", query: str) -> str:
    said: dict[str, Any] = {"version": row.version, "action": str(one.draft.action)}
    named = urlencode(said)
    address = reverse("admin:breaks_tradebreak_remedy", args=[row.pk])
    return f"{address}?{named}" + (f"&{query}" if query else "")
