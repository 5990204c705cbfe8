from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from breaks.admin.words import severity_cell, status_cell, type_words
from breaks.models import TradeBreak
from matching.admin.matches import MatchAdmin
from matching.choices import MatchStatus
from matching.models import Match
from trades.admin.acts import Act, ReasonForm
from trades.admin.cells import link
from trades.admin.page import Panel

DECIDE = "matching.decide_match"


def _run(service: str, said: str) -> Any:
    def run(request: HttpRequest, row: Match, given: dict[str, Any]) -> str:
        from breaks.services import pairing

        decide = getattr(pairing, service)
        decide(match_id=row.pk, reason=given["reason"], by=request.user, at=timezone.now())
        return said.format(row)

    return run


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused
    from matching.services.decisions import DecisionRefused

    return (DecisionRefused, WorkRefused)


def _is_proposed(row: Match) -> bool:
    return row.status == MatchStatus.PROPOSED


def _stands(row: Match) -> bool:
    return row.status == MatchStatus.MATCHED


def _act(name: str, label: str, service: str, said: str, **more: Any) -> Act:
    return Act(
        name=name, label=label, permission=DECIDE, form=ReasonForm, run=_run(service, said),
        refusals=_refusals, **more,
    )  # fmt: skip


@admin.register(Match)
class DecidedMatchAdmin(MatchAdmin):
    """Matches with what a person may decide on them; breaks follow in the same transaction."""

    acts = (
        _act("confirm", "Confirm", "confirm_match", "{} is confirmed.", tone="primary",
             offered=_is_proposed,
             description="The trades are the same business; what they disagree on stays a break."),
        _act("reject", "Reject", "reject_match", "{} is rejected.", offered=_is_proposed,
             description="The trades are not the same business, and are not paired again."),
        _act("unmatch", "Take apart", "unmatch", "{} is taken apart.", offered=_stands,
             description="The trades go back to be matched; breaks of this match clear."),
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
