"""Which matches of earlier runs a new look confirms word for word, and so leaves alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from matching.models import Match, MatchAlternative, MatchDifference, MatchLeg
from matching.querysets import MatchQuerySet
from matching.services.outcome import Outcome, rows


@dataclass
class Content:
    """What a person sees of a match beside its trades."""

    decision: str
    kind: str
    reason: str
    differences: set[tuple[str, str, str]] = field(default_factory=set)
    alternatives: set[int] = field(default_factory=set)


def confirmed(outcome: Outcome, doubtful: Sequence[int], rule_set_id: int) -> dict[int, int]:
    """
    Return primary key to engine match id of the doubted matches that came out the same.

    The same means: same trades at the same versions under the same rules, the same decision,
    the same differences and the same alternatives. People have these rows open; a new row for an
    unchanged answer would take them away.
    """
    kept_rules = Match.objects.filter(pk__among=doubtful, rule_set_id=rule_set_id).order_by()
    legs: dict[int, set[tuple[str, int]]] = {}
    changed: set[int] = set()
    for match_id, side, trade_id, compared, current in MatchLeg.objects.filter(
        match__in=kept_rules.values("pk")
    ).values_list("match_id", "side", "trade_id", "trade_version", "trade__version"):
        legs.setdefault(match_id, set()).add((side, trade_id))
        if compared != current:
            changed.add(match_id)
    by_legs = {frozenset(found): key for key, found in legs.items() if key not in changed}

    touched = outcome.legs["row"].isin({trade for found in legs.values() for _, trade in found})
    fresh = outcome.only(set(outcome.legs.loc[touched, "match_id"]))
    same = {
        by_legs[found]: match_id
        for found, match_id in fresh.signatures().items()
        if found in by_legs
    }
    old, new = _stored_content(kept_rules), _fresh_content(fresh)
    return {key: match_id for key, match_id in same.items() if old[key] == new[match_id]}


def _stored_content(matches: MatchQuerySet) -> dict[int, Content]:
    content = {
        match_id: Content(decision, kind, reason)
        for match_id, decision, kind, reason in matches.values_list(
            "pk", "decision", "kind", "reason"
        )
    }
    keys = matches.values("pk")
    for match_id, name, left, right in MatchDifference.objects.filter(match__in=keys).values_list(
        "match_id", "field", "left_value", "right_value"
    ):
        content[match_id].differences.add((name, left, right))
    for match_id, trade in MatchAlternative.objects.filter(match__in=keys).values_list(
        "match_id", "trade_id"
    ):
        content[match_id].alternatives.add(trade)
    return content


def _fresh_content(outcome: Outcome) -> dict[int, Content]:
    content = {
        match_id: Content(decision, kind, reason)
        for match_id, decision, kind, reason in rows(
            outcome.matches, "match_id", "decision", "kind", "reason"
        )
    }
    for match_id, *difference in rows(outcome.differences, "match_id", "field", "left", "right"):
        content[match_id].differences.add(tuple(difference))
    for match_id, trade in rows(outcome.alternatives, "match_id", "row"):
        content[match_id].alternatives.add(trade)
    return content
