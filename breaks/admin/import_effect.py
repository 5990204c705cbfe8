"""What a file of acts would do, for the eyes of whoever decides on it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from breaks.admin.bulk_breaks import COLUMNS, NUMERIC, breaks_in_words, cells
from breaks.choices import ReasonCode
from breaks.models import ApprovalRequest, TradeBreak
from trades.admin.cells import NOTHING, badge, digits, short
from trades.admin.page import Panel

if TYPE_CHECKING:
    from breaks.services.batches import Asked

# Of acts that are not written off: the page stays one that can be read.
SHOWN = 500
ACCEPT = "accept"
_SAID = ("comment", "reason", "text")


def panels_of_import(request: ApprovalRequest, *, by: Any) -> list[Panel]:
    """
    Return panels of the acts, write-offs first and every one of them.

    They are approved with the file and ask nobody again, so none is left out of sight.
    """
    from breaks.services.importing import unpacked
    from breaks.services.lifecycle import WorkRefused

    try:
        asked = unpacked(request.given["asked"])
    except WorkRefused as refusal:
        return [Panel(title="What it would do", none=str(refusal))]
    accepted = [one for one in asked if one.act == ACCEPT]
    others = [one for one in asked if one.act != ACCEPT]
    named = breaks_in_words([one.break_id for one in (*accepted, *others[:SHOWN])], by=by)
    more = len(others) - SHOWN
    panels = [
        _panel("Would be written off", accepted, named, "each is approved with the file"),
        _panel(
            "Would be done", others[:SHOWN], named,
            f"the first {SHOWN}; {digits(more)} more are done as well" if more > 0 else "",
            count=len(others),
        ),
    ]  # fmt: skip
    return [panel for panel in panels if panel.count]


def _panel(
    title: str,
    asked: Sequence["Asked"],
    named: Mapping[int, TradeBreak],
    note: str,
    *,
    count: int | None = None,
) -> Panel:
    return Panel(
        title=title,
        count=len(asked) if count is None else count,
        note=note,
        head=(*COLUMNS, "Act", "With"),
        rows=[[*_about(one, named), one.act.replace("_", " "), _with(one)] for one in asked],
        numeric=NUMERIC,
    )


def _about(one: "Asked", named: Mapping[int, TradeBreak]) -> list[Any]:
    row = named.get(one.break_id)
    if row is None:
        return [one.break_id, *[NOTHING] * (len(COLUMNS) - 1)]
    shown = cells(row)
    if one.version is not None and row.version > one.version:
        shown[-1] = badge("STALE", "Changed since")
    return shown


def _with(one: "Asked") -> Any:
    """Say what the act is given: to whom or where, why, and what is said with it."""
    words = [str(one.given[name] or "nobody") for name in ("to", "team") if name in one.given]
    if code := one.given.get("reason_code"):
        words.append(ReasonCode(code).label)
    words += [one.given[name] for name in _SAID if one.given.get(name)]
    return short("; ".join(words), width="medium") if words else NOTHING
