"""Bulk writes of matches: a handful of statements, whatever the number of rows."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from matching.choices import LIVE_MATCHES, Decision, MatchStatus
from matching.models import (
    Match,
    MatchAlternative,
    MatchDifference,
    MatchLeg,
    Reconciliation,
    ReconciliationRun,
)
from matching.services.outcome import Outcome, rows
from trades.services.bulk import batches

BATCH = 5_000
VALUE_LENGTH = 200


def hold(reconciliation_id: int) -> None:
    """
    Let the writes of runs and people in one reconciliation take turns, until the commit.

    SQLite has one writer at a time anyway.
    """
    Reconciliation.objects.select_for_update(no_key=True).get(pk=reconciliation_id)


def supersede(match_ids: Sequence[int]) -> None:
    """Take apart the undecided matches of a list; one that a person decided stays."""
    for ids in batches(match_ids):
        undecided = Match.objects.filter(pk__in=ids, status__in=LIVE_MATCHES, decided_by=None)
        superseded = list(undecided.values_list("pk", flat=True))
        Match.objects.filter(pk__in=superseded).update(status=MatchStatus.SUPERSEDED)
        MatchLeg.objects.filter(match__in=superseded).update(is_live=False)


def held_trades(reconciliation: Reconciliation, trade_ids: Sequence[int]) -> set[int]:
    """Return those of the trades that have a live leg."""
    held: set[int] = set()
    for ids in batches(trade_ids):
        legs = MatchLeg.objects.filter(reconciliation=reconciliation, is_live=True, trade__in=ids)
        held.update(legs.values_list("trade", flat=True))
    return held


def write_matches(*, run: ReconciliationRun, outcome: Outcome, at: datetime) -> dict[int, int]:
    """Write new matches with their legs; return engine match id to primary key."""
    columns = ("match_id", "kind", "decision", "pass_name", "score", "reason")
    proposed = {Decision.AUTO: MatchStatus.MATCHED, Decision.REVIEW: MatchStatus.PROPOSED}
    matches = {
        match_id: Match(
            reconciliation=run.reconciliation,
            run=run,
            rule_set=run.rule_set,
            kind=kind,
            decision=decision,
            status=proposed[decision],
            pass_name=pass_name,
            score=score,
            reason=reason,
            created_at=at,
        )
        for match_id, kind, decision, pass_name, score, reason in rows(outcome.matches, *columns)
    }
    Match.objects.bulk_create(matches.values(), batch_size=BATCH)
    keys = {match_id: match.pk for match_id, match in matches.items()}
    legs = rows(outcome.legs, "match_id", "row", "side", "version")
    MatchLeg.objects.bulk_create(
        [
            MatchLeg(
                match_id=keys[match_id],
                reconciliation=run.reconciliation,
                trade_id=trade,
                side=side,
                trade_version=version,
            )
            for match_id, trade, side, version in legs
        ],
        batch_size=BATCH,
    )
    return keys


def write_differences(differences: pd.DataFrame, keys: dict[int, int]) -> None:
    """Write differing fields; the frame is the engine's, `keys` its match ids to primary keys."""
    columns = ("match_id", "field", "kind", "left", "right", "difference", "tolerance")
    MatchDifference.objects.bulk_create(
        [
            MatchDifference(
                match_id=keys[match_id],
                field=field,
                kind=kind,
                left_value=_text(left),
                right_value=_text(right),
                difference=None if pd.isna(difference) else Decimal(str(difference)),
                tolerance=_text(tolerance)[:80],
            )
            for match_id, field, kind, left, right, difference, tolerance in rows(
                differences, *columns
            )
        ],
        batch_size=BATCH,
    )


def write_alternatives(alternatives: pd.DataFrame, keys: dict[int, int]) -> None:
    """Write the near candidates of proposals."""
    MatchAlternative.objects.bulk_create(
        [
            MatchAlternative(match_id=keys[match_id], trade_id=trade, side=side, score=score)
            for match_id, trade, side, score in rows(
                alternatives, "match_id", "row", "side", "score"
            )
        ],
        batch_size=BATCH,
    )


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)[:VALUE_LENGTH]
