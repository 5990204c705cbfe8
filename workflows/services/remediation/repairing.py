"""
Trades that mean another party or account now: compared and paired again, their breaks with them.

What was matched is compared again in the same transaction, so that a fix and what it clears are
one commit. What was not matched is for a run, queued with the fix as a row and woken after the
commit: pairing looks at all the trades of its days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from breaks.choices import BreakStatus
from breaks.models import TradeBreak
from breaks.services.lifecycle import kept_of
from breaks.services.opening import Cause, bring_up_to_date
from breaks.services.scope import Scope
from matching.choices import MatchStatus, RunStatus
from matching.models import Match, MatchLeg, Reconciliation, ReconciliationRun
from matching.rules import engine_rules
from matching.services import bulk
from trades.choices import TradeState
from trades.models import Trade

# Days so near each other are reconciled in one run: the sources may date one trade apart.
NEAR = timedelta(days=3)


@dataclass
class Repaired:
    """The breaks that ended, as they were before, and the days a run is still to look at."""

    cleared: list[dict[str, Any]] = field(default_factory=list)
    reruns: list[dict[str, Any]] = field(default_factory=list)


def hold_all() -> None:
    """Let no run and no person decide on matches until the commit, in any reconciliation."""
    for key in Reconciliation.objects.order_by("pk").values_list("pk", flat=True):
        bulk.hold(key)


def affected(reconciliation: Reconciliation, trade_ids: Sequence[int]) -> list[int]:
    """Return the keys of the live matches in which some trades mean another one now, not all."""
    legs = MatchLeg.objects.filter(reconciliation=reconciliation, is_live=True)
    moved = legs.filter(trade__among=trade_ids)
    other = legs.filter(match=OuterRef("pk")).exclude(trade__among=trade_ids)
    # Amended since they were compared, a run compares them whole.
    found = Match.objects.live().filter(
        Exists(other), pk__in=moved.values("match"), reconciliation=reconciliation
    )
    stale = Match.objects.stale().filter(reconciliation=reconciliation)
    return sorted(found.exclude(pk__in=stale.values("pk")).values_list("pk", flat=True))


def compare_again(*, trade_ids: Sequence[int], kind: str) -> dict[Reconciliation, list[int]]:
    """Compare the matches of these trades again by one kind; return them by reconciliation."""
    from matching.services.comparing import compare_kinds_again

    found: dict[Reconciliation, list[int]] = {}
    for reconciliation in _concerned(trade_ids):
        keys = affected(reconciliation, trade_ids)
        found[reconciliation] = keys
        matches = Match.objects.filter(pk__among=keys)
        for rule_set in {match.rule_set for match in matches.select_related("rule_set")}:
            ours = matches.filter(rule_set=rule_set)
            latest = max(ours.values_list("last_trade_date", flat=True))
            rules = engine_rules(
                rule_set=rule_set, base_currency=reconciliation.base_currency, as_of=latest
            )
            compare_kinds_again(matches=ours, kinds=[kind], rules=rules)
    return found


def repair(*, trade_ids: Sequence[int], kind: str, cause: Cause, at: datetime) -> Repaired:
    """Bring matches and breaks up to date with what these trades mean now."""
    done = Repaired()
    for reconciliation, matches in compare_again(trade_ids=trade_ids, kind=kind).items():
        concerned = MatchLeg.objects.filter(match__among=matches, is_live=True)
        keys = sorted(set(concerned.values_list("trade", flat=True)))
        if keys:
            before = _live_breaks(reconciliation, keys)
            bring_up_to_date(scope=Scope.of_trades(reconciliation, keys), cause=cause, at=at)
            done.cleared += _ended(before)
        done.reruns += _days_to_run(reconciliation, trade_ids, matches)
    return done


def _concerned(trade_ids: Sequence[int]) -> list[Reconciliation]:
    sources = set(
        Trade.objects.filter(pk__among=trade_ids).order_by().values_list("source").distinct()
    )
    keys = [key for (key,) in sources]
    ours = Q(left_source__in=keys) | Q(right_source__in=keys)
    between = Reconciliation.objects.select_related("left_source", "right_source")
    return list(between.filter(ours).order_by("pk"))


def _live_breaks(
    reconciliation: Reconciliation, trade_ids: Sequence[int]
) -> dict[int, dict[str, Any]]:
    legs = MatchLeg.objects.filter(
        reconciliation=reconciliation, trade__among=trade_ids, is_live=True
    )
    ours = (
        Q(left_trade__among=trade_ids)
        | Q(right_trade__among=trade_ids)
        | Q(match__in=legs.values("match"))
    )
    live = TradeBreak.objects.live().filter(ours, reconciliation=reconciliation)
    return {row.pk: {"status": row.status, "kept": kept_of(row)} for row in live}


def _ended(before: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    now = TradeBreak.objects.filter(pk__among=sorted(before), status=BreakStatus.RESOLVED)
    return [
        {"break": pk, "version": version, **before[pk]}
        for pk, version in now.order_by("pk").values_list("pk", "version")
    ]


def _days_to_run(
    reconciliation: Reconciliation, trade_ids: Sequence[int], matches: Sequence[int]
) -> list[dict[str, Any]]:
    """Return the ranges of days on which these trades are unpaired, proposed, or in a run now."""
    trades = Trade.objects.filter(
        pk__among=trade_ids,
        source__in=[reconciliation.left_source_id, reconciliation.right_source_id],
    ).exclude(state=TradeState.CANCELLED)
    legs = MatchLeg.objects.filter(
        reconciliation=reconciliation, is_live=True, trade=OuterRef("pk")
    )
    settled = legs.filter(match__status=MatchStatus.MATCHED)
    days = set(trades.filter(~Exists(settled)).order_by().values_list("trade_date", flat=True))
    running = ReconciliationRun.objects.filter(
        reconciliation=reconciliation, status=RunStatus.RUNNING
    ).first()
    if running is not None:
        # It read the trades before, and will write what they meant then.
        held = trades.filter(legs__match__among=matches).order_by()
        between = (running.from_date, running.to_date)
        days |= set(
            held.filter(trade_date__range=between).values_list("trade_date", flat=True).distinct()
        )
    return [
        {"reconciliation": reconciliation.pk, "from": first.isoformat(), "to": last.isoformat(),
         "run": None}
        for first, last in ranges(days)
    ]  # fmt: skip


def ranges(days: set[date]) -> list[tuple[date, date]]:
    """
    Return days as ranges, near ones together.

    >>> ranges({date(2026, 3, 2), date(2026, 3, 4), date(2026, 4, 1)})[0]
    (datetime.date(2026, 3, 2), datetime.date(2026, 3, 4))
    """
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] <= NEAR:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
