"""Reports become trades: one row per source and trade id, every earlier version kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from trades.models import Source
from trades.reports import TradeReport
from trades.services.merging import conflicts, merge
from trades.services.staging import Reports, Staging


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """
    What became of the reports: every one is loaded, amended, a duplicate or in conflict.

    `conflicts` are pairs of the report's position and the reason it was not loaded.
    """

    loaded: int
    amended: int
    duplicates: int
    conflicts: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def load_reports(
    *,
    source: Source,
    reports: Sequence[TradeReport],
    delivery_id: int | None,
    at: datetime,
    lines: Sequence[int] | None = None,
) -> LoadOutcome:
    """
    Load reports that are in memory already, all or nothing.

    They may come in any order and any number of times. `lines` tells where each was read, for
    the reasons of conflicts; without it they are numbered from 1.
    """
    with Staging() as staging:
        if reports:
            staging.add(
                Reports(
                    lines=lines or range(1, len(reports) + 1),
                    sent=[""] * len(reports),
                    raws=[json.dumps(report.raw) for report in reports],
                    contents=list(zip(*(report.content() for report in reports), strict=True)),
                )
            )
        merged = merge(staging=staging, source=source, delivery_id=delivery_id, at=at)
        refused = sorted((one.position, one.reason) for one in conflicts())
    return LoadOutcome(merged.loaded, merged.amended, merged.duplicates, refused)
