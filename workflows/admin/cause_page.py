"""One root cause on a page: what is wrong, how sure, what the fix would clear, and samples."""

from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from breaks.admin.words import (
    difference_words,
    exposure_cell,
    status_cell,
    type_words,
    value_cell,
)
from breaks.models import TradeBreak
from trades.admin.cells import NOTHING, badge, digits, link, moment, money, number, short
from trades.admin.page import Page, Panel
from workflows.admin.cause_forms import where_to_edit
from workflows.admin.drawing import columns, lift_bars
from workflows.models import RootCauseFinding
from workflows.selectors import causes_visible_to

SAMPLES = 12
# Evidence that a panel of its own shows, or that only the machine reads.
DRAWN = {"by_hour", "by_day", "places", "spread", "where", "delivery", "first_delivery"}
LABELS = {
    "showing": "Trades that show it", "of": "Of trades there", "elsewhere": "Showing it elsewhere",
    "factor": "Factor", "field": "Field", "british": "Of them in London or pounds",
    "minutes": "Minutes ahead", "business_days": "Business days later",
    "left_cycle": "Left settles, days after", "right_cycle": "Right settles, days after",
    "stale_rate": "Rate used", "stale_date": "Rate of", "rate": "Rate in force",
    "currency": "Currency", "stale_side": "Side that is stale", "net_has_them": "Net has them",
    "costs": "Costs", "missing": "Missing", "since": "From, UTC", "until": "Until, UTC",
    "days": "Days", "side": "Side", "repeated": "Repeated trades", "left": "Left says",
    "right": "Right says", "pairs": "Paired, sides apart",
    "missing_on_both_sides": "Missing on both sides alike",
    "broken": "Broken so, everywhere", "total": "Trades everywhere",
    "unknown_exposure": "Breaks of unknown exposure",
}  # fmt: skip


def cause_page(row: Any, *, by: Any) -> Page:
    """Gather the page of a finding; `row` comes with the counts of what `by` may see."""
    breaks = TradeBreak.objects.visible_to(by).filter(cause_links__finding=row)
    hidden = row.break_count - row.seen_count
    return Page(
        headline=format_html(
            "<b>{}</b> {}", row.headline, badge(row.status, row.get_status_display())
        ),
        soft=row.reconciliation.name,
        figures=[
            ("Breaks", number(row.seen_count)),
            ("Exposure", money(row.seen_exposure, row.currency, unknown="None is known.")),
            ("The fix would clear", _clears(row)),
            ("Lift", lift_word(row.lift)),
            ("By chance", chance(row.p_value)),
            ("Trade dates", f"{row.from_date} to {row.to_date}"),
        ],
        alert=f"{digits(hidden)} more breaks belong to teams you do not see." if hidden else "",
        main=[*_pictures(row), _samples(row, breaks)],
        side=[_fix(row, by), _evidence(row), *_lesser(row, by), _history(row), _facts(row)],
    )


def _clears(row: Any) -> Any:
    if row.would_clear is None:
        return "not tried"
    return format_html("{} of {}", digits(row.seen_cleared), digits(row.seen_count))


def lift_word(lift: float | None) -> SafeString:
    if lift is None:
        return NOTHING
    return format_html('<span class="dk-num">{}x</span>', f"{lift:.1f}")


def chance(p_value: float) -> SafeString:
    """Show a corrected p-value as the power of ten it lies below."""
    words = "below 1e-12" if p_value < 1e-12 else f"{p_value:.1g}"
    title = "Chance that accident alone does this, corrected for all that was tried"
    return format_html('<span class="dk-num" title="{}">{}</span>', title, words)


def _pictures(row: RootCauseFinding) -> list[Panel]:
    found = row.evidence
    panels = []
    if found.get("spread"):
        panels.append(
            columns(
                [tuple(one) for one in found["spread"]],
                title="How the values spread",
                all_of="breaks of this field",
                ours="of this cause",
                note="right over left, or days apart",
            )
        )
    if found.get("by_hour"):
        rows = [(f"{hour:02d}", count, ours) for hour, count, ours in found["by_hour"]]
        panels.append(
            columns(rows, title="By hour, UTC", all_of="trades", ours="broken by this cause")
        )
    if len(found.get("by_day", ())) > 1:
        rows = [(str(day), count, ours) for day, count, ours in found["by_day"]]
        panels.append(
            columns(rows, title="By trade date", all_of="trades", ours="broken by this cause")
        )
    if len(found.get("places", ())) > 1:
        panels.append(lift_bars(found["places"]))
    return panels


