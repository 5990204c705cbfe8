"""Which layout a file has, and which one to propose for a header nobody knows."""

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from connectors import columns as header_columns
from connectors.delimited import Table, read_header, text_of
from connectors.habits import Habits, fold
from connectors.models import Layout
from connectors.protocol import Unreadable
from connectors.spool import Spool
from connectors.units import powers
from trades.models import Source


@dataclass(frozen=True, slots=True)
class ChosenLayout:
    """A file's table with the layout that reads it, and the canonical name of each column."""

    layout: Layout
    table: Table
    columns: list[str]


def habits_of(layout: Layout | None, source: Source) -> Habits:
    """Return how a source writes its values: by the layout where there is one."""
    if layout is None:
        return Habits(timezone=ZoneInfo(source.timezone))
    usual = Habits(timezone=ZoneInfo(layout.timezone or source.timezone))
    return replace(
        usual,
        date_formats=tuple(layout.date_formats) or usual.date_formats,
        time_formats=tuple(layout.time_formats) or usual.time_formats,
        decimal_separator=layout.decimal_separator,
        side_words={fold(word): side for word, side in layout.side_words.items()},
        signed_quantity=layout.signed_quantity,
        units=powers(layout.unit_factors),
        net_reversed=layout.net_reversed,
    )


def choose_layout(*, file: Spool, name: str, layout: Layout | None) -> ChosenLayout:
    """
    Return how to read a file: by the layout given, or by the one its header fits best.

    :raises Unreadable: if it cannot be decoded, or no layout makes trades of its header.
    """
    chosen = _applied(layout, file, name) if layout else _best_fitting(file, name)
    header_columns.check_header(
        chosen.table.header,
        chosen.columns,
        name=name,
        layout=chosen.layout.code,
        signed_quantity=chosen.layout.signed_quantity,
    )
    return chosen


def _best_fitting(file: Spool, name: str) -> ChosenLayout:
    layouts = list(Layout.objects.order_by("code"))
    if not layouts:
        raise Unreadable("There is no layout to read the file by; add one in the admin.")
    applied, problem = [], None
    for candidate in layouts:
        try:
            applied.append(_applied(candidate, file, name))
        except Unreadable as refusal:
            problem = problem or refusal
    if problem is not None and not applied:
        raise problem
    return min(applied, key=_unfitness)


def _applied(layout: Layout, file: Spool, name: str) -> ChosenLayout:
    table = read_header(text_of(file, layout.encoding, name), layout.delimiter, name)
    return ChosenLayout(layout, table, header_columns.map_header(table.header, layout.columns))


def _unfitness(chosen: ChosenLayout) -> tuple[int, int, str]:
    """Order layouts: least missing first, then most columns known, then by code."""
    lacking = header_columns.missing(chosen.columns, signed_quantity=chosen.layout.signed_quantity)
    return len(lacking), -sum(map(bool, chosen.columns)), chosen.layout.code


def propose_layout(*, header: list[str]) -> dict[str, Any]:
    """Return the fields of a layout for an unknown header, to be looked over by a person."""
    columns = header_columns.propose(header)
    return {
        "columns": columns,
        "date_formats": ["%Y-%m-%d", "%Y%m%d"],
        "time_formats": ["ISO"],
        "decimal_separator": ".",
        "encoding": "utf-8-sig",
        "side_words": {},
        "signed_quantity": "side" not in columns.values(),
    }
