"""Bulk writes of matches: a handful of statements, whatever the number of rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from matching.choices import LIVE_MATCHES, TURNED_DOWN, Decision, MatchStatus
from matching.models import (
    Match,
    MatchAlternative,
    MatchDifference,
    MatchLeg,
    Reconciliation,
    ReconciliationRun,
)
from matching.services.outcome import Outcome
from trades.fields import PLACES
from trades.services.columns import (
    new_keys,
    refresh_statistics,
    table_of,
    write_table,
)

VALUE_LENGTH = 200
# So many rows change how the database has to plan what follows.
MANY = 10_000
STEP = Decimal(1).scaleb(-PLACES)
PROPOSED = {Decision.AUTO: MatchStatus.MATCHED, Decision.REVIEW: MatchStatus.PROPOSED}


def hold(reconciliation_id: int) -> None:
    """
    Let the writes of runs and people in one reconciliation take turns, until the commit.

    SQLite has one writer at a time anyway.
    """
    Reconciliation.objects.select_for_update(no_key=True).get(pk=reconciliation_id)


def supersede(match_ids: Sequence[int]) -> None:
    """Take apart the undecided matches of a list; one that a person decided stays."""
    ours = Match.objects.filter(pk__among=match_ids, decided_by=None)
    ours.filter(status__in=LIVE_MATCHES).update(status=MatchStatus.SUPERSEDED)
    legs = MatchLeg.objects.filter(match__among=match_ids, is_live=True)
    legs.filter(match__status=MatchStatus.SUPERSEDED).update(is_live=False)


def trades_people_paired(reconciliation: Reconciliation) -> list[int]:
    """Return the keys of the trades in a live match that a person made or confirmed."""
    legs = MatchLeg.objects.filter(
        reconciliation=reconciliation, is_live=True, match__decided_by__isnull=False
    )
    return list(legs.order_by().values_list("trade", flat=True))


def trades_let_go(reconciliation: Reconciliation, doubtful: Sequence[int]) -> list[int]:
    """
    Return the keys of the trades that were in a match people turned down, or in a doubtful one.

    A run that began before took them for paired. Some may be in another match by now.
    """
    gone = Match.objects.filter(reconciliation=reconciliation, status__in=TURNED_DOWN)
    legs = MatchLeg.objects.filter(is_live=False).order_by().values_list("trade", flat=True)
    return [*legs.filter(match__in=gone.values("pk")), *legs.filter(match__among=doubtful)]


def write_matches(*, run: ReconciliationRun, outcome: Outcome, at: datetime) -> pd.Series:
    """Write new matches with their legs; return their primary keys by engine match id."""
    matches, legs = outcome.matches, outcome.legs
    ids = matches["match_id"]
    keys = pd.Series(new_keys(Match, len(ids)).to_numpy(), index=ids)
    days = legs.groupby("match_id")["trade_date"].agg(["min", "max"]).reindex(ids)
    write_table(
        Match,
        table_of(
            Match,
            len(ids),
            id=keys,
            reconciliation_id=run.reconciliation_id,
            run_id=run.pk,
            rule_set_id=run.rule_set_id,
            kind=matches["kind"],
            decision=matches["decision"],
            status=matches["decision"].map(PROPOSED),
            pass_name=matches["pass_name"],
            score=matches["score"],
            reason=matches["reason"],
            created_at=at,
            first_trade_date=days["min"],
            last_trade_date=days["max"],
            decision_note="",
        ),
    )
    write_table(
        MatchLeg,
        table_of(
            MatchLeg,
            len(legs),
            match_id=legs["match_id"].map(keys),
            reconciliation_id=run.reconciliation_id,
            trade_id=legs["row"],
            side=legs["side"],
            trade_version=legs["version"],
            is_live=True,
        ),
    )
    if len(legs) >= MANY:
        refresh_statistics(Match, MatchLeg)
    return keys


def write_differences(differences: pd.DataFrame, keys: pd.Series) -> None:
    """Write differing fields; the frame is the engine's, `keys` primary keys by its match ids."""
    write_table(
        MatchDifference,
        table_of(
            MatchDifference,
            len(differences),
            match_id=differences["match_id"].map(keys),
            **difference_columns(differences),
        ),
    )


def difference_columns(differences: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the engine's differences as `MatchDifference` keeps them, by column."""
    return {
        "field": differences["field"].tolist(),
        "kind": differences["kind"].tolist(),
        "left_value": _texts(differences["left"]),
        "right_value": _texts(differences["right"]),
        "difference": [_exact(value) for value in differences["difference"]],
        "tolerance": [text[:80] for text in _texts(differences["tolerance"])],
    }


def write_alternatives(alternatives: pd.DataFrame, keys: pd.Series) -> None:
    """Write the near candidates of proposals."""
    write_table(
        MatchAlternative,
        table_of(
            MatchAlternative,
            len(alternatives),
            match_id=alternatives["match_id"].map(keys),
            trade_id=alternatives["row"],
            side=alternatives["side"],
            score=alternatives["score"],
        ),
    )


def _texts(values: Iterable[Any]) -> list[str]:
    return ["" if pd.isna(value) else str(value)[:VALUE_LENGTH] for value in values]


def _exact(value: Any) -> Decimal | None:
    return None if pd.isna(value) else Decimal(str(value)).quantize(STEP)
