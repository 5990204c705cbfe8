"""Matches and runs as the rows of a file."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from django.db.models import QuerySet

from matching.choices import LegSide
from matching.models import Match, MatchDifference, MatchLeg, ReconciliationRun
from trades.spreadsheet import Table
from trades.tables import cell_text

CHUNK = 2_000
_MATCH = (
    "kind", "status", "decision", "pass_name", "score", "reason", "first_trade_date",
    "last_trade_date", "created_at", "decided_at", "decision_note",
)  # fmt: skip
_RUN = (
    "from_date", "to_date", "status", "requested_at", "started_at", "finished_at",
    "left_trades", "right_trades", "matched_left", "matched_right", "auto_matched",
    "manual_review", "unmatched_left", "unmatched_right", "breaks_identified", "candidates_cut",
    "partition_count", "error",
)  # fmt: skip


def _match_rows(matches: QuerySet[Match]) -> Iterator[list[str]]:
    joined = matches.select_related(None).prefetch_related(None)
    rows = joined.select_related("reconciliation", "decided_by").iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        keys = [match.pk for match in chunk]
        ids, fields = _trade_ids(keys), _differing(keys)
        for match in chunk:
            yield [
                str(match.pk),
                match.reconciliation.code,
                *(cell_text(getattr(match, name)) for name in _MATCH),
                str(match.decided_by or ""),
                ";".join(ids[match.pk, LegSide.LEFT]),
                ";".join(ids[match.pk, LegSide.RIGHT]),
                ";".join(fields[match.pk]),
            ]


def _trade_ids(matches: list[int]) -> dict[tuple[int, str], list[str]]:
    found = defaultdict(list)
    legs = MatchLeg.objects.filter(match__among=matches).order_by("trade__source_trade_id", "pk")
    for match, side, trade_id in legs.values_list("match", "side", "trade__source_trade_id"):
        found[match, side].append(trade_id)
    return found


def _differing(matches: list[int]) -> dict[int, list[str]]:
    found = defaultdict(list)
    differences = MatchDifference.objects.filter(match__among=matches).order_by("field")
    for match, field in differences.values_list("match", "field"):
        found[match].append(field)
    return found


def _run_rows(runs: QuerySet[ReconciliationRun]) -> Iterator[list[str]]:
    joined = runs.select_related("reconciliation", "rule_set", "requested_by")
    for run in joined.iterator(chunk_size=CHUNK):
        yield [
            str(run.pk),
            run.reconciliation.code,
            str(run.rule_set.version),
            str(run.requested_by or ""),
            *(cell_text(getattr(run, name)) for name in _RUN),
        ]


MATCHES = Table(
    "matches",
    ("id", "reconciliation", *_MATCH, "decided_by", "source1_trade_ids", "source2_trade_ids",
     "differs_in"),
    _match_rows,
)  # fmt: skip
RUNS = Table("runs", ("id", "reconciliation", "rules_version", "requested_by", *_RUN), _run_rows)
