"""Taking an applied remediation back: what it did is undone, and the history says both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import BreakStatus, EventKind
from breaks.models import BreakEvent, TradeBreak
from breaks.services import remedied
from breaks.services.acting import check_actor, clean, refuse_stale
from breaks.services.approvals.execution import TALK
from breaks.services.opening import Cause
from breaks.services.undoing import UNDO_OF_OTHERS
from trades.services import aliases
from workflows.choices import RemedyAction, SuggestionStatus
from workflows.models import RemediationSuggestion
from workflows.services.remediation.acting import WORK, hold_for, the_suggestion
from workflows.services.remediation.refusing import RemedyRefused
from workflows.services.remediation.repairing import days_of, repair
from workflows.services.remediation.rerunning import request_runs
from workflows.services.remediation.settings import undo_change


@transaction.atomic
def reverse(
    *, suggestion_id: int, by: User, at: datetime, reason: str, version: int | None = None
) -> RemediationSuggestion:
    """
    Take back what an applied suggestion did.

    Breaks that it ended are as they were before, unless somebody worked on them since. The same
    is never applied by a policy again.

    :raises RemedyRefused: if it is not applied, the actor may not, no reason is given, or what it
        did was changed since.
    :raises StaleBreak: if the break is not at `version` any more.
    """
    check_actor(by)
    if not clean(reason):
        raise RemedyRefused("Say why it is reversed.")
    suggestion = the_suggestion(suggestion_id)
    row = hold_for(suggestion)
    refuse_stale(row, version)
    if suggestion.status == SuggestionStatus.APPLIED and not may_reverse(suggestion, by):
        whose = suggestion.applied_by or suggestion.policy or "a policy"
        raise RemedyRefused(f"{whose} applied it: ask a supervisor to reverse it.")
    applied = RemediationSuggestion.objects.filter(
        pk=suggestion.pk, status=SuggestionStatus.APPLIED
    )
    if not applied.update(status=SuggestionStatus.REVERSED, reversed_by=by, reversed_at=at):
        raise RemedyRefused(
            f"{suggestion} is {suggestion.get_status_display().lower()}; only an applied one is "
            "reversed."
        )
    suggestion.refresh_from_db()
    reversal = _Reversal(suggestion, by, at, clean(reason))
    if suggestion.action == RemedyAction.NORMALISE_ALIAS:
        _unlearn(reversal, row)
    elif suggestion.action == RemedyAction.CHANGE_SETTING:
        _unset(reversal, row)
    else:
        _put_back(reversal, row)
    request_runs(suggestion, at=at)
    return suggestion


def may_reverse(suggestion: RemediationSuggestion, by: User) -> bool:
    """
    Tell whether a person may take a suggestion back.

    Whoever applied it may, and who may decide approvals; what a policy did to one break, whoever
    may work breaks.
    """
    if suggestion.applied_by_id == by.pk or by.has_perm(UNDO_OF_OTHERS):
        return True
    alone = suggestion.action not in (RemedyAction.NORMALISE_ALIAS, RemedyAction.CHANGE_SETTING)
    return suggestion.applied_by_id is None and alone and by.has_perm(WORK)


@dataclass(frozen=True)
class _Reversal:
    """A suggestion that is taken back, by whom and why."""

    suggestion: RemediationSuggestion
    by: User
    at: datetime
    reason: str

    @property
    def detail(self) -> dict[str, Any]:
        return {"remediation": self.suggestion.pk, "action": self.suggestion.action}

    def change(self, row: TradeBreak, before: Mapping[str, Any] | None) -> remedied.Change:
        """Return what puts a break back to what it was, or only says that it was reversed."""
        same = before is None or row.status == before["status"]
        return remedied.Change(
            row=row,
            kind=EventKind.REVERSED,
            to=None if before is None or same else BreakStatus(before["status"]),
            kept=None if before is None else before["kept"],
            reason=self.reason,
            detail=self.detail,
        )


def _put_back(reversal: _Reversal, row: TradeBreak) -> None:
    """Undo what touched one break only."""
    suggestion, outcome = reversal.suggestion, reversal.suggestion.outcome
    untouched = bool(_untouched([row], {row.pk: outcome["version"]}))
    if not untouched and suggestion.action == RemedyAction.ACCEPT_ROUNDING:
        raise RemedyRefused(
            f"{row} was worked on since it was accepted, so there is nothing to put back. "
            "Re-open it instead."
        )
    change = reversal.change(row, outcome["before"] if untouched else None)
    remedied.write([change], by=reversal.by, at=reversal.at)
    outcome["reruns"] = [one for one in outcome.get("reruns", []) if one["run"] is not None]


def _unlearn(reversal: _Reversal, row: TradeBreak) -> None:
    """Take an alias away again, and bring back what it cleared."""
    suggestion = reversal.suggestion
    kept, kind = suggestion.outcome["alias"], suggestion.does["kind"]
    undo = aliases.tell_apart if kind == "COUNTERPARTY" else aliases.unlearn_account_code
    try:
        learnt = undo(kept)
    except aliases.AliasRefused as refusal:
        raise RemedyRefused(str(refusal)) from refusal
    before = {one["break"]: one for one in suggestion.outcome["cleared"]}
    locked = TradeBreak.objects.select_for_update()
    ended = locked.filter(pk__among=sorted(before), status=BreakStatus.RESOLVED).order_by("pk")
    untouched = _untouched(list(ended), {pk: one["version"] for pk, one in before.items()})
    changes = [reversal.change(one, before[one.pk]) for one in untouched]
    if row.pk not in {one.pk for one in untouched}:
        changes.append(reversal.change(row, None))
    remedied.write(changes, by=reversal.by, at=reversal.at)
    sentence = f"{suggestion} was reversed: {reversal.reason}"
    cause = Cause(by=reversal.by, why=sentence, checked=reversal.detail)
    done = repair(trade_ids=learnt.trades, kind=kind, cause=cause, at=reversal.at)
    suggestion.outcome["reruns"] = done.reruns


def _unset(reversal: _Reversal, row: TradeBreak) -> None:
    """Read a source as before, and let the same days be reconciled again."""
    suggestion = reversal.suggestion
    undo_change(suggestion.does, suggestion.outcome)
    remedied.write([reversal.change(row, None)], by=reversal.by, at=reversal.at)
    suggestion.outcome["reruns"] = days_of(suggestion.does["breaks"])


def _untouched(rows: Sequence[TradeBreak], versions: Mapping[int, int]) -> list[TradeBreak]:
    """Return those of the rows to which nothing but talk happened since these versions."""
    events = BreakEvent.objects.filter(trade_break__in=[row.pk for row in rows])
    later = events.exclude(kind__in=TALK).order_by().values_list("trade_break", "sequence")
    touched = {pk for pk, sequence in later if sequence > versions[pk]}
    return [row for row in rows if row.pk not in touched]