def _samples(row: RootCauseFinding, breaks: QuerySet[TradeBreak]) -> Panel:
    between = row.reconciliation
    shown = breaks.with_trades().without_reports()  # type: ignore[attr-defined]
    shown = shown.annotate(gone=F("cause_links__would_clear")).order_by("-rank", "-pk")[:SAMPLES]
    names = {True: "yes", False: "no", None: NOTHING}
    return Panel(
        title="Samples, side by side",
        note="the dearest first",
        head=("Break", "Type", between.left_source.name, between.right_source.name,
              "Difference", "Exposure", "Status", "Cleared"),
        numeric=frozenset({2, 3, 4, 5}),
        rows=[
            [
                link("breaks_tradebreak", one.pk, one.pk),
                short(type_words(one), width="medium"),
                value_cell(one.left_value),
                value_cell(one.right_value),
                difference_words(one) or NOTHING,
                exposure_cell(one),
                status_cell(one, brief=True),
                names[one.gone],
            ]
            for one in shown
        ],
        none="None of its breaks is there any more.",
    )  # fmt: skip


def _fix(row: Any, by: Any) -> Panel:
    from workflows.services.causes import can_be_applied

    queue = reverse("admin:breaks_tradebreak_changelist")
    lines = [format_html("<p><b>{}</b></p>", row.fix_in_words)]
    if row.would_clear is not None:
        resent = row.proposed_fix.get("kind") == "resend"
        said = "Once it is there and agrees" if resent else "Paired again with it"
        worth = row.would_clear_exposure if row.seen_count == row.break_count else None
        lines.append(
            format_html(
                "<p>{}, {} of {} breaks are gone{}.</p>",
                said,
                digits(row.seen_cleared),
                digits(row.seen_count),
                f", worth {digits(Decimal(worth).quantize(Decimal(1)))} {row.currency}"
                if worth
                else "",
            )
        )
    if not can_be_applied(row):
        lines += where_to_edit(row, by)
    lines.append(
        format_html('<p><a class="dk-link" href="{}?cause={}">Its breaks in the queue</a></p>',
                    queue, row.pk)
    )  # fmt: skip
    body = format_html('<div class="dk-say">{}</div>', SafeString("".join(lines)))
    return Panel(title="What would put it right", body=body)


def _evidence(row: RootCauseFinding) -> Panel:
    found = row.evidence
    facts: list[tuple[str, Any]] = [
        (noun.capitalize(), ", ".join(values)) for noun, values in found.get("where", ())
    ]
    for name, value in found.items():
        if name in DRAWN or name not in LABELS or value in (None, "", []):
            continue
        words = ", ".join(map(str, value)) if isinstance(value, list) else value
        is_count = isinstance(value, int)
        facts.append((LABELS[name], number(value) if is_count else words))
    return Panel(title="Evidence", facts=facts)


def _lesser(row: RootCauseFinding, by: Any) -> list[Panel]:
    if row.beneath is not None:
        better = link("workflows_rootcausefinding", row.beneath_id, row.beneath.headline)
        return [
            Panel(title="Explained better by", body=format_html('<p class="dk-say">{}</p>', better))
        ]
    lesser: list[Any] = list(causes_visible_to(by).filter(beneath=row).order_by("place")[:10])
    if not lesser:
        return []
    rows = [
        [
            _wrapped(link("workflows_rootcausefinding", one.pk, one.headline)),
            number(one.seen_count),
        ]
        for one in lesser
    ]
    return [
        Panel(
            title="Beneath it",
            note="say less of the same breaks",
            head=("Cause", "Breaks"),
            numeric=frozenset({1}),
            rows=rows,
        )
    ]


def _history(row: RootCauseFinding) -> Panel:
    events = row.events.select_related("by").order_by("-at", "-pk")[:20]
    return Panel(
        title="What happened to it",
        head=("When", "What"),
        rows=[
            [moment(one.at), _wrapped(_said_in(one.get_act_display(), one.by, one.note))]
            for one in events
        ],
    )


def _said_in(act: str, by: Any, note: str) -> SafeString:
    said = format_html("{} by {}", act, by or "the analysis")
    return format_html("{}<br><small>{}</small>", said, note) if note else said


def _wrapped(words: SafeString) -> SafeString:
    """Let a cell of a narrow panel take several lines."""
    return format_html('<span class="dk-wrap">{}</span>', words)


def _facts(row: RootCauseFinding) -> Panel:
    read = row.analysis
    through = f"{digits(read.trades_read)} trades and {digits(read.breaks_read)} breaks"
    return Panel(
        title="About this finding",
        facts=[
            ("Mechanism", row.get_mechanism_display()),
            ("First found", moment(row.made_at)),
            ("Last found", moment(row.seen_at)),
            ("Looked through", through),
            ("Hypotheses tried", number(read.hypotheses)),
        ],
    )
