"""Whether a policy lets a remediation be done, and be done by itself; with the reason in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from breaks.choices import BreakType
from trades.reports import plain
from workflows.choices import COSTS_MONEY, RemedyAction, Risk, SuggestionStatus
from workflows.models import RemediationPolicy
from workflows.remedies.cases import Case, Draft
from workflows.remedies.rounding import percent_of


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """
    What the policies say: not at all, with a second person, or by itself; `why` is a sentence.

    `policy` is the one that says so; none where no policy lists the type.
    """

    allowed: bool
    by_itself: bool
    why: str
    policy: RemediationPolicy | None = None


def judge(
    policies: Iterable[RemediationPolicy],
    case: Case,
    draft: Draft,
    before: SuggestionStatus | None = None,
) -> Verdict:
    """
    Judge a draft by all policies of its action; the most any of them allows counts.

    `before` is what became of the same suggestion when it was last made: what was reversed, or
    applied in vain, is never done by itself again.
    """
    found = [_by(one, case, draft, before) for one in policies if one.action == draft.action]
    if not found:
        label = RemedyAction(draft.action).label.lower()
        return Verdict(allowed=False, by_itself=False, why=f"No policy is about this: {label}.")
    return max(found, key=lambda one: (one.by_itself, one.allowed))


def _by(
    policy: RemediationPolicy, case: Case, draft: Draft, before: SuggestionStatus | None
) -> Verdict:
    if refused := forbids(policy, case, draft):
        return Verdict(allowed=False, by_itself=False, why=refused, policy=policy)
    if beyond := asks_for_a_person(policy, case, draft, before):
        return Verdict(allowed=True, by_itself=False, why=beyond, policy=policy)
    why = f"{policy} lets it apply itself."
    return Verdict(allowed=True, by_itself=True, why=why, policy=policy)


def forbids(policy: RemediationPolicy, case: Case, draft: Draft) -> str:
    """Say why a policy does not let it be done at all, whoever approves; empty if it does."""
    if not policy.is_enabled:
        return f"{policy} is switched off."
    if case.break_type not in policy.break_types:
        kind = BreakType(case.break_type).label.lower()
        return f"{policy} does not list the type {kind}."
    return _beyond_difference(policy, case) if draft.action in COSTS_MONEY else ""


def asks_for_a_person(
    policy: RemediationPolicy, case: Case, draft: Draft, before: SuggestionStatus | None
) -> str:
    """Say why a policy wants a second person; empty where it lets the draft apply itself."""
    if not policy.applies_itself:
        return f"{policy} wants a second person."
    if draft.risk != Risk.LOW:
        return f"{draft.risk.label} risk: only low risk applies itself."
    if before == SuggestionStatus.REVERSED:
        return "It was applied and reversed before, so a person decides."
    if before == SuggestionStatus.APPLIED:
        return "It was applied before and the break is back, so a person decides."
    return _beyond_difference(policy, case) or _beyond_exposure(policy, case)


def _beyond_difference(policy: RemediationPolicy, case: Case) -> str:
    """Say which of the two caps on the difference does not hold; an unknown one holds neither."""
    if policy.absolute_cap is not None:
        if case.difference is None:
            return f"The difference is not a number, so the absolute cap of {policy} cannot hold."
        if abs(case.difference) > policy.absolute_cap:
            return (
                f"The difference of {plain(abs(case.difference))} is above the absolute cap of "
                f"{policy}, {plain(policy.absolute_cap)}."
            )
    if policy.percent_cap is not None:
        share = percent_of(case)
        if share is None:
            return f"One of the values is not known, so the percent cap of {policy} cannot hold."
        if share > policy.percent_cap:
            return (
                f"The difference of {share:.4f}% is above the percent cap of {policy}, "
                f"{plain(policy.percent_cap)}%."
            )
    return ""


def _beyond_exposure(policy: RemediationPolicy, case: Case) -> str:
    if policy.max_exposure is None:
        return ""
    if case.exposure is None:
        return f"The exposure is not known, and {policy} goes up to {plain(policy.max_exposure)}."
    if case.exposure > policy.max_exposure:
        return (
            f"The exposure of {case.exposure:,.2f} {case.currency} is above what {policy} goes "
            f"up to, {plain(policy.max_exposure)}."
        )
    return ""
