"""What an act would do to many breaks, and does."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone

from breaks.admin.bulk import SHOWN, BulkActs, Preview, Selection, shown
from breaks.admin.words import (
    exposure_cell,
    instrument_words,
    person,
    severity_cell,
    status_cell,
    type_words,
)
from breaks.choices import BreakStatus
from breaks.models import ActBatch, TradeBreak
from trades.admin.acts import Act
from trades.admin.cells import badge, link, number, short
from trades.admin.page import Panel

if TYPE_CHECKING:
    from breaks.services.foreseeing import Foreseen

SERVICES = {"await": "await_counterparty"}
COLUMNS = ("Break", "Type", "Severity", "Instrument", "Exposure", "Assignee", "Now")
NUMERIC = frozenset({COLUMNS.index("Exposure")})

_NEEDED = (
    "version", "status", "severity", "exposure", "currency", "due_at",
    "assigned_to__username", "team__timezone", "team__opens_at", "team__closes_at",
)  # fmt: skip
CHANGED_SINCE = "Somebody changed it since you looked: look at it again."

Row = tuple[TradeBreak, "Foreseen"]


class BulkBreaks(BulkActs):
    bulk_acts: tuple[str, ...] = (
        "claim", "assign", "route", "comment", "await", "escalate", "resolve", "accept", "reopen",
    )  # fmt: skip
    bulk_noun = ("break", "breaks")

    def preview(self, request: HttpRequest, act: Act, selection: Selection) -> Preview:
        from breaks.services.foreseeing import Foreseen

        by: Any = request.user
        found = {
            row.pk: row
            for row in TradeBreak.objects.visible_to(by)
            .filter(pk__among=list(selection))
            .select_related("assigned_to", "team")
            .only(*_NEEDED)
        }
        rows = [found[pk] for pk in selection if pk in found]
        able: list[Row] = []
        unable: list[Row] = []
        for row, foreseen in zip(rows, self.foreseen(rows, act, by), strict=True):
            if selection[row.pk] not in (None, row.version):
                unable.append((row, Foreseen(foreseen.becomes, CHANGED_SINCE)))
            else:
                (able if foreseen.can else unable).append((row, foreseen))
        return Preview(
            able={row.pk: selection[row.pk] for row, _ in able},
            unable=len(unable),
            figures=_figures(able, unable),
            panels=_panels(able, unable, by),
        )

    def foreseen(self, rows: Sequence[TradeBreak], act: Act, by: Any) -> "list[Foreseen]":
        """Tell what an act would do to each row."""
        from breaks.services.foreseeing import foresee

        return foresee(rows, _service(act), by=by)

    def do_in_bulk(
        self, request: HttpRequest, act: Act, selection: Selection, given: Mapping[str, Any]
    ) -> ActBatch:
        from breaks.services import batches

        by: Any = request.user
        asked = [
            batches.Asked(pk, version, _service(act), given) for pk, version in selection.items()
        ]
        return batches.do(asked=asked, act=act.name, by=by, at=timezone.now())


def _service(act: Act) -> str:
    return SERVICES.get(act.name, act.name)


def _figures(able: Sequence[Row], unable: Sequence[Row]) -> list[tuple[str, Any]]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    unknown = 0
    for row, _ in able:
        if row.exposure is None:
            unknown += 1
        else:
            totals[row.currency] += row.exposure
    waits = sum(foreseen.waits for _, foreseen in able)
    figures: list[tuple[str, Any]] = [("Will be done", number(len(able) - waits))]
    if waits:
        figures.append(("Will be asked for", number(waits)))
    figures.append(("Cannot be done", number(len(unable))))
    figures += [("Exposure", f"{total:,.2f} {currency}") for currency, total in totals.items()]
    if unknown:
        figures.append(("Of unknown exposure", number(unknown)))
    return figures


def _panels(able: Sequence[Row], unable: Sequence[Row], by: Any) -> list[Panel]:
    waits = [(row, foreseen) for row, foreseen in able if foreseen.waits]
    goes = [(row, foreseen) for row, foreseen in able if not foreseen.waits]
    keys = [row.pk for kind in (unable, waits, goes) for row, _ in kind[:SHOWN]]
    named = breaks_in_words(keys, by=by)
    panels = [
        _panel("Cannot be done", unable, "cannot be done either", "Why not", named),
        _panel("Will be asked for", waits, "are asked for as well", "", named),
        _panel("Will be done", goes, "are done as well", "Becomes", named),
    ]
    return [panel for panel in panels if panel.count]


def _panel(
    title: str,
    rows: Sequence[Row],
    verb: str,
    last: str,
    named: Mapping[int, TradeBreak],
) -> Panel:
    return Panel(
        title=title,
        count=len(rows),
        note=shown(rows, verb),
        head=(*COLUMNS, last) if last else COLUMNS,
        rows=[
            [*cells(named[row.pk]), *([_outcome(row, foreseen)] if last else [])]
            for row, foreseen in rows[:SHOWN]
            if row.pk in named
        ],
        numeric=NUMERIC,
    )


def _outcome(row: TradeBreak, foreseen: "Foreseen") -> Any:
    if foreseen.why:
        return foreseen.why
    status = BreakStatus(foreseen.becomes)
    return "as it is" if status == row.status else badge(status, status.label)


def breaks_in_words(keys: Sequence[int], *, by: Any) -> dict[int, TradeBreak]:
    """Return those of the breaks that a person may see, with all that `cells` shows."""
    rows = TradeBreak.objects.visible_to(by).with_trades().filter(pk__among=keys)
    return {row.pk: row for row in rows.defer("left_trade__raw", "right_trade__raw")}


def cells(row: TradeBreak) -> list[Any]:
    """Return a line of a table whose head begins with `COLUMNS`."""
    return [
        link("breaks_tradebreak", row.pk, row.pk),
        short(type_words(row)),
        severity_cell(row),
        short(instrument_words(row)),
        exposure_cell(row),
        person(row.assigned_to),
        status_cell(row, brief=True),
    ]
