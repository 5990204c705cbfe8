"""What an imported file would do, for the eyes of whoever decides on it."""

from typing import Any

from django.conf import settings

from breaks.admin.words import exposure_cell, status_cell, type_words
from breaks.models import ApprovalRequest, TradeBreak
from trades.admin.cells import NOTHING, digits, link, short
from trades.admin.page import Panel

SHOWN = 200
_HEAD = ("Break", "Type", "Exposure", "Now", "Act", "With")
_MOVED = "was changed since: it would be refused"


def importing_panels(request: ApprovalRequest) -> list[Panel]:
    """Return the acts of the file, as far as they are shown, each with its break as it is now."""
    from breaks.services.importing import unpacked
    from breaks.services.lifecycle import WorkRefused

    try:
        asked = unpacked(request.given["asked"])
    except WorkRefused as refusal:
        return [Panel(title="What it would do", none=str(refusal))]
    shown = asked[:SHOWN]
    breaks = TradeBreak.objects.with_trades().in_bulk([one.break_id for one in shown])
    file = request.given["file_name"]
    more = f", of which the first {SHOWN} are shown" if len(asked) > SHOWN else ""
    return [
        Panel(
            title="What it would do",
            note=f"{digits(len(asked))} acts of {file}{more}",
            count=len(asked),
            head=_HEAD,
            rows=[_row(one, breaks.get(one.break_id)) for one in shown],
        )
    ]


def _row(one: Any, row: TradeBreak | None) -> list[Any]:
    if row is None:
        return [one.break_id, "is no more", NOTHING, NOTHING, one.act, NOTHING]
    given = ", ".join(_said(name, value) for name, value in one.given.items())
    moved = one.version is not None and one.version != row.version
    return [
        link("breaks_tradebreak", row.pk, row.pk),
        short(type_words(row), width="medium"),
        exposure_cell(row, usual=settings.BASE_CURRENCY),
        status_cell(row),
        f"{one.act}, {_MOVED}" if moved else one.act,
        short(given) if given else NOTHING,
    ]


def _said(name: str, value: Any) -> str:
    return f"{name.replace('_', ' ')} {'nobody' if value is None else value}"
