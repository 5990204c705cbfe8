"""Breaks as the rows of a CSV file that a spreadsheet can open without running anything."""

import csv
from collections.abc import Iterable, Iterator
from typing import TextIO

from django.db.models import Prefetch

from breaks.models import TradeBreak
from breaks.querysets import TradeBreakQuerySet
from matching.choices import LegSide
from matching.models import MatchLeg
from trades.models import Trade
from trades.reports import plain
from trades.spreadsheet import escape

COLUMNS = (
    "id",
    "break_type",
    "field",
    "severity",
    "status",
    "source1_trade_id",
    "source2_trade_id",
    "left_value",
    "right_value",
    "difference",
    "exposure",
    "currency",
    "opened_at",
)
CHUNK = 2_000


def export_rows(breaks: TradeBreakQuerySet) -> Iterator[list[str]]:
    """
    Yield one row of text a break, in the order of `COLUMNS`, oldest first.

    The trades of a group are joined by ``;``. Memory does not grow with the number of breaks.
    """
    legs = (
        MatchLeg.objects.select_related("trade")
        .defer("trade__raw")
        .order_by("trade__source_trade_id")
    )
    rows = (
        breaks.select_related(None)
        # The match is joined: fetched apart, SQLite gets a condition a match, and takes a thousand.
        .select_related("left_trade", "right_trade", "match")
        .defer("left_trade__raw", "right_trade__raw")
        .prefetch_related(Prefetch("match__legs", queryset=legs))
        .order_by("pk")
    )
    for row in rows.iterator(chunk_size=CHUNK):
        yield [
            str(row.pk),
            row.break_type,
            escape(row.field),
            row.severity,
            row.status,
            escape(_trade_ids(row, LegSide.LEFT, row.left_trade)),
            escape(_trade_ids(row, LegSide.RIGHT, row.right_trade)),
            escape(row.left_value),
            escape(row.right_value),
            "" if row.difference is None else plain(row.difference),
            "" if row.exposure is None else plain(row.exposure),
            row.currency,
            row.opened_at.isoformat(),
        ]


def write_csv(lines: Iterable[list[str]], to: TextIO) -> int:
    """Write the header and the rows; return how many rows."""
    plainly = csv.writer(to, lineterminator="\n")
    # Python quotes a lone carriage return only where lines end in one, yet readers stop at it.
    quoted = csv.writer(to, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plainly.writerow(COLUMNS)
    count = 0
    for line in lines:
        (quoted if any("\r" in cell for cell in line) else plainly).writerow(line)
        count += 1
    return count


def _trade_ids(row: TradeBreak, side: LegSide, only: Trade | None) -> str:
    if only is not None:
        return only.source_trade_id
    if row.match is None:
        return ""
    return ";".join(leg.trade.source_trade_id for leg in row.match.legs.all() if leg.side == side)
