"""The page of a batch: what was refused first, then what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html

from breaks.admin.bulk_breaks import COLUMNS, NUMERIC, breaks_in_words, cells
from breaks.admin.bulk_matches import match_cells, match_head, matches_in_words
from breaks.models import ActBatch, TradeBreak
from matching.models import Match
from trades.admin.cells import NOTHING, digits, link, moment, number, short
from trades.admin.page import Page, Panel

# Rows of one kind that are shown; those beyond are counted.
MOST_ROWS = 1_000

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """Rows that came to the same: what they are called, and what the last column says of each."""

    title: str
    rows: Sequence[Row]
    last: str = ""

    @property
    def shown(self) -> Sequence[Row]:
        return self.rows[:MOST_ROWS]


def results(batch: ActBatch, *, by: Any) -> Page:
    """Gather the page of a batch for a person, who is told no more of a break than they may see."""
    kinds = _kinds(batch.rows)
    breaks, matches = _named_by(kinds, by)
    return Page(
        headline=format_html("<b>{} {}</b>", batch.act.capitalize(), _how(batch)),
        soft=_whose(batch),
        figures=[*((kind.title, number(len(kind.rows))) for kind in kinds), *_given(batch)],
        alert=_left(batch),
        main=[_panel(batch, kind, breaks, matches) for kind in kinds if kind.rows],
    )


def _how(batch: ActBatch) -> str:
    return f"of {batch.file_name}" if batch.file_name else "in bulk"


def _kinds(rows: Sequence[Row]) -> list[Kind]:
    refused: list[Row] = []
    asked_for: list[Row] = []
    same: list[Row] = []
    done: list[Row] = []
    for row in rows:
        if row["said"]:
            refused.append(row)
        elif "request" in row:
            asked_for.append(row)
        else:
            (same if row.get("unchanged") else done).append(row)
    kinds = [Kind("Refused", refused, "Why"), Kind("Done", done)]
    if asked_for:
        kinds.insert(1, Kind("Asked for", asked_for, "Request"))
    if same:
        kinds.append(Kind("Was so already", same))
    return kinds


def _whose(batch: ActBatch) -> Any:
    words = format_html(
        "{} by {}{}", moment(batch.at), batch.by, batch.file_name and f" from {batch.file_name}"
    )
    if batch.undone_at is None:
        return words
    return format_html("{}, undone {} by {}", words, moment(batch.undone_at), batch.undone_by)


def _given(batch: ActBatch) -> list[tuple[str, Any]]:
    return [
        (name.replace("_", " ").capitalize(), short(str(value)))
        for name, value in batch.given.items()
        if value not in (None, "")
    ]


def _left(batch: ActBatch) -> str:
    left = sum(1 for row in batch.rows if "undone" in row and row["undone"] is None)
    return f"{digits(left)} could not be undone; the table says why." if left else ""


def _named_by(
    kinds: Sequence[Kind], by: Any
) -> tuple[Mapping[int, TradeBreak], Mapping[int, Match]]:
    """Return what the rows shown are about, of breaks those that this person may see."""
    rows = [row for kind in kinds for row in kind.shown]
    breaks = breaks_in_words([row["break"] for row in rows if "break" in row], by=by)
    matches = [row["match"] for row in rows if "match" in row]
    return breaks, matches_in_words(matches) if matches else {}


def _panel(
    batch: ActBatch, kind: Kind, breaks: Mapping[int, TradeBreak], matches: Mapping[int, Match]
) -> Panel:
    of_matches = "match" in kind.rows[0]
    several = bool(batch.file_name) or len({row["act"] for row in batch.rows}) > 1
    head = [*(match_head() if of_matches else COLUMNS)]
    head += [*(["Act"] if several else []), *([kind.last] if kind.last else [])]
    head += ["Undone"] if batch.undone_at else []
    return Panel(
        title=kind.title,
        count=len(kind.rows),
        note=f"the first {digits(MOST_ROWS)} are shown" if len(kind.rows) > MOST_ROWS else "",
        head=head,
        rows=[
            [
                *_about(row, breaks, matches),
                *([row["act"].replace("_", " ")] if several else []),
                *([_last(row)] if kind.last else []),
                *([_undone(row)] if batch.undone_at else []),
            ]
            for row in kind.shown
        ],
        numeric=frozenset() if of_matches else NUMERIC,
    )


def _about(row: Row, breaks: Mapping[int, TradeBreak], matches: Mapping[int, Match]) -> list[Any]:
    if "match" in row:
        match = matches.get(row["match"])
        known = match_cells(match) if match else [row["match"]]
    else:
        seen = breaks.get(row["break"])
        known = cells(seen) if seen else [row["break"]]
    columns = len(match_head() if "match" in row else COLUMNS)
    return [*known, *[NOTHING] * (columns - len(known))]


def _last(row: Row) -> Any:
    pk = row.get("request")
    return link("breaks_approvalrequest", pk, pk) if pk else row["said"]


def _undone(row: Row) -> Any:
    if "undone" not in row:
        return NOTHING
    return "yes" if row["undone"] is not None else row["undo_said"]
