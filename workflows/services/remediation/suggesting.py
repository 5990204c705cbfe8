"""Looks at breaks in bulk and keeps what would put them right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from breaks.choices import LIVE
from breaks.models import TradeBreak
from workflows.choices import LIVE_SUGGESTIONS, RemedyAction, SuggestionStatus
from workflows.models import RemediationPolicy, RemediationSuggestion
from workflows.remedies.cases import Case, Draft
from workflows.remedies.limits import Verdict, judge
from workflows.remedies.suggesters import drafts_of
from workflows.services.remediation.reading import cases_of, known_beside

# What only asks others is not asked for twice.
ASKS = (
    RemedyAction.ASK_RESEND,
    RemedyAction.CANCEL_DUPLICATE,
    RemedyAction.CORRECT_FIELD,
    RemedyAction.WAIT_FOR_FEED,
)


@dataclass(frozen=True)
class Policies:
    """The policies with the key of the last entry of each one's history."""

    rows: Sequence[RemediationPolicy]
    versions: Mapping[int, int]

    @classmethod
    def load(cls) -> "Policies":
        changes = RemediationPolicy.history.order_by().values_list("id")
        return cls(list(RemediationPolicy.objects.all()),
                   dict(changes.annotate(Max("history_id"))))  # fmt: skip

    def version_of(self, policy: RemediationPolicy | None) -> int | None:
        return None if policy is None else self.versions.get(policy.pk)


@dataclass(frozen=True)
class Look:
    """One thing that would put a break right, and what the policies say of it."""

    case: Case
    draft: Draft
    verdict: Verdict


def look(breaks: Sequence[TradeBreak], *, at: datetime) -> dict[int, list[Look]]:
    """
    Return what a policy lets be done to each live break, the best first; nothing is written.

    A fixed number of queries, whatever the number of breaks.
    """
    live = [row for row in breaks if row.status in LIVE]
    return _looks(live, _before(live), Policies.load(), at)


@transaction.atomic
def suggest(breaks: Sequence[TradeBreak], *, at: datetime) -> list[RemediationSuggestion]:
    """
    Bring the suggestions of these breaks up to date and return those that are proposed.

    What no longer holds is overtaken, what stands is left alone, so that a second look writes
    nothing. A fixed number of queries, whatever the number of breaks.
    """
    live = [row for row in breaks if row.status in LIVE]
    before, policies = _before(breaks), Policies.load()
    looks = _looks(live, before, policies, at)
    standing: dict[tuple[int, str], RemediationSuggestion] = {
        (one.trade_break_id, one.action): one
        for ones in before.values()
        for one in ones
        if one.status in LIVE_SUGGESTIONS
    }
    fresh: list[RemediationSuggestion] = []
    changed: list[RemediationSuggestion] = []
    kept: list[RemediationSuggestion] = []
    for pk, found in looks.items():
        for one in found:
            row = row_of(one, policies, at)
            old = standing.pop((pk, str(one.draft.action)), None)
            if old is None:
                fresh.append(row)
            elif old.status == SuggestionStatus.PROPOSED:
                kept.append(old)
                if _take_over(old, row):
                    changed.append(old)
    gone = [one.pk for one in standing.values() if one.status == SuggestionStatus.PROPOSED]
    waiting = RemediationSuggestion.objects.filter(status=SuggestionStatus.PROPOSED)
    waiting.filter(pk__among=gone).update(status=SuggestionStatus.SUPERSEDED)
    RemediationSuggestion.objects.bulk_update(changed, _TAKEN_OVER, batch_size=500)
    # Somebody else may have looked at the same breaks: the constraint tells, and theirs stands.
    RemediationSuggestion.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=1000)
    written = RemediationSuggestion.objects.filter(
        trade_break__among=[row.pk for row in live], status=SuggestionStatus.PROPOSED
    )
    order = list(RemedyAction)
    return sorted(
        written.select_related("policy"),
        key=lambda one: (one.trade_break_id, not one.applies_itself, order.index(one.action)),
    )


def row_of(found: Look, policies: Policies, at: datetime) -> RemediationSuggestion:
    """Return the row of something that was found; it is not written yet."""
    draft, verdict = found.draft, found.verdict
    return RemediationSuggestion(
        trade_break_id=found.case.pk,
        break_version=found.case.version,
        action=draft.action,
        risk=draft.risk,
        reason=draft.reason,
        effect=draft.effect,
        does=dict(draft.does),
        would_clear=draft.would_clear,
        worth=draft.worth,
        applies_itself=verdict.by_itself,
        verdict=verdict.why,
        policy=verdict.policy,
        policy_version=policies.version_of(verdict.policy),
        made_at=at,
    )


_TAKEN_OVER = (
    "break_version", "risk", "reason", "effect", "does", "would_clear", "worth", "applies_itself",
    "verdict", "policy", "policy_version",
)  # fmt: skip


def _take_over(old: RemediationSuggestion, new: RemediationSuggestion) -> bool:
    """Make a suggestion say what is so now; tell whether that changed anything."""
    differs = [
        name for name in _TAKEN_OVER
        if name != "policy" and getattr(old, name) != getattr(new, name)
    ]  # fmt: skip
    if old.policy_id != new.policy_id:
        differs.append("policy")
    for name in differs:
        setattr(old, name, getattr(new, name))
    return bool(differs)


def _before(breaks: Iterable[TradeBreak]) -> dict[int, list[RemediationSuggestion]]:
    """Return the suggestions there were for each break, the oldest first."""
    found: dict[int, list[RemediationSuggestion]] = {row.pk: [] for row in breaks}
    rows = RemediationSuggestion.objects.filter(trade_break__among=sorted(found)).order_by("pk")
    for one in rows:
        found[one.trade_break_id].append(one)
    return found


def _looks(
    breaks: Sequence[TradeBreak],
    before: Mapping[int, Sequence[RemediationSuggestion]],
    policies: Policies,
    at: datetime,
) -> dict[int, list[Look]]:
    cases = cases_of(breaks, at=at)
    known = known_beside(cases.values())
    looks: dict[int, list[Look]] = {}
    for pk, case in sorted(cases.items()):
        found = []
        for draft in drafts_of(case, known):
            last = _last(before.get(pk, ()), draft)
            if last == SuggestionStatus.REFUSED or (
                last == SuggestionStatus.APPLIED and draft.action in ASKS
            ):
                continue
            verdict = judge(policies.rows, case, draft, last)
            if verdict.allowed:
                found.append(Look(case, _marked(draft, last), verdict))
        looks[pk] = sorted(found, key=lambda one: not one.verdict.by_itself)
    return looks


def _last(before: Sequence[RemediationSuggestion], draft: Draft) -> SuggestionStatus | None:
    """Return what became of the last suggestion that did the same and was decided."""
    decided = (SuggestionStatus.APPLIED, SuggestionStatus.REVERSED, SuggestionStatus.REFUSED)
    does: dict[str, Any] = dict(draft.does)
    same = [
        SuggestionStatus(one.status)
        for one in before
        if one.action == draft.action and one.does == does and one.status in decided
    ]
    return same[-1] if same else None


def _marked(draft: Draft, last: SuggestionStatus | None) -> Draft:
    if last != SuggestionStatus.REVERSED:
        return draft
    return replace(draft, reason=f"{draft.reason} It was applied before and reversed.")
