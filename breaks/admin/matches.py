from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from breaks.admin.bulk_matches import BulkMatches
from breaks.admin.words import asked_words, severity_cell, status_cell, type_words
from breaks.models import ApprovalRequest, TradeBreak
from matching.admin import review
from matching.admin.matches import MatchAdmin
from matching.choices import LegSide, MatchStatus
from matching.models import Match, MatchAlternative
from trades.admin.acts import Act, ActForm, ReasonForm
from trades.admin.cells import link, moment
from trades.admin.page import Panel

DECIDE = "matching.decide_match"


class InsteadForm(ReasonForm):
    other = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


def _run(service: str, said: str) -> Any:
    def run(request: HttpRequest, row: Match, given: dict[str, Any]) -> str:
        from breaks.services import pairing

        was = row.status
        decide = getattr(pairing, service)
        decide(match_id=row.pk, reason=given.get("reason", ""), by=request.user, at=timezone.now())
        _settle(row, was)
        return said.format(row)

    return run


def _unmatch(request: HttpRequest, row: Match, given: dict[str, Any]) -> str:
    from breaks.services import approvals

    by: Any = request.user
    done = approvals.unmatch(match_id=row.pk, reason=given["reason"], by=by, at=timezone.now())
    if isinstance(done, ApprovalRequest):
        return asked_words(done)
    return f"{row} is taken apart."


def _instead(request: HttpRequest, row: Match, given: dict[str, Any]) -> str:
    from breaks.services import approvals
    from matching.services.decisions import DecisionRefused

    by: Any = request.user
    was = row.status
    other = row.alternatives.select_related("trade").filter(trade=given["other"]).first()
    if was != MatchStatus.PROPOSED or other is None:
        raise DecisionRefused(f"{row} does not propose that trade any more; look at it again.")
    sides: dict[str, list[int]] = {side: [] for side in LegSide.values}
    for leg in row.legs.all():
        if leg.side != other.side:
            sides[leg.side].append(leg.trade_id)
    sides[other.side].append(other.trade_id)
    done = approvals.pair_by_hand(
        reconciliation=row.reconciliation, left_ids=sides[LegSide.LEFT],
        right_ids=sides[LegSide.RIGHT], reason=given["reason"], by=by, at=timezone.now(),
    )  # fmt: skip
    if isinstance(done, ApprovalRequest):
        return asked_words(done)
    _settle(row, was)
    return f"Paired with {other.trade} instead."


def _settle(row: Match, was: str) -> None:
    """Read what became of a match; a proposal that is decided leads on to the next one."""
    row.refresh_from_db(fields=["status"])
    row.is_done = was == MatchStatus.PROPOSED != row.status  # type: ignore[attr-defined]


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.approvals import REFUSALS

    return REFUSALS


def _is_proposed(row: Match) -> bool:
    return row.status == MatchStatus.PROPOSED


def _stands(row: Match) -> bool:
    return row.status == MatchStatus.MATCHED


def _act(name: str, label: str, run: Any, **more: Any) -> Act:
    more.setdefault("form", ReasonForm)
    return Act(name=name, label=label, permission=DECIDE, run=run, refusals=_refusals, **more)


INSTEAD = _act(
    "instead", "Pair with this instead", _instead, form=InsteadForm, offered=_is_proposed,
    group="candidate", submit="Pair them",
    description="The proposal gives way; the trades are paired as you say.",
)  # fmt: skip


@admin.register(Match)
class DecidedMatchAdmin(BulkMatches, MatchAdmin):
    """Matches with what a person may decide on them; breaks follow in the same transaction."""

    acts = (
        _act("confirm", "Confirm", _run("confirm_match", "{} is confirmed."), tone="primary",
             key="y", form=ActForm, at_once=True, offered=_is_proposed,
             description="The trades are the same business; what they disagree on stays a break."),
        _act("reject", "Reject", _run("reject_match", "{} is rejected."), key="n",
             offered=_is_proposed,
             description="The trades are not the same business, and are not paired again."),
        _act("unmatch", "Take apart", _unmatch, offered=_stands,
             description="The trades go back to be matched; breaks of this match clear. Where the "
             "policy says so, a second person has to approve it first."),
        INSTEAD,
    )  # fmt: skip

    def instead(self, request: HttpRequest, match: Match, other: MatchAlternative) -> Any:
        if not _is_proposed(match) or not request.user.has_perm(DECIDE):  # type: ignore[union-attr]
            return ""
        address = f"{self._act_link(INSTEAD, match)}?{urlencode({'other': other.trade_id})}"
        return format_html(
            '<a class="dk-button dk-small" href="{}" hx-get="{}" hx-target="#modal-content" '
            'hx-select="#dialog" x-on:htmx:after-on-load="openModal = true">{}</a>',
            address, address, INSTEAD.label,
        )  # fmt: skip

    def onward(self, request: HttpRequest, row: Any) -> str:
        """Lead from a proposal that was decided to the next one, or to the queue after the last."""
        if not getattr(row, "is_done", False):
            return super().onward(request, row)
        following = review.next_to(row)
        return self._page_of(following) if following else reverse("admin:matching_match_changelist")

    def explain_refusal(self, request: HttpRequest, row: Any, refusal: Exception) -> Any:
        if row.decided_by is None:
            return None
        return format_html(
            "<p><b>{}</b>: {} <q>{}</q> {}</p>", row.decided_by, row.get_status_display(),
            row.decision_note, moment(row.decided_at),
        )  # fmt: skip

    def about(self, request: HttpRequest, match: Match) -> list[Panel]:
        seen = TradeBreak.objects.visible_to(request.user)
        found = seen.filter(match=match).select_related(
            "reconciliation__left_source", "reconciliation__right_source"
        )
        return [breaks_panel(list(found), "The match has no breaks.")]


def breaks_panel(found: list[TradeBreak], none: str, *, title: str = "Breaks") -> Panel:
    """Return breaks as a panel of links."""
    return Panel(
        title=title,
        count=len(found),
        head=("Break", "Type", "Severity", "Status"),
        rows=[
            [
                link("breaks_tradebreak", one.pk, one.pk),
                type_words(one),
                severity_cell(one),
                status_cell(one),
            ]
            for one in found
        ],
        none=none,
    )
