"""
The front doors of the guarded acts: each does the act, or records that it was asked for.

What is asked for is rehearsed first, so that nobody waits for what cannot be done.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import BreakType, GuardedAct
from breaks.models import ApprovalRequest, TradeBreak
from breaks.services import pairing, work
from breaks.services.acting import check_actor, refuse_stale
from breaks.services.approvals import stakes
from breaks.services.approvals.asking import ask, is_needed
from breaks.services.approvals.execution import (
    digest_of_rules,
    live_matches_of,
    versions_of,
)
from breaks.services.writing import hold
from matching.models import Match, Reconciliation, RuleSet
from matching.rules import active_version
from matching.services import bulk, rule_sets
from matching.services.decisions import DecisionRefused
from trades.models import Source, Trade
from trades.reports import plain

Done = TypeVar("Done")


@transaction.atomic
def accept(
    *, break_id: int, version: int | None, comment: str, by: User, at: datetime
) -> TradeBreak | ApprovalRequest:
    """
    Write a break off, or ask for it.

    :raises WorkRefused: as `work.accept` does, or if it is asked for already.
    """
    check_actor(by)
    # Held, so that it is no dearer when it is written than when its exposure was looked at.
    row = hold(break_id)
    refuse_stale(row, version)
    return _do_or_ask(
        lambda: work.accept(break_id=row.pk, version=row.version, comment=comment, by=by, at=at),
        act=GuardedAct.ACCEPT,
        exposure=row.exposure,
        summary=f"Accept {row}: {_off_by(row)}",
        reason=comment,
        given={"comment": comment},
        trade_break=row,
        by=by,
        at=at,
    )


@transaction.atomic
def pair_by_hand(
    *,
    reconciliation: Reconciliation,
    left_ids: Sequence[int],
    right_ids: Sequence[int],
    reason: str,
    by: User,
    at: datetime,
) -> Match | ApprovalRequest:
    """
    Pair trades, one or more a side, or ask for it; a request is kept with their dearest break.

    :raises DecisionRefused: if the trades cannot be paired.
    :raises WorkRefused: if the actor may not act, or it is asked for already.
    """
    check_actor(by)
    bulk.hold(reconciliation.pk)
    trade_ids = [*left_ids, *right_ids]
    return _do_or_ask(
        lambda: pairing.pair_by_hand(
            reconciliation=reconciliation,
            left_ids=left_ids,
            right_ids=right_ids,
            reason=reason,
            by=by,
            at=at,
        ),
        act=GuardedAct.PAIR,
        exposure=stakes.stake_of_pairing(reconciliation, trade_ids),
        summary=f"Pair {_named(reconciliation.left_source, left_ids)} "
        f"with {_named(reconciliation.right_source, right_ids)}",
        reason=reason,
        given={
            "left": list(left_ids),
            "right": list(right_ids),
            "trades": versions_of(trade_ids),
            "matches": live_matches_of(reconciliation, trade_ids),
        },
        trade_break=stakes.breaks_of(reconciliation, trade_ids).first(),
        reconciliation=reconciliation,
        by=by,
        at=at,
    )


@transaction.atomic
def unmatch(*, match_id: int, reason: str, by: User, at: datetime) -> Match | ApprovalRequest:
    """
    Take a match apart, or ask for it; a request is kept with the match's dearest break.

    :raises DecisionRefused: if the match does not stand.
    :raises WorkRefused: if the actor may not act, or it is asked for already.
    """
    check_actor(by)
    match = Match.objects.select_related("reconciliation").filter(pk=match_id).first()
    if match is None:
        raise DecisionRefused(f"There is no match {match_id}.")
    bulk.hold(match.reconciliation_id)
    trade_ids = list(match.legs.values_list("trade", flat=True))
    return _do_or_ask(
        lambda: pairing.unmatch(match_id=match_id, reason=reason, by=by, at=at),
        act=GuardedAct.UNMATCH,
        exposure=stakes.stake_of_unmatching(match),
        summary=f"Take {match} apart ({match.get_kind_display().lower()})",
        reason=reason,
        given={"match": match.pk, "trades": versions_of(trade_ids)},
        trade_break=TradeBreak.objects.live().filter(match=match).order_by("-rank", "-pk").first(),
        match=match,
        reconciliation=match.reconciliation,
        by=by,
        at=at,
    )


@transaction.atomic
def activate_rules(
    *, rule_set_id: int, reason: str, by: User, at: datetime
) -> RuleSet | ApprovalRequest:
    """
    Make a draft the active version of its rules, or ask for it.

    What rules put at risk nobody knows beforehand: the exposure is unknown.

    :raises InvalidRules: if the definition is not valid.
    :raises RuleSetNotDraft: if it is no draft any more.
    :raises WorkRefused: if the actor may not act, or it is asked for already.
    """
    check_actor(by)
    rules = RuleSet.objects.select_for_update().get(pk=rule_set_id)
    active = active_version(rules)
    instead = f" instead of version {active.version}" if active else ""
    return _do_or_ask(
        lambda: rule_sets.activate(rule_set_id=rule_set_id, by=by, at=at),
        act=GuardedAct.ACTIVATE_RULES,
        exposure=None,
        summary=f"Activate {rules}{instead}",
        reason=reason,
        given={
            "rule_set": rules.pk,
            "digest": digest_of_rules(rules),
            "active": active.pk if active else None,
        },
        rule_set=rules,
        by=by,
        at=at,
    )


@transaction.atomic
def _do_or_ask(
    do: Callable[[], Done], *, act: GuardedAct, exposure: Decimal | None, **asked: Any
) -> Done | ApprovalRequest:
    if not is_needed(act, exposure):
        return do()
    with transaction.atomic():
        do()
        transaction.set_rollback(True)
    return ask(act=act, exposure=exposure, **asked)


def _off_by(row: TradeBreak) -> str:
    between = row.reconciliation
    # "Missing on the left" says nothing to whoever decides: they know the sources by name.
    at = {
        BreakType.MISSING_LEFT: between.left_source,
        BreakType.MISSING_RIGHT: between.right_source,
    }
    source = at.get(BreakType(row.break_type))
    if source is not None:
        return f"missing at {source.name}"
    kind = row.get_break_type_display().lower()
    return kind if row.difference is None else f"{kind} off by {plain(row.difference)}"


def _named(source: Source, trade_ids: Sequence[int]) -> str:
    """Name the trades of one side, or say how many they are."""
    if len(trade_ids) != 1:
        return f"{len(trade_ids)} trades of {source.name}"
    found = Trade.objects.filter(pk=trade_ids[0]).values_list("source_trade_id", flat=True)
    return f"{source.name} {''.join(found)}".strip()
