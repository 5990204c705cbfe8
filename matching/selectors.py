"""Reads: how a run stands, what a match consists of and why its trades were paired."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max, Min, Q

from matching import engine
from matching.choices import LegSide
from matching.frames import trades_frame
from matching.models import Calibration, Match, MatchLeg, Reconciliation, ReconciliationRun
from matching.rules import engine_rules
from matching.scope import matches_in_scope
from trades.models import Trade
from trades.spreadsheet import escape


class UnknownReconciliation(Exception):
    """No reconciliation answers to what was asked; the sentence says which there are."""


def reconciliation_named(code: str) -> Reconciliation:
    """
    Return a reconciliation by its code.

    :raises UnknownReconciliation: if there is none.
    """
    found = Reconciliation.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Reconciliation.objects.values_list("code", flat=True)) or "none"
        raise UnknownReconciliation(f"There is no reconciliation {code!r}; there is: {known}.")
    return found


def run_summary(run: ReconciliationRun) -> dict[str, Any]:
    """
    Return what a run says of itself, for the API and the commands.

    `match_rate` is the share of in-scope trades in a match, 0 to 1, to four places; None over no
    trades. Durations are in seconds.
    """
    trades = run.left_trades + run.right_trades
    matched = run.matched_left + run.matched_right
    duration = None
    if run.started_at and run.finished_at:
        duration = round((run.finished_at - run.started_at).total_seconds(), 3)
    return {
        "run_id": run.pk,
        "status": run.status,
        "reconciliation": run.reconciliation.code,
        "source1": run.reconciliation.left_source.code,
        "source2": run.reconciliation.right_source.code,
        "from_date": run.from_date.isoformat(),
        "to_date": run.to_date.isoformat(),
        "rule_set": str(run.rule_set),
        "trades_source1": run.left_trades,
        "trades_source2": run.right_trades,
        "auto_matched": run.auto_matched,
        "manual_review": run.manual_review,
        "breaks_identified": run.breaks_identified,
        "unmatched_source1": run.unmatched_left,
        "unmatched_source2": run.unmatched_right,
        "match_rate": round(matched / trades, 4) if trades else None,
        "candidates_cut": run.candidates_cut,
        "partitions": run.partition_count,
        "duration_seconds": duration,
        "step": run.step,
        "progress_pct": run.progress_pct,
        "error": run.error,
    }


@dataclass(frozen=True)
class MatchRow:
    """One match as the CSV of `export_matches` has it; the ids, escaped, are each side's own."""

    match_id: int
    kind: str
    decision: str
    score: float | None
    pass_name: str
    source1_trade_ids: str
    source2_trade_ids: str


def match_rows(run: ReconciliationRun) -> Iterator[MatchRow]:
    """Yield the live matches within a run's scope, in the order they were made."""
    matches = matches_in_scope(run).order_by("pk")
    ids: dict[tuple[int, str], list[str]] = {}
    legs = MatchLeg.objects.filter(match__in=matches.values("pk"), is_live=True)
    for match_id, side, trade_id in legs.order_by("trade__source_trade_id").values_list(
        "match_id", "side", "trade__source_trade_id"
    ):
        ids.setdefault((match_id, side), []).append(trade_id)
    for match in matches.iterator(chunk_size=5_000):
        yield MatchRow(
            match_id=match.pk,
            kind=match.kind,
            decision=match.decision,
            score=match.score,
            pass_name=escape(match.pass_name),
            source1_trade_ids=escape(";".join(ids.get((match.pk, LegSide.LEFT), []))),
            source2_trade_ids=escape(";".join(ids.get((match.pk, LegSide.RIGHT), []))),
        )


def explanation(match: Match) -> tuple[engine.FieldScore, ...]:
    """
    Say, field by field, why the trades of a match were paired; a group's are taken together.

    It is computed from the trades as they are now and the rules of the match's own version.
    """
    legs = match.legs.all()
    frame = trades_frame(Trade.objects.filter(pk__in=[leg.trade_id for leg in legs]))
    rules = engine_rules(
        rule_set=match.rule_set,
        base_currency=match.reconciliation.base_currency,
        as_of=max(frame["trade_date"]),
    )
    left, right = (
        frame.loc[[leg.trade_id for leg in legs if leg.side == side]]
        for side in (LegSide.LEFT, LegSide.RIGHT)
    )
    return engine.explain(left, right, rules)


def reconciliation_of(source1: str, source2: str) -> Reconciliation:
    """
    Return the one reconciliation that compares two sources, whichever way round.

    :raises UnknownReconciliation: if none does, or several do.
    """
    found = list(
        Reconciliation.objects.filter(
            Q(left_source__code=source1, right_source__code=source2)
            | Q(left_source__code=source2, right_source__code=source1)
        ).select_related("left_source", "right_source")
    )
    if len(found) == 1:
        return found[0]
    if found:
        codes = ", ".join(sorted(one.code for one in found))
        raise UnknownReconciliation(f"Several compare {source1} with {source2}: {codes}.")
    known = ", ".join(
        f"{one.left_source.code} with {one.right_source.code}"
        for one in Reconciliation.objects.select_related("left_source", "right_source")
    )
    raise UnknownReconciliation(
        f"Nothing compares {source1!r} with {source2!r}; compared are: {known or 'none yet'}."
    )


def days_of_trades(reconciliation: Reconciliation) -> tuple[date, date] | None:
    """Return the first and last trade date that both sides of a reconciliation may have."""
    sources = [reconciliation.left_source_id, reconciliation.right_source_id]
    days = Trade.objects.filter(source__in=sources).aggregate(
        first=Min("trade_date"), last=Max("trade_date")
    )
    return None if days["last"] is None else (days["first"], days["last"])


def calibration_summary(row: Calibration) -> dict[str, Any]:
    """Return what a calibration says of itself, for the command."""
    return {
        "calibration_id": row.pk,
        "status": row.status,
        "reconciliation": row.reconciliation.code,
        "from_date": row.from_date.isoformat(),
        "to_date": row.to_date.isoformat(),
        "against": str(row.against),
        "draft": str(row.draft) if row.draft else None,
        "draft_id": row.draft_id,
        "error": row.error,
        **row.result,
    }
