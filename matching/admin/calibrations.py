"""Calibrations: what was learned, what the draft changes, and how far it is meanwhile."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedCheckboxFilter
from unfold.decorators import display

from matching.choices import CalibrationMethod, RunStatus
from matching.models import Calibration
from trades.admin.cells import NOTHING, badge, bar, link, moment, number, short, span
from trades.admin.desk import ViewFilter
from trades.admin.live import LiveAdmin, changing
from trades.admin.page import Page, Panel
from trades.admin.progress import NOBODY_CAME, WORKER_LOST, progress_panel

LIVE = (RunStatus.QUEUED, RunStatus.RUNNING)


class CalibrationFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("all", "All"), ("now", "Queued and running"), ("failed", "Failed"))

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        now = Q(status__in=LIVE)
        return queryset.filter(
            {"all": Q(), "now": now, "failed": Q(status=RunStatus.FAILED)}[value]
        )


@admin.register(Calibration)
class CalibrationAdmin(LiveAdmin):
    list_display = ("named", "between", "days", "status_word", "learned_from", "made", "auto",
                    "false", "asked_by", "requested", "says")  # fmt: skip
    list_filter = (CalibrationFilter, ("reconciliation", RelatedCheckboxFilter))
    list_select_related = ("reconciliation", "draft", "against", "requested_by")
    ordering = ("-requested_at",)
    search_fields = ("reconciliation__code", "error")
    search_help_text = "Reconciliation or error"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def is_live(self, row: Calibration) -> bool:
        return row.status in LIVE

    @display(description="Calibration", ordering="pk")
    def named(self, row: Calibration) -> SafeString:
        return number(row.pk)

    @display(description="Reconciliation", ordering="reconciliation__code")
    def between(self, row: Calibration) -> str:
        return row.reconciliation.code

    @display(description="Trade dates", ordering="from_date")
    def days(self, row: Calibration) -> SafeString:
        return format_html('<span class="dk-when">{}</span>', _days(row))

    @display(description="Status", ordering="status")
    @changing
    def status_word(self, row: Calibration) -> SafeString:
        word = badge(row.status, row.get_status_display())
        if row.status != RunStatus.RUNNING:
            return word
        done = (word, bar(row.progress_pct), row.progress_pct)
        return format_html('<span class="dk-share">{}{}{}%</span>', *done)

    @display(description="Learned from")
    @changing
    def learned_from(self, row: Calibration) -> Any:
        return _learned_from(row)

    @display(description="Draft", ordering="draft")
    @changing
    def made(self, row: Calibration) -> Any:
        return link("matching_ruleset", row.draft_id, row.draft) if row.draft else NOTHING

    @display(description="Auto")
    @changing
    def auto(self, row: Calibration) -> Any:
        return _was_becomes(row, "auto_share")

    @display(description="False, expected")
    @changing
    def false(self, row: Calibration) -> Any:
        return _false(row)

    @display(description="By", ordering="requested_by__username")
    def asked_by(self, row: Calibration) -> SafeString:
        return short(row.requested_by.get_username() if row.requested_by else "")

    @display(description="Requested", ordering="requested_at")
    def requested(self, row: Calibration) -> SafeString:
        return moment(row.requested_at)

    @display(description="Says")
    @changing
    def says(self, row: Calibration) -> SafeString:
        return short(row.error or (row.step if row.status == RunStatus.RUNNING else ""))

    def page(self, request: HttpRequest, row: Any) -> Page:
        done = row.status == RunStatus.SUCCEEDED
        return Page(
            headline=format_html(
                "<b>Calibration {}</b> {}", row.pk, badge(row.status, row.get_status_display())
            ),
            soft=f"{row.reconciliation.name}, {_days(row)}",
            figures=[
                ("Draft", link("matching_ruleset", row.draft_id, row.draft)),
                ("Matched by itself", _was_becomes(row, "auto_share")),
                ("False among them", _false(row)),
            ]
            if done
            else [],
            alert=row.error,
            main=_learned(row) if done else [_progress(row)] if self.is_live(row) else [],
            side=[*([_used(row), _measured(row)] if done else []), _facts(row)],
        )


def _days(row: Calibration) -> str:
    if row.from_date == row.to_date:
        return row.from_date.isoformat()
    return f"{row.from_date} to {row.to_date}"


def _learned_from(row: Calibration) -> Any:
    if not row.result:
        return NOTHING
    by_pairs = row.result["method"] == CalibrationMethod.PAIRS
    return "pairs alone" if by_pairs else "decisions"


def _was_becomes(row: Calibration, name: str) -> Any:
    if not row.result:
        return NOTHING
    before, after = row.result[name]
    return format_html('<span class="dk-num">{} to {}</span>', f"{before:.2%}", f"{after:.2%}")


def _false(row: Calibration) -> Any:
    if not row.result or row.result["false_matches"]["rate"] is None:
        return NOTHING
    found = row.result["false_matches"]
    return format_html(
        '<span class="dk-num" title="{}">{} <small>{} to {}</small></span>', found["basis"],
        f"{found['rate']:.3%}", f"{found['low']:.3%}", f"{found['high']:.3%}",
    )  # fmt: skip


def _progress(row: Calibration) -> Panel:
    now = timezone.now()
    if row.status == RunStatus.QUEUED:
        waited = now - row.requested_at
        hint = NOBODY_CAME if waited.total_seconds() > 60 else ""
        return progress_panel(f"Waiting for a worker, for {span(waited)}", hint=hint)
    lost = row.lease_expires_at is not None and row.lease_expires_at < now
    return progress_panel(
        row.step or "Beginning", percent=row.progress_pct, hint=WORKER_LOST if lost else ""
    )


def _learned(row: Calibration) -> list[Panel]:
    found = row.result
    by_pairs = found["method"] == CalibrationMethod.PAIRS
    head = ("Field", "Weight", "Becomes", "Change")
    bits = ("Agrees, bits", "Differs, bits") if by_pairs else ()
    fields = Panel(
        title="Weights",
        note="what a field adds to likeness" if not by_pairs else "bits: powers of two of the odds",
        head=(*head, *bits),
        numeric=frozenset({1, 2, 3, 4, 5}),
        rows=[
            [
                one["name"].replace("_", " ").capitalize(),
                f"{one['before']:.3f}",
                format_html("<b>{}</b>", f"{one['after']:.3f}"),
                f"{one['after'] - one['before']:+.3f}",
                *((f"{one['agrees']:+.1f}", f"{one['differs']:+.1f}") if by_pairs else ()),
            ]
            for one in found["fields"]
        ],
    )
    thresholds = Panel(
        title="Thresholds",
        head=("Threshold", "Was", "Becomes"),
        numeric=frozenset({1, 2}),
        rows=[
            [words, f"{found[name][0]:.4f}", format_html("<b>{}</b>", f"{found[name][1]:.4f}")]
            for name, words in (("auto_at", "Automatic at"), ("review_at", "To review at"))
        ],
    )
    told = [found["false_matches"]["basis"], *found["notes"]]
    says = format_html(
        '<div class="dk-say">{}</div>',
        SafeString("".join(format_html("<p>{}</p>", one) for one in told)),
    )
    return [fields, thresholds, Panel(title="What the figures rest on", body=says)]


def _used(row: Calibration) -> Panel:
    from matching.services.calibrating.reading import KINDS

    used = row.result["used"]
    facts: list[tuple[str, Any]] = [
        (KINDS[kind][0].capitalize(), number(count)) for kind, count in used.items() if count
    ]
    by_pairs = row.result["method"] == CalibrationMethod.PAIRS
    note = "not learned from" if by_pairs and facts else ""
    return Panel(
        title="Decisions", note=note, facts=facts, none=row.result["why"] or "There were none."
    )


def _measured(row: Calibration) -> Panel:
    rows = [
        [
            format_html("{} of {}", one["judged"], one["drawn"]),
            one["wrong"],
            NOTHING if one["rate"] is None else f"{one['rate']:.2%}",
            f"{one['low']:.2%} to {one['high']:.2%}" if one["judged"] else NOTHING,
        ]
        for one in row.result["measured"]
    ]
    return Panel(
        title="False matches today, measured",
        head=("Judged", "Wrong", "Rate", "Between"),
        numeric=frozenset({0, 1, 2, 3}),
        rows=rows,
        none="No automatic match of these days was drawn and judged.",
    )


def _facts(row: Calibration) -> Panel:
    trades = row.result.get("trades")
    return Panel(
        title="How it was learned",
        facts=[
            ("Reconciliation", link("matching_reconciliation", row.reconciliation_id,
                                    row.reconciliation)),
            ("Against", link("matching_ruleset", row.against_id, row.against)),
            ("Asked for", row.get_asked_method_display()),
            ("Trades tried on", f"{trades['left']:,} with {trades['right']:,}" if trades
             else NOTHING),
            ("Asked for by", row.requested_by or NOTHING),
            ("Requested", moment(row.requested_at)),
            ("Finished", moment(row.finished_at)),
        ],
    )  # fmt: skip
