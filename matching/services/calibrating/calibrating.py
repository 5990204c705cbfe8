"""Do a calibration: read, learn, try, and write the draft together with what it rests on."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from matching import engine
from matching.choices import CalibrationMethod, RunStatus
from matching.engine.table import build
from matching.false_matches import false_match_rates
from matching.learning.judging import from_decisions
from matching.learning.proposing import Proposal, TryOut, from_pairs
from matching.learning.tried import Tried
from matching.learning.undecided import TooLittle
from matching.models import Calibration, Reconciliation, RuleSet
from matching.rules import InvalidRules, engine_rules
from matching.services import rule_sets
from matching.services.calibrating import reading
from matching.services.calibrating.asking import (
    CalibrationBusy,
    CalibrationNotClaimable,
    CalibrationTakenOver,
    cancel,
    claim,
    fail,
    request,
    tell,
)
from matching.services.trial import Trial
from trades.choices import TradeState
from trades.leases import held

logger = logging.getLogger(__name__)


class CalibrationRefused(Exception):
    """No draft was written; the sentence says why and what to do."""


def calibrate_now(
    *,
    reconciliation: Reconciliation,
    from_date: date,
    to_date: date,
    method: CalibrationMethod = CalibrationMethod.BEST,
    by: Any,
    at: datetime,
) -> Calibration:
    """
    Ask for a calibration and do it at once; what it came to, SUCCEEDED, with its draft.

    :raises CalibrationBusy: if one of the reconciliation is queued or running.
    :raises CalibrationRefused: if there is too little to learn from; no draft was written.
    :raises NoActiveRules: if there are no rules in force to begin from.
    """
    row = request(
        reconciliation=reconciliation, from_date=from_date, to_date=to_date, method=method, by=by,
        at=at,
    )  # fmt: skip
    try:
        return calibrate(calibration_id=row.pk, at=at)
    except CalibrationNotClaimable as taken:
        cancel(calibration_id=row.pk, at=at)
        raise CalibrationBusy(
            f"A worker just took up calibration {row.pk}; wait until it ends."
        ) from taken


def calibrate(*, calibration_id: int, at: datetime) -> Calibration:
    """
    Do a queued calibration to its end: the draft and the row's end are written in one commit.

    :raises CalibrationNotClaimable: if another worker has it or it has ended.
    :raises CalibrationRefused: if there is too little to learn from; the row says so, FAILED.
    :raises Exception: whatever stopped it, after the row was marked FAILED with the reason.
    """
    row = claim(calibration_id=calibration_id, at=at)
    try:
        proposal, result = _learned(row, lambda step, pct: tell(row, step, pct))
        tell(row, "Writing the draft", 95)
        with transaction.atomic():
            _finish(row, proposal, result, at=at)
    except CalibrationTakenOver:
        raise
    except (TooLittle, InvalidRules, engine.ColumnError) as problem:
        fail(row, str(problem), at=timezone.now())
        raise CalibrationRefused(str(problem)) from problem
    except Exception as failure:
        fail(row, str(failure) or type(failure).__name__, at=timezone.now())
        logger.exception("%s failed", row)
        raise
    return row


def _learned(row: Calibration, on_step: Callable[[str, int], None]) -> tuple[Proposal, Any]:
    between, definition = row.reconciliation, row.against.definition
    rules = engine_rules(
        rule_set=row.against, base_currency=between.base_currency, as_of=row.to_date
    )
    on_step("Reading decisions", 5)
    read = reading.read_decisions(between, row.from_date, row.to_date, rules)
    lacking = read.decisions.lacking()
    if lacking and row.asked_method == CalibrationMethod.DECISIONS:
        raise TooLittle(f"{lacking} Take more days, or learn from the pairs themselves.")
    by_pairs = lacking or row.asked_method == CalibrationMethod.PAIRS
    first = reading.days_to_try(between, row.from_date, row.to_date)
    if first is None:
        raise TooLittle(
            f"{between.code} has no trades from {row.from_date} to {row.to_date}; take other days."
        )
    on_step("Reading trades", 15)
    trial = Trial.of(between, first, row.to_date)
    left, right = _living(trial.left), _living(trial.right)
    table = build(left, right, rules)
    try_out = _trying(trial, len(left) + len(right), on_step)
    if by_pairs:
        on_step("Comparing pairs", 25)
        proposal = from_pairs(table, definition, try_out=try_out)
    else:
        on_step("Learning from decisions", 25)
        proposal = from_decisions(table, definition, read.decisions, try_out=try_out)
    why = "" if row.asked_method != CalibrationMethod.BEST else lacking
    result = _result(row, proposal, read, first=first, by_pairs=bool(by_pairs), why=why)
    return proposal, result | {"trades": {"left": len(left), "right": len(right)}}


def _living(trades: pd.DataFrame) -> pd.DataFrame:
    return trades[trades["state"] != TradeState.CANCELLED]


def _trying(trial: Trial, rows: int, on_step: Callable[[str, int], None]) -> TryOut:
    """Return what pairs the trades under a definition, as a run would."""
    steps = iter([("Pairing under the rules in force", 40), ("Pairing under new weights", 60),
                  ("Pairing under the draft", 80)])  # fmt: skip

    def try_out(definition: dict[str, Any]) -> Tried:
        on_step(*next(steps, ("Pairing", 85)))
        paired = trial.under(RuleSet(name="", definition=definition))
        return Tried(paired.rules, paired.outcome.matches, paired.outcome.legs, rows)

    return try_out


def _result(
    row: Calibration, proposal: Proposal, read: reading.Read, *, first: date, by_pairs: bool,
    why: str,
) -> dict[str, Any]:  # fmt: skip
    measured = false_match_rates(
        reconciliation=row.reconciliation_id, from_date=row.from_date, to_date=row.to_date,
        by_month=False,
    )  # fmt: skip
    notes = [*proposal.notes]
    if first > row.from_date:
        notes.append(
            f"Rules were tried on the trades from {first} on: with earlier days there would be "
            f"more than {reading.MOST_TRADES:,}."
        )
    if read.changed_since:
        notes.append(
            f"{read.changed_since:,} decisions were left out, since a trade of theirs was changed "
            "afterwards."
        )
    return {
        "method": CalibrationMethod.PAIRS if by_pairs else CalibrationMethod.DECISIONS,
        "why": why,
        "tried_from": first.isoformat(),
        "used": read.used,
        "fields": [asdict(one) for one in proposal.fields],
        "auto_at": list(proposal.auto_at),
        "review_at": list(proposal.review_at),
        "auto_share": list(proposal.auto_share),
        "false_matches": asdict(proposal.false_matches),
        "measured": [_measured(one) for one in measured],
        "notes": notes,
    }


def _measured(one: Any) -> Mapping[str, Any]:
    return {
        name: getattr(one, name) for name in ("drawn", "judged", "wrong", "rate", "low", "high")
    }


def _finish(row: Calibration, proposal: Proposal, result: Any, *, at: datetime) -> None:
    ended = held(row).update(
        status=RunStatus.SUCCEEDED, step="", progress_pct=100, finished_at=timezone.now(),
        lease_expires_at=None, result=result,
    )  # fmt: skip
    if not ended:
        raise CalibrationTakenOver(f"Calibration {row.pk} was taken over by another worker.")
    learned = "pairs alone" if result["method"] == CalibrationMethod.PAIRS else "decisions"
    draft = rule_sets.draft(
        name=row.against.name,
        definition=proposal.definition,
        note=f"Learned from {learned} by calibration {row.pk} of {row.reconciliation.code}, "
        f"{row.from_date} to {row.to_date}, against {row.against}.",
        by=row.requested_by,
        at=at,
    )
    Calibration.objects.filter(pk=row.pk).update(draft=draft)
    row.refresh_from_db()
