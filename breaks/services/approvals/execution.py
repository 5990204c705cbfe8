"""
How each guarded act is done once it is approved, and what overtakes a request for it.

Another guarded act is added as a line of `EXECUTIONS`, and one of an app above this one by
`breaks.guarded`; what `given` holds is between its `run`, its `changed` and whoever asks for it.
The modules named here import nothing of this package.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.models import User

from breaks.choices import ApprovalStatus, EventKind, GuardedAct
from breaks.guarded import LOADERS
from breaks.models import ApprovalRequest
from breaks.services import pairing, work
from matching.choices import MatchStatus, RuleSetStatus
from matching.models import Match, MatchLeg, Reconciliation, RuleSet
from matching.rules import active_version
from matching.services import rule_sets
from trades.models import Trade

# What is said about a break, or asked of it, leaves the break itself as it was.
TALK = frozenset(
    {
        EventKind.COMMENTED,
        EventKind.ATTACHED,
        EventKind.REQUESTED,
        EventKind.TURNED_DOWN,
        EventKind.WITHDRAWN,
    }
)

Checked = Mapping[str, Any]
Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Execution:
    """
    What becomes of an approved request.

    `run(request, checked, at)` does it as the act of `request.made_by`, in the caller's
    transaction; `checked` names request and checker for the history. `changed(request)` is a
    sentence that says what overtook it and by whom, or empty. `permission` is the one that
    whoever asked must still have. `made_too(request, by)` tells whether somebody else than the
    maker had a hand in it, and so is no second pair of eyes. `closed(request)` is told when a
    request came to nothing; `hold(request)` takes the locks of the act that come before the
    break's.
    """

    permission: str
    changed: Callable[[ApprovalRequest], str]
    run: Callable[[ApprovalRequest, Checked, datetime], object]
    closed: Callable[[ApprovalRequest], None] = lambda _request: None
    hold: Callable[[ApprovalRequest], None] = lambda _request: None
    made_too: Callable[[ApprovalRequest, User], bool] = lambda _request, _by: False


def what_changed(request: ApprovalRequest) -> str:
    """Say what overtook a request since it was made, and by whom; empty if nothing did."""
    return _break_changed(request) or execution_of(request.act).changed(request)


def overtaken_by(request: ApprovalRequest) -> str:
    """Say what overtook a request that still waits; empty if it can be approved."""
    return what_changed(request) if request.status == ApprovalStatus.PENDING else ""


def _break_changed(request: ApprovalRequest) -> str:
    row = request.trade_break
    if row is None:
        return ""
    since = row.events.filter(sequence__gt=request.given["version"]).exclude(kind__in=TALK)
    last = since.select_related("by").order_by("sequence").last()
    if last is None:
        return ""
    return (
        f"{row} was changed by {last.by or 'the system'} meanwhile "
        f"({last.get_kind_display().lower()}, {last.at:%Y-%m-%d %H:%M} UTC) and is now "
        f"{row.get_status_display().lower()}."
    )


def versions_of(trade_ids: list[int]) -> dict[str, int]:
    """Return the version each trade is at, by its key as text, as JSON wants keys."""
    rows = Trade.objects.filter(pk__among=trade_ids).order_by("pk").values_list("pk", "version")
    return {str(pk): version for pk, version in rows}


def live_matches_of(reconciliation: Reconciliation, trade_ids: list[int]) -> list[int]:
    """Return the keys of the matches, made or proposed, that hold one of these trades."""
    legs = MatchLeg.objects.filter(
        reconciliation=reconciliation, trade__among=trade_ids, is_live=True
    )
    return sorted(set(legs.order_by().values_list("match", flat=True)))


def digest_of_rules(rule_set: RuleSet) -> str:
    """Return the SHA-256 (hex) of a rule set's definition."""
    text = json.dumps(rule_set.definition, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _known(subject: Subject | None) -> Subject:
    """Return what a request of this act is about."""
    if subject is None:
        raise ValueError("The request does not say what it is about.")
    return subject


def _nothing_more(_request: ApprovalRequest) -> str:
    return ""


def _accept(request: ApprovalRequest, checked: Checked, at: datetime) -> object:
    row = _known(request.trade_break)
    return work.accept(
        break_id=row.pk,
        version=row.version,
        comment=request.given["comment"],
        by=request.made_by,
        at=at,
        checked=checked,
    )


def _pair(request: ApprovalRequest, checked: Checked, at: datetime) -> object:
    return pairing.pair_by_hand(
        reconciliation=_known(request.reconciliation),
        left_ids=request.given["left"],
        right_ids=request.given["right"],
        reason=request.reason,
        by=request.made_by,
        at=at,
        checked=checked,
    )


def _pair_changed(request: ApprovalRequest) -> str:
    if amended := _amended(request.given["trades"]):
        return amended
    trade_ids = [int(key) for key in request.given["trades"]]
    found = live_matches_of(_known(request.reconciliation), trade_ids)
    if found == request.given["matches"]:
        return ""
    new = sorted(set(found) - set(request.given["matches"]))
    if not new:
        gone = Match.objects.filter(pk__in=request.given["matches"]).exclude(pk__in=found).first()
        return f"{_decided(gone)} meanwhile." if gone else "A proposal of these trades is gone."
    one = Match.objects.select_related("decided_by").get(pk=new[0])
    return f"One of these trades is in match {one.pk} by now, made by {one.decided_by or 'a run'}."


def _unmatch(request: ApprovalRequest, checked: Checked, at: datetime) -> object:
    return pairing.unmatch(
        match_id=request.given["match"],
        reason=request.reason,
        by=request.made_by,
        at=at,
        checked=checked,
    )


def _unmatch_changed(request: ApprovalRequest) -> str:
    match = Match.objects.select_related("decided_by").filter(pk=request.given["match"]).first()
    if match is None:
        return f"Match {request.given['match']} is gone."
    if match.status != MatchStatus.MATCHED:
        return f"{_decided(match)} meanwhile."
    return _amended(request.given["trades"])


def _decided(match: Match) -> str:
    who = match.decided_by or "a run"
    return f"{match} became {match.get_status_display().lower()} (by {who})"


def _amended(versions: Mapping[str, int]) -> str:
    """Say which of these trades is not at the version that was looked at."""
    rows = Trade.objects.select_related("source").filter(pk__in=[int(key) for key in versions])
    for trade in rows.order_by("pk"):
        if trade.version != versions[str(trade.pk)]:
            return f"{trade.source.name} amended its trade {trade.source_trade_id} meanwhile."
    return ""


def _activate(request: ApprovalRequest, _checked: Checked, at: datetime) -> object:
    return rule_sets.activate(rule_set_id=request.given["rule_set"], by=request.made_by, at=at)


def _rules_changed(request: ApprovalRequest) -> str:
    rules = RuleSet.objects.select_related("activated_by").get(pk=request.given["rule_set"])
    if rules.status != RuleSetStatus.DRAFT:
        by = f" by {rules.activated_by}" if rules.activated_by else ""
        return f"{rules} was activated{by} meanwhile and is {rules.get_status_display().lower()}."
    if digest_of_rules(rules) != request.given["digest"]:
        return f"The draft {rules} was edited meanwhile, so these are not the rules asked for."
    active = active_version(rules)
    if (active.pk if active else None) != request.given["active"]:
        who = (active.activated_by if active else None) or "the system"
        return f"{active or 'Another version'} is in force by now, activated by {who}."
    return ""


def _edited(request: ApprovalRequest, by: User) -> bool:
    return RuleSet.editors.through.objects.filter(
        ruleset=request.given["rule_set"], user=by
    ).exists()


def _import(request: ApprovalRequest, checked: Checked, at: datetime) -> object:
    from breaks.services.importing.applying import carry_out

    # Each row names the version that was exported: what was overtaken is refused for its row.
    return carry_out(given=request.given, by=request.made_by, at=at, checked=checked)


EXECUTIONS: dict[GuardedAct, Execution] = {
    GuardedAct.ACCEPT: Execution("breaks.accept_tradebreak", _nothing_more, _accept),
    GuardedAct.PAIR: Execution("matching.decide_match", _pair_changed, _pair),
    GuardedAct.UNMATCH: Execution("matching.decide_match", _unmatch_changed, _unmatch),
    GuardedAct.IMPORT: Execution("breaks.work_tradebreak", _nothing_more, _import),
    GuardedAct.ACTIVATE_RULES: Execution(
        "matching.change_ruleset", _rules_changed, _activate, made_too=_edited
    ),
}


def execution_of(act: str) -> Execution:
    """
    Return how an act is carried out, loading it where an app above says so.

    :raises ValueError: if nothing is there to carry it out.
    """
    named = GuardedAct(act)
    if named not in EXECUTIONS and named in LOADERS:
        EXECUTIONS[named] = LOADERS[named]()
    if named not in EXECUTIONS:
        raise ValueError(f"Nothing is there to carry out {act} once it is approved.")
    return EXECUTIONS[named]


def tell_closed(request: ApprovalRequest) -> None:
    """Tell those who let an act be asked for that a request for it came to nothing."""
    execution_of(request.act).closed(request)
