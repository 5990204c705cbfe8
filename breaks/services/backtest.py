"""Try a version of the rules on the trades of a past run, beside the active one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count

from breaks.choices import BreakStatus
from breaks.models import BackTest, TradeBreak
from breaks.services.approvals.execution import digest_of_rules
from breaks.services.backtest_breaks import judge
from breaks.services.backtest_report import (
    Changes,
    matches_of,
    tell_breaks,
    tell_matches,
    tell_passes,
)
from breaks.services.opening import VALUES
from breaks.services.wanted import UnknownBreakType, Wanted
from breaks.services.work import check_actor
from matching.choices import RuleSetStatus, RunStatus
from matching.engine import ColumnError
from matching.models import ReconciliationRun, RuleSet
from matching.rules import InvalidRules, NoActiveRules, active_rule_set
from matching.scope import of_asset_class
from matching.services.trial import Trial
from trades.models import Trade

# Trades of both sources that are paired twice while somebody waits: about ten seconds.
AT_MOST = 250_000


class BackTestRefused(Exception):
    """The rules cannot be tried on that run; the sentence says why and what to do."""


def back_test(*, rule_set_id: int, run_id: int, by: User, at: datetime) -> BackTest:
    """
    Try a version of the rules on a past run and keep the answer, for its maker and its checker.

    :raises BackTestRefused: if it cannot be tried; the sentence says why.
    :raises WorkRefused: if the actor may not act.
    """
    check_actor(by)
    rule_set = RuleSet.objects.get(pk=rule_set_id)
    run = ReconciliationRun.objects.select_related(
        "reconciliation__left_source", "reconciliation__right_source"
    ).get(pk=run_id)
    against, result = tried(rule_set=rule_set, run=run, at=at)
    return BackTest.objects.create(
        rule_set=rule_set,
        against=against,
        run=run,
        definition_digest=digest_of_rules(rule_set),
        result=result,
        by=by,
        at=at,
    )


def tried(
    *, rule_set: RuleSet, run: ReconciliationRun, at: datetime
) -> tuple[RuleSet, dict[str, Any]]:
    """
    Pair the trades of a run's dates, as they are now, under a version and under the active one.

    Return the active version and what the other changes. Both see the same trades, so that
    nothing but the rules differs: all of the run's scope, less what people paired or confirmed,
    and no pair they turned down is made again. Nothing is written.

    :raises BackTestRefused: if the version is the active one or of other rules, the run has not
        succeeded, there are too many trades, or the rules cannot be run.
    """
    against = _against(rule_set, run)
    from_date, left_out = _days(run)
    clock = _Clock()
    try:
        with clock.step("read"):
            trial = Trial.of(run.reconciliation, from_date, run.to_date)
        with clock.step("pair_before"):
            before = trial.under(against)
        with clock.step("pair_after"):
            after = trial.under(rule_set)
        with clock.step("breaks"):
            was, becomes = judge(trial=trial, versions=[before, after], at=at)
    except (InvalidRules, ColumnError, UnknownBreakType) as problem:
        raise BackTestRefused(str(problem)) from problem
    with clock.step("report"):
        changes = Changes.between(matches_of(before), matches_of(after))
        result = {
            "from_date": from_date.isoformat(),
            "to_date": run.to_date.isoformat(),
            "left_out": left_out,
            "currency": run.reconciliation.base_currency,
            "trades": {"left": len(trial.left), "right": len(trial.right)},
            "matches": tell_matches(trial, changes),
            "passes": tell_passes(changes.before, changes.after, [before, after]),
            "breaks": _told(was, becomes),
        }
    return against, result | {"seconds": clock.seconds}


def _against(rule_set: RuleSet, run: ReconciliationRun) -> RuleSet:
    between = run.reconciliation
    if rule_set.name != between.rule_set_name:
        raise BackTestRefused(
            f"{between.code} is reconciled under {between.rule_set_name!r}, not under "
            f"{rule_set.name!r}; take a run of a reconciliation that uses these rules."
        )
    if rule_set.status == RuleSetStatus.ACTIVE:
        raise BackTestRefused(
            f"{rule_set} is the active version: there is nothing to set it beside. "
            "Copy it to a draft, change that and try the draft."
        )
    if run.status != RunStatus.SUCCEEDED:
        raise BackTestRefused(
            f"Run {run.pk} has {run.get_status_display().lower()}; take one that succeeded."
        )
    try:
        return active_rule_set(between)
    except NoActiveRules as missing:
        raise BackTestRefused(str(missing)) from missing


def _days(run: ReconciliationRun) -> tuple[date, str]:
    """Return the day to begin with, the run's own or as early as the size allows, and why."""
    between = run.reconciliation
    trades = Trade.objects.between(run.from_date, run.to_date).filter(
        of_asset_class(between), source__in=[between.left_source_id, between.right_source_id]
    )
    days = trades.order_by("-trade_date").values_list("trade_date").annotate(Count("pk"))
    total, first = 0, run.from_date
    for day, count in days:
        if total + count > AT_MOST:
            if not total:
                raise BackTestRefused(
                    f"{day} alone has {count:,} trades, and at most {AT_MOST:,} are tried while "
                    "somebody waits; take a run of a quieter day."
                )
            return first, (
                f"Only the trades from {first} on: with earlier days there would be more than "
                f"{AT_MOST:,}."
            )
        total, first = total + count, day
    return run.from_date, ""


def _told(was: Wanted, becomes: Wanted) -> dict[str, Any]:
    """Return the breaks' part of a result; what is accepted for its very values is none."""
    before, after = _live(was), _live(becomes)
    return {
        "before": len(before),
        "after": len(after),
        "pending_before": len(was.pending),
        "pending_after": len(becomes.pending),
        "appear": tell_breaks(after[key] for key in after.keys() - before.keys()),
        "vanish": tell_breaks(before[key] for key in before.keys() - after.keys()),
    }


def _live(wanted: Wanted) -> dict[str, Any]:
    accepted = TradeBreak.objects.filter(
        fingerprint__among=sorted(wanted.breaks), status=BreakStatus.ACCEPTED
    )
    settled = {
        row.fingerprint
        for row in accepted.only("fingerprint", *VALUES)
        if all(getattr(row, name) == getattr(wanted.breaks[row.fingerprint], name)
               for name in VALUES)
    }  # fmt: skip
    return {key: found for key, found in wanted.breaks.items() if key not in settled}


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, Any] = {}
        self._began = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 3)
        self.seconds["all"] = round(time.perf_counter() - self._began, 3)
