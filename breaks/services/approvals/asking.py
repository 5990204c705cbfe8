"""Whether an act waits for a second person, and the record that it was asked for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from breaks.choices import ApprovalStatus, EventKind, GuardedAct
from breaks.models import ApprovalPolicy, ApprovalRequest, BreakEvent, TradeBreak
from breaks.services.acting import check_actor, clean, work_on
from breaks.services.approvals.execution import TALK, execution_of, tell_closed, what_changed
from breaks.services.approvals.refusals import ApprovalRefused
from breaks.services.history import Entry
from breaks.services.writing import hold
from breaks.telling import tell_asked
from matching.models import Match, Reconciliation, RuleSet
from trades.reports import plain

SUMMARY_LENGTH = 200


def is_needed(act: GuardedAct, exposure: Decimal | None) -> bool:
    """
    Tell whether an act of this exposure waits for a second person.

    An exposure that is unknown does, and so does an act without a policy: who takes the row away
    has not said that it needs no check. A limit of 0 means every time.
    """
    return guards(ApprovalPolicy.objects.filter(act=act).first(), exposure)


def guards(policy: ApprovalPolicy | None, exposure: Decimal | None) -> bool:
    """Tell what `is_needed` does, of the policy of an act; no query."""
    if policy is None:
        return True
    if not policy.is_enabled:
        return False
    return policy.above == 0 or exposure is None or exposure > policy.above


@transaction.atomic
def ask(
    *,
    act: GuardedAct,
    summary: str,
    reason: str,
    given: Mapping[str, Any],
    exposure: Decimal | None,
    by: User,
    at: datetime,
    trade_break: TradeBreak | None = None,
    match: Match | None = None,
    reconciliation: Reconciliation | None = None,
    rule_set: RuleSet | None = None,
) -> ApprovalRequest:
    """
    Record that somebody asks for a guarded act; nothing else happens until it is approved.

    `given` is JSON, money as text. Where there is a break, its history says that it was asked for,
    and ``given["version"]`` is the version this led to.

    :raises StaleBreak: if the break is not as `trade_break` has it any more.
    :raises ApprovalRefused: if the same waits already, or no reason is given.
    :raises WorkRefused: if the actor may not act.
    """
    check_actor(by)
    execution_of(act)
    said = clean(reason)
    if not said:
        raise ApprovalRefused("Say why: whoever decides has to know.")
    request = ApprovalRequest(
        act=act,
        trade_break=trade_break,
        match=match,
        reconciliation=reconciliation,
        rule_set=rule_set,
        given=dict(given),
        summary=summary[:SUMMARY_LENGTH],
        exposure=exposure,
        reason=said,
        made_by=by,
        made_at=at,
    )
    if trade_break is None:
        _make_room(request, by, at)
        request.save()
        tell_asked(request, at)
        return request

    def record(row: TradeBreak) -> Entry:
        overtaken = _make_room(request, by, at)
        request.given["version"] = row.version + 1
        request.save()
        return Entry(
            trade_break=row,
            kind=EventKind.REQUESTED,
            by=by,
            reason=said,
            detail={
                "approval": request.pk,
                "act": str(act),
                "exposure": None if exposure is None else plain(exposure),
                **({"instead_of": overtaken} if overtaken else {}),
            },
        )

    # Requests for one break take turns, so that each sees the one before it.
    hold(trade_break.pk)
    work_on(trade_break.pk, trade_break.version, by, at, record)
    tell_asked(request, at)
    return request


def _make_room(request: ApprovalRequest, by: User, at: datetime) -> list[int]:
    """
    Close the requests for the same that were overtaken; return their keys.

    :raises ApprovalRefused: if one of them can still be approved.
    """
    overtaken = []
    for other in _waiting_for_the_same(request).select_related("made_by").order_by("pk"):
        changed = what_changed(other)
        if not changed:
            raise ApprovalRefused(_asked_already(other))
        mine = other.made_by_id == by.pk
        waiting = ApprovalRequest.objects.filter(pk=other.pk, status=ApprovalStatus.PENDING)
        waiting.update(
            status=ApprovalStatus.WITHDRAWN if mine else ApprovalStatus.STALE,
            decided_by=by,
            decided_at=at,
            decision_note=f"Asked for anew. {changed}",
        )
        other.refresh_from_db()
        tell_closed(other)
        overtaken.append(other.pk)
    return overtaken


def why_not_accept(break_ids: Sequence[int]) -> dict[int, str]:
    """
    Say of each break whose write-off somebody asked for already that it waits; two queries.

    A request that was overtaken keeps nobody from asking anew.
    """
    waiting = ApprovalRequest.objects.filter(
        act=GuardedAct.ACCEPT, status=ApprovalStatus.PENDING, trade_break__among=break_ids
    )
    found = {one.trade_break_id: one for one in waiting.select_related("made_by")}
    if not found:
        return {}
    moved = BreakEvent.objects.filter(trade_break__among=sorted(found)).exclude(kind__in=TALK)
    last = dict(moved.values_list("trade_break").annotate(Max("sequence")).order_by())
    return {
        pk: _asked_already(one)
        for pk, one in found.items()
        if pk is not None and last.get(pk, 0) <= one.given["version"]
    }


def _asked_already(other: ApprovalRequest) -> str:
    return (
        f"{other.made_by} asked for this already ({other.made_at:%Y-%m-%d %H:%M} UTC, "
        f"request {other.pk}); it waits for a second person."
    )


def _waiting_for_the_same(request: ApprovalRequest) -> QuerySet[ApprovalRequest]:
    waiting = ApprovalRequest.objects.filter(act=request.act, status=ApprovalStatus.PENDING)
    same = Q(pk=None)
    if request.trade_break is not None:
        same |= Q(trade_break=request.trade_break)
    if request.match is not None:
        same |= Q(match=request.match)
    if request.rule_set is not None:
        same |= Q(rule_set=request.rule_set)
    if request.act == GuardedAct.PAIR:
        wanted = set(request.given["trades"])
        others = waiting.filter(reconciliation=request.reconciliation)
        overlapping = [
            pk
            for pk, given in others.values_list("pk", "given")
            if not wanted.isdisjoint(given["trades"])
        ]
        same |= Q(pk__in=overlapping)
    if request.act == GuardedAct.ACTIVATE_MODEL:
        others = waiting.values_list("pk", "given")
        wanted_version = request.given["version"]
        same |= Q(pk__in=[pk for pk, given in others if given["version"] == wanted_version])
    if request.act == GuardedAct.IMPORT:
        # The button pressed twice: one file, by the same person.
        mine = waiting.filter(made_by=request.made_by).values_list("pk", "given")
        same |= Q(pk__in=[pk for pk, given in mine if given == request.given])
    return waiting.filter(same)
