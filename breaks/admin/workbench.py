"""One break's page: what differs and by how much, why the trades were paired, what was done."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from breaks.admin.acts import WORK, change_words
from breaks.admin.approvals import waiting_panels
from breaks.admin.candidates import alternatives_panel, looks_elsewhere, placeholder
from breaks.admin.files import VIEW, files_panel
from breaks.admin.late import late_panels
from breaks.admin.matches import breaks_panel
from breaks.admin.pairing import DECIDE, is_proposed, may_pair
from breaks.admin.words import (
    difference_words,
    exposure_cell,
    hours_of,
    left_of,
    person,
    severity_cell,
    status_cell,
    type_words,
    value_cell,
)
from breaks.choices import LIVE, ApprovalStatus, EventKind
from breaks.models import ApprovalRequest, TradeBreak
from breaks.selectors import timeline
from matching.admin.comparison import compared, let_pass
from matching.admin.legs import legs_panel
from matching.admin.matches import differences_panel, explanation
from matching.choices import MatchKind
from matching.models import Match
from trades.admin.cells import NOTHING, day, link, moment, number
from trades.admin.page import Page, Panel


def workbench(
    row: TradeBreak, *, by: Any, navigation: dict[str, Any] | None = None, query: str = ""
) -> Page:
    """
    Gather the page of a break; `row` has its trades and reconciliation joined.

    `by` is who looks; `query` is what links from the page carry along.
    """
    row.match = match = _match_of(row)
    is_group = match is not None and match.kind != MatchKind.ONE_TO_ONE
    main = [_legs(match), differences_panel(match)] if match is not None and is_group else []
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
            *late_panels(row),
            *_why(row, match, by, query),
            *(files_panel(row) if by.has_perm(VIEW) else []),
            *_siblings(row, match, by),
            _facts(row, match),
        ],
        extra={
            "navigation": navigation,
            "requests": _requests(row),
            "proposal": match if match is not None and is_proposed(row) else None,
            "compared": None if is_group else _compared(row, match),
            "timeline": _timeline(row),
            "may_comment": by.has_perm(WORK),
            "query": f"?{query}" if query else "",
        },
    )


def _match_of(row: TradeBreak) -> Match | None:
    if row.match_id is None:
        return None
    return (
        Match.objects.select_related(
            "reconciliation__left_source", "reconciliation__right_source", "rule_set"
        )
        .prefetch_related(
            "differences", "legs__trade__source", "legs__trade__instrument", "legs__trade__account"
        )
        .get(pk=row.match_id)
    )


def _legs(match: Match) -> Panel:
    why = match.reason_in_words.lower() if match.reason else ""
    note = ", ".join(word for word in (match.get_kind_display().lower(), why) if word)
    differing = {found.field for found in match.differences.all()}
    return legs_panel(list(match.legs.all()), differing, note)


def _why(row: TradeBreak, match: Match | None, by: Any, query: str) -> list[Panel]:
    """Return why the trades were paired, or which might be, and what else would fit."""
    may = by.has_perm(DECIDE) and may_pair(row)
    if match is not None:
        return [explanation(match), *alternatives_panel(row, match, query=query, may_pair=may)]
    return [placeholder(row, query)] if row.status in LIVE and looks_elsewhere(row) else []


def _figures(row: TradeBreak) -> list[tuple[str, Any]]:
    between = row.reconciliation
    return [
        (between.left_source.name, value_cell(row.left_value)),
        (between.right_source.name, value_cell(row.right_value)),
        ("Difference", difference_words(row) or NOTHING),
        ("Exposure", exposure_cell(row)),
        *_clock(row, timezone.now()),
        ("Assignee", person(row.assigned_to)),
        ("Team", row.team.name if row.team else NOTHING),
    ]


def _clock(row: TradeBreak, now: datetime) -> list[tuple[str, Any]]:
    """Say how old a break is and how long it has, in the business hours of its team."""
    hours = hours_of(row)
    age = _business(hours.between(row.opened_at, row.resolved_at or now), row.opened_at, "since")
    if row.resolved_at is not None:
        return [("Was open for", age)]
    if row.paused_at is not None:
        left = left_of(row, now=now)
        word = "late" if left < timedelta() else "left"
        stands = _business(abs(left), row.paused_at, "paused since")
        return [("Age", age), ("Clock", format_html("paused, {} {}", stands, word))]
    if row.due_at > now:
        due = _business(hours.between(now, row.due_at), row.due_at, "due")
        return [("Age", age), ("Due in", due)]
    late = _business(hours.between(row.due_at, now), row.due_at, "was due")
    return [("Age", age), ("Overdue by", format_html('<span class="dk-late">{}</span>', late))]


def _business(length: timedelta, moment_of: datetime, word: str) -> SafeString:
    """Write hours and minutes of business time; the moment itself is in the title."""
    minutes = int(length.total_seconds()) // 60
    text = f"{minutes // 60}h {minutes % 60:02}m" if minutes >= 60 else f"{minutes}m"
    at = f"{timezone.localtime(moment_of):%Y-%m-%d %H:%M %Z}"
    return format_html('<span title="business time, {} {}">{}</span>', word, at, text)


def _requests(row: TradeBreak) -> list[dict[str, Any]]:
    """Return what was asked for on this break or its match and waits for a second person."""
    about = Q(trade_break=row)
    if row.match_id is not None:
        about |= Q(match=row.match_id)
    waiting = ApprovalRequest.objects.filter(about, status=ApprovalStatus.PENDING)
    return [
        {
            "act": one.get_act_display(),
            "summary": one.summary,
            "reason": one.reason,
            "who": str(one.made_by),
            "when": moment(one.made_at),
        }
        for one in waiting.select_related("made_by").order_by("made_at", "pk")
    ]


def _compared(row: TradeBreak, match: Match | None) -> dict[str, Any] | None:
    if row.left_trade is None and row.right_trade is None:
        return None
    differing: dict[str, Any] = {row.field: row} if row.field else {}
    if match is not None:
        differing |= {found.field: found for found in match.differences.all()}
    return compared(row.reconciliation, row.left_trade, row.right_trade, differing)


def _siblings(row: TradeBreak, match: Match | None, by: Any) -> list[Panel]:
    """Return the other breaks of the same match or the same trades that `by` may see."""
    if match is not None:
        about = Q(match=match)
    else:
        keys = [pk for pk in (row.left_trade_id, row.right_trade_id) if pk]
        about = Q(left_trade__in=keys) | Q(right_trade__in=keys)
    others = TradeBreak.objects.visible_to(by).filter(about).exclude(pk=row.pk)
    found = list(
        others.select_related("reconciliation__left_source", "reconciliation__right_source")[:20]
    )
    return [breaks_panel(found, "", title="Other breaks of these trades")] if found else []


def _facts(row: TradeBreak, match: Match | None) -> Panel:
    facts: list[tuple[str, Any]] = [
        ("Trade date", day(row.trade_date)),
        ("Category", row.get_category_display()),
        ("Let pass", let_pass(row.tolerance)),
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
            "changes": _changes(event),
            "when": moment(event.at),
            "kind": event.kind.lower(),
        }
        for event in timeline(row).reverse()
    ]


def _changes(event: Any) -> list[tuple[str, Any, Any]]:
    """Return the values an event changed, as ``(name, before, after)``."""
    told = {"assigned_to"} | ({"team"} if event.kind == EventKind.ROUTED else set())
    return [
        (name.replace("_", " ").removesuffix(" at"), *(_value(name, one) for one in pair))
        for name, pair in event.detail.items()
        if name not in told and isinstance(pair, list) and len(pair) == 2
    ]


def _value(name: str, kept: Any) -> Any:
    if kept in (None, ""):
        return NOTHING
    if name.endswith("_at"):
        return moment(datetime.fromisoformat(kept))
    return value_cell(str(kept))
