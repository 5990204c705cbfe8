"""Breaks as the rows of a file: what the desk knows of each, and the columns people edit in it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TextIO

from django.utils import timezone

from breaks.models import TradeBreak
from breaks.querysets import TradeBreakQuerySet
from breaks.terms import Clocks, business_age_hours
from matching.choices import LegSide
from matching.models import MatchLeg
from trades.models import Trade
from trades.reports import as_text
from trades.spreadsheet import Mode, Table, csv_lines, escape, seal
from trades.tables import cell_text

# The command's columns: programs read them by position.
COLUMNS = (
    "id", "break_type", "field", "severity", "status", "source1_trade_id", "source2_trade_id",
    "left_value", "right_value", "difference", "exposure", "currency", "opened_at",
)  # fmt: skip
# What a person edits in the file; the rest is there to be read.
# What says something else every minute, and is no change.
PASSING = ("business_age_hours",)
EDITABLE = ("act", "assigned_to", "team", "reason_code", "comment")
SEAL = "seal"

_TERMS = {
    "side": "side",
    "quantity": "quantity",
    "price": "price",
    "currency": "currency",
    "net_amount": "net_amount",
    "trade_date": "trade_date",
    "settlement_date": "settlement_date",
    "symbol": "symbol",
    "isin": "isin",
    "security_name": "security_name",
    "counterparty": "counterparty_name",
    "account": "account_code",
    "order_ref": "order_ref",
    "trade_version": "version",
}
_SIDES = (("source1", LegSide.LEFT), ("source2", LegSide.RIGHT))
WORKED = (
    "id", "version", *EDITABLE,
    "severity", "status", "break_type", "field", "reconciliation", "trade_date",
    "left_value", "right_value", "difference", "tolerance",
    "exposure", "currency", "exposure_note", "opened_at", "due_at", "business_age_hours",
    *(f"{name}_{term}" for name, _ in _SIDES for term in ("code", "trade_id", *_TERMS)),
    SEAL,
)  # fmt: skip
# By match and side.
Legs = Mapping[tuple[int, str], Sequence[Trade]]
CHUNK = 2_000


def with_terms(breaks: TradeBreakQuerySet) -> TradeBreakQuerySet:
    """Join all that a row of a file says, whatever was joined before."""
    trades = ("left_trade", "right_trade")
    return (
        breaks.select_related(None)
        .prefetch_related(None)
        .select_related(
            "reconciliation__left_source", "reconciliation__right_source", *trades,
            "assigned_to", "team",
        )
        .defer(*(f"{trade}__raw" for trade in trades))
    )  # fmt: skip


def legs_of(breaks: Iterable[TradeBreak]) -> dict[tuple[int, str], list[Trade]]:
    """Return the trades of groups by match and side, in the order of their ids; one query."""
    groups = {
        row.match_id for row in breaks if row.left_trade_id is None or row.right_trade_id is None
    }
    found: dict[tuple[int, str], list[Trade]] = defaultdict(list)
    legs = MatchLeg.objects.filter(match__among=sorted(groups - {None}))
    for leg in (
        legs.select_related("trade").defer("trade__raw").order_by("trade__source_trade_id", "pk")
    ):
        found[leg.match_id, leg.side].append(leg.trade)
    return found


def texts(row: TradeBreak, legs: Legs) -> dict[str, str]:
    """
    Return what a file says of a break, by column but for the seal, as exact text.

    What the trades of a group say is joined by ``;``. What passes (`PASSING`) is left empty.
    """
    between = row.reconciliation
    said: dict[str, Any] = {
        "id": str(row.pk),
        "version": str(row.version),
        "act": "",
        "assigned_to": row.assigned_to.get_username() if row.assigned_to else "",
        "team": row.team.code if row.team else "",
        "reason_code": row.reason_code,
        "comment": "",
        "reconciliation": between.code,
        "opened_at": row.opened_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "business_age_hours": "",
    }
    for name in ("severity", "status", "break_type", "field", "trade_date", "left_value",
                 "right_value", "difference", "tolerance", "exposure", "currency",
                 "exposure_note"):  # fmt: skip
        said[name] = as_text(getattr(row, name)) or ""
    sources = (between.left_source, between.right_source)
    for (name, side), source in zip(_SIDES, sources, strict=True):
        trades = _trades(row, side, legs)
        said[f"{name}_code"] = source.code
        said[f"{name}_trade_id"] = ";".join(trade.source_trade_id for trade in trades)
        for term, field in _TERMS.items():
            values = [getattr(trade, field) for trade in trades]
            said[f"{name}_{term}"] = ";".join(cell_text(value) for value in values)
    return said


def export_rows(breaks: TradeBreakQuerySet) -> Iterator[list[str]]:
    """
    Yield one row of escaped text a break, in the order of `COLUMNS`, oldest first.

    The trades of a group are joined by ``;``. Memory does not grow with the number of breaks.
    """
    for said in _said(breaks.order_by("pk")):
        yield [escape(said[name]) for name in COLUMNS]


def worked_rows(breaks: TradeBreakQuerySet, mode: Mode) -> Iterator[list[str]]:
    """Yield one row of exact text a break, in the order of `WORKED` and of the queryset."""
    for said in _said(breaks):
        row = [said[name] for name in WORKED[:-1]]
        yield [*row, seal(row, mode)]


def worked_table(mode: Mode) -> Table:
    """Return the file that people edit and hand in again."""
    return Table("breaks", WORKED, lambda breaks: worked_rows(breaks, mode))


def write_csv(lines: Iterable[list[str]], to: TextIO) -> int:
    """Write the header of `COLUMNS` and the rows as they are; return how many rows."""
    count = -1  # less the header
    for line in csv_lines(COLUMNS, lines, Mode.EXACT):
        to.write(line)
        count += 1
    return count


def _said(breaks: TradeBreakQuerySet) -> Iterator[dict[str, str]]:
    rows = with_terms(breaks).iterator(chunk_size=CHUNK)
    terms, now = Clocks(), timezone.now()
    while chunk := list(islice(rows, CHUNK)):
        legs = legs_of(chunk)
        for row in chunk:
            age = business_age_hours(row, terms, now=now)
            yield texts(row, legs) | {"business_age_hours": f"{age:.2f}"}


def _trades(row: TradeBreak, side: LegSide, legs: Legs) -> Sequence[Trade]:
    only = row.left_trade if side == LegSide.LEFT else row.right_trade
    if only is not None:
        return [only]
    return [] if row.match_id is None else legs.get((row.match_id, side), [])
