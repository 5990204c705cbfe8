"""One break's page: what differs and by how much, why the trades were paired, what was done."""

from typing import Any

from django.utils import timezone
from django.utils.html import format_html

from breaks.admin.acts import change_words
from breaks.admin.approvals import waiting_panels
from breaks.admin.matches import breaks_panel
from breaks.admin.words import (
    difference_words,
    exposure_cell,
    person,
    severity_cell,
    status_cell,
    type_words,
    value_cell,
)
from breaks.models import TradeBreak
from breaks.selectors import timeline
from matching.admin.comparison import LEG_HEAD, LEG_NUMBERS, compared, leg_rows
from matching.admin.matches import alternatives_panel, explanation
from matching.choices import MatchKind
from matching.models import Match
from trades.admin.cells import NOTHING, day, link, moment, number, span
from trades.admin.page import Page, Panel


def workbench(row: TradeBreak, *, may_comment: bool) -> Page:
    """Gather the page of a break; `row` has its trades and reconciliation joined."""
    match = _match_of(row)
    is_group = match is not None and match.kind != MatchKind.ONE_TO_ONE
    main = []
    if match is not None and is_group:
        main.append(
            Panel(
                title="Trades",
                note=f"{match.get_kind_display().lower()}, {match.reason.replace('_', ' ')}".strip(
                    ", "
                ),
                head=LEG_HEAD,
                rows=leg_rows(list(match.legs.all())),
                numeric=LEG_NUMBERS,
            )
        )
    side = [explanation(match), alternatives_panel(match)] if match is not None else []
    siblings = _siblings(row, match)
    return Page(
        headline=format_html(
            "<b>{}</b> {} {}", type_words(row), severity_cell(row), status_cell(row)
        ),
        soft=row.reconciliation.name,
        figures=_figures(row),
        alert=row.exposure_note,
        main=main,
        side=[
            *waiting_panels(row),
            *side,
            *([siblings] if siblings.rows else []),
            _facts(row, match),
        ],
        extra={
            "compared": None if is_group else _compared(row, match),
            "timeline": _timeline(row),
            "may_comment": may_comment,
        },
    )


def _match_of(row: TradeBreak) -> Match | None:
    if row.match_id is None:
        return None
    return (
        Match.objects.select_related("reconciliation__left_source", "reconciliation__right_source")
        .prefetch_related("differences", "legs__trade__source", "legs__trade__instrument")
        .get(pk=row.match_id)
    )


def _figures(row: TradeBreak) -> list[tuple[str, Any]]:
    between = row.reconciliation
    ended = row.resolved_at
    age = span((ended or timezone.now()) - row.opened_at)
    figures: list[tuple[str, Any]] = [
        (between.left_source.name, value_cell(row.left_value)),
        (between.right_source.name, value_cell(row.right_value)),
        ("Difference", difference_words(row) or NOTHING),
        ("Exposure", exposure_cell(row)),
        ("Open for" if ended is None else "Was open for", age),
        ("Assignee", person(row.assigned_to)),
    ]
    return figures


def _compared(row: TradeBreak, match: Match | None) -> dict[str, Any] | None:
    if row.left_trade is None and row.right_trade is None:
        return None
    differing = {row.field} if row.field else set()
    if match is not None:
        differing |= {found.field for found in match.differences.all()}
    return compared(row.reconciliation, row.left_trade, row.right_trade, differing)


def _siblings(row: TradeBreak, match: Match | None) -> Panel:
    """Return the other breaks of the same match or the same trades."""
    if match is not None:
        others = TradeBreak.objects.filter(match=match)
    else:
        trade_ids = [pk for pk in (row.left_trade_id, row.right_trade_id) if pk]
        others = TradeBreak.objects.filter(left_trade__in=trade_ids) | TradeBreak.objects.filter(
            right_trade__in=trade_ids
        )
    others = others.exclude(pk=row.pk).select_related(
        "reconciliation__left_source", "reconciliation__right_source"
    )[:20]
    return breaks_panel(list(others), "None.", title="Other breaks of these trades")


def _facts(row: TradeBreak, match: Match | None) -> Panel:
    facts: list[tuple[str, Any]] = [
        ("Trade date", day(row.trade_date)),
        ("Category", row.get_category_display()),
        ("Let pass", row.tolerance or NOTHING),
        ("Found", moment(row.opened_at)),
        ("Last seen", moment(row.last_seen_at)),
        ("Seen in runs", number(row.times_seen)),
        ("First run", link("matching_reconciliationrun", row.first_run_id, row.first_run_id)),
        ("Last run", link("matching_reconciliationrun", row.last_run_id, row.last_run_id)),
    ]
    if match is not None:
        facts.append(("Match", link("matching_match", match.pk, match)))
    if row.resolved_at:
        facts += [
            ("Ended", moment(row.resolved_at)),
            ("By", row.resolved_by or "itself"),
            ("Because", row.get_reason_code_display()),
        ]
    return Panel(title="About this break", facts=facts)


def _timeline(row: TradeBreak) -> list[dict[str, Any]]:
    """Return history and comments as one list, the latest first; a comment is an event too."""
    return [
        {
            "who": str(event.by) if event.by else "The system",
            "what": change_words(event),
            "said": event.reason,
            "changes": _changes(event.detail),
            "when": moment(event.at),
            "kind": event.kind.lower(),
        }
        for event in timeline(row).reverse()
    ]


def _changes(detail: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the values an event changed, as ``(name, before, after)``."""
    shown = []
    for name, pair in detail.items():
        if name != "assigned_to" and isinstance(pair, list) and len(pair) == 2:
            before, after = (NOTHING if one in (None, "") else value_cell(str(one)) for one in pair)
            shown.append((name.replace("_", " "), before, after))
    return shown
