"""Runs of a reconciliation. Registered by `workflows.admin`, which starts them."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    RangeDateFilter,
    RelatedCheckboxFilter,
)
from unfold.decorators import display

from matching.choices import RunStatus
from matching.models import ReconciliationRun, RunPartition
from matching.tables import RUNS
from trades.admin.cells import NOTHING, badge, bar, link, moment, number, short, span
from trades.admin.desk import ViewFilter
from trades.admin.exporting import ExportAdmin
from trades.admin.live import LiveAdmin, changing
from trades.admin.page import Page, Panel
from trades.admin.progress import NOBODY_CAME, WORKER_LOST, progress_panel, sum_of
from trades.admin.ranges import MomentRangeFilter
from trades.spreadsheet import Mode, Table

LIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
# As long as the sweep lets a message take before it sends another.
STALE_AFTER = timedelta(minutes=1)


class RunFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("all", "All"), ("now", "Queued and running"), ("failed", "Failed"))

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        now = Q(status__in=LIVE)
        return queryset.filter(
            {"all": Q(), "now": now, "failed": Q(status=RunStatus.FAILED)}[value]
        )


class RunAdmin(ExportAdmin, LiveAdmin):
    list_display = ("run", "reconciliation_code", "days", "status_word", "trades", "auto",
                    "review", "unmatched", "breaks_found", "rate", "took", "requested",
                    "asked_by", "says")  # fmt: skip
    ordering = ("-requested_at",)
    list_filter = (
        RunFilter,
        ("reconciliation", RelatedCheckboxFilter),
        ("from_date", RangeDateFilter),
        ("requested_at", MomentRangeFilter),
    )
    list_select_related = ("reconciliation", "requested_by")
    search_fields = ("reconciliation__code", "reconciliation__name", "error")
    search_help_text = "Reconciliation or error"

    @display(description="Run", ordering="pk")
    def run(self, run: ReconciliationRun) -> SafeString:
        return number(run.pk)

    @display(description="Reconciliation", ordering="reconciliation__code")
    def reconciliation_code(self, run: ReconciliationRun) -> str:
        return run.reconciliation.code

    @display(description="Trade dates", ordering="from_date")
    def days(self, run: ReconciliationRun) -> SafeString:
        return format_html('<span class="dk-when">{}</span>', days_words(run))

    @display(description="Status", ordering="status")
    @changing
    def status_word(self, run: ReconciliationRun) -> SafeString:
        word = badge(run.status, run.get_status_display())
        if run.status != RunStatus.RUNNING:
            return word
        done = (word, bar(run.progress_pct), run.progress_pct)
        return format_html('<span class="dk-share">{}{}{}%</span>', *done)

    @display(description="Says")
    @changing
    def says(self, run: ReconciliationRun) -> SafeString:
        return short(run.error or (run.step if run.status == RunStatus.RUNNING else ""))

    @display(description="By", ordering="requested_by__username")
    def asked_by(self, run: ReconciliationRun) -> SafeString:
        return short(run.requested_by.get_username() if run.requested_by else "")

    @display(description="Trades")
    @changing
    def trades(self, run: ReconciliationRun) -> SafeString:
        return _two(run, run.left_trades, run.right_trades)

    @display(description="Auto", ordering="auto_matched")
    @changing
    def auto(self, run: ReconciliationRun) -> SafeString:
        return _counted(run, run.auto_matched)

    @display(description="Review", ordering="manual_review")
    @changing
    def review(self, run: ReconciliationRun) -> SafeString:
        return _counted(run, run.manual_review)

    @display(description="Unmatched")
    @changing
    def unmatched(self, run: ReconciliationRun) -> SafeString:
        return _two(run, run.unmatched_left, run.unmatched_right)

    @display(description="Breaks", ordering="breaks_identified")
    @changing
    def breaks_found(self, run: ReconciliationRun) -> SafeString:
        return _counted(run, run.breaks_identified)

    @display(description="Match rate")
    @changing
    def rate(self, run: ReconciliationRun) -> SafeString:
        return _rate(run)

    @display(description="Took")
    @changing
    def took(self, run: ReconciliationRun) -> SafeString:
        return (
            format_html('<span class="dk-num">{}</span>', _length(run))
            if run.started_at
            else number(None)
        )

    @display(description="Requested", ordering="requested_at")
    def requested(self, run: ReconciliationRun) -> SafeString:
        return moment(run.requested_at)

    def is_live(self, row: ReconciliationRun) -> bool:
        return row.status in LIVE

    def table(self, *, mode: Mode, with_raw: bool) -> Table:
        return RUNS

    def page(self, request: HttpRequest, row: Any) -> Page:
        live = self.is_live(row)
        partitions = _partitions(row)
        return Page(
            headline=format_html(
                "<b>Run {}</b> {}", row.pk, badge(row.status, row.get_status_display())
            ),
            soft=f"{row.reconciliation.name}, {days_words(row)}",
            figures=[] if live else _figures(row),
            alert=row.error,
            main=[_progress(row), *partitions]
            if live
            else [_in_scope(row), _timings(row), *partitions],
            side=[_how_it_ran(row)],
        )


def _figures(run: ReconciliationRun) -> list[tuple[str, Any]]:
    return [
        ("Match rate", _rate(run)),
        ("Matched by itself", _counted(run, run.auto_matched)),
        ("To review", _counted(run, run.manual_review)),
        ("Breaks", _counted(run, run.breaks_identified)),
        ("Took", _length(run)),
    ]


def _progress(run: ReconciliationRun) -> Panel:
    """Show what a live run is at, or what it waits for."""
    now = timezone.now()
    if run.status == RunStatus.QUEUED:
        waited = now - run.requested_at
        hint = NOBODY_CAME if waited > STALE_AFTER else ""
        return progress_panel(f"Waiting for a worker, for {span(waited)}", hint=hint)
    overdue = run.lease_expires_at is not None and run.lease_expires_at < now
    return progress_panel(
        run.step or "Beginning",
        percent=run.progress_pct,
        beside=f"running for {_length(run)}",
        hint=WORKER_LOST if overdue else "",
    )


def _in_scope(run: ReconciliationRun) -> Panel:
    """Draw what became of each source's trades: every one is in exactly one of three places."""
    between = run.reconciliation
    sums = format_html_join(
        "",
        "{}",
        (
            [_sum(source.name, *counts)]
            for source, counts in (
                (between.left_source, (run.left_trades, run.matched_left, run.unmatched_left)),
                (between.right_source, (run.right_trades, run.matched_right, run.unmatched_right)),
            )
        ),
    )
    return Panel(
        title="Trades in scope",
        note="each is in exactly one of these",
        body=sums if run.status == RunStatus.SUCCEEDED else "",
        none="Nothing was counted, for the run did not end well.",
    )


def _sum(source: str, trades: int, matched: int, unmatched: int) -> SafeString:
    parts = (
        ("good", "In a match", matched),
        ("busy", "Proposed, to review", trades - matched - unmatched),
        ("bad", "Without a counterpart", unmatched),
    )
    return sum_of(source, trades, parts)


def _partitions(run: Any) -> list[Panel]:
    """Show what each partition did; a run that was not split has none."""
    found = list(run.partitions.defer("homes", "outcome").order_by("number"))
    rows = [
        [
            number(one.number),
            badge(one.status, one.get_status_display()),
            number(one.trades),
            number(one.matched if one.status == RunStatus.SUCCEEDED else None),
            _length(one) if one.started_at else NOTHING,
        ]
        for one in found
    ]
    head = ("Partition", "Status", "Trades", "Matched at home", "Took")
    ended = sum(one.status == RunStatus.SUCCEEDED for one in found)
    note = f"{ended} of {len(found)} paired" if run.status in LIVE else ""
    panel = Panel(
        title="Partitions", head=head, rows=rows, numeric=frozenset({0, 2, 3, 4}), note=note
    )
    return [panel] if rows else []


def _how_it_ran(run: Any) -> Panel:
    between = link("matching_reconciliation", run.reconciliation_id, run.reconciliation)
    return Panel(
        title="How it ran",
        facts=[
            ("Reconciliation", between),
            ("Rules", link("matching_ruleset", run.rule_set_id, run.rule_set)),
            ("Requested", moment(run.requested_at)),
            ("Started", moment(run.started_at)),
            ("Finished", moment(run.finished_at)),
            ("Asked for by", run.requested_by or NOTHING),
            ("Candidates left out", number(run.candidates_cut)),
            ("Its matches", _matches(run)),
        ],
    )


def days_words(run: ReconciliationRun) -> str:
    """Name the trade dates of a run: ``2026-03-04``, or ``2026-03-04 to 03-06``."""
    if run.from_date == run.to_date:
        return run.from_date.isoformat()
    return f"{run.from_date} to {run.to_date:%m-%d}"


def _counted(run: ReconciliationRun, figure: int) -> SafeString:
    """Show what a run has counted; until it has ended well it has counted nothing."""
    return number(figure if run.status == RunStatus.SUCCEEDED else None)


def _two(run: ReconciliationRun, left: int, right: int) -> SafeString:
    if run.status != RunStatus.SUCCEEDED:
        return number(None)
    return format_html('<span class="dk-num">{} / {}</span>', f"{left:,}", f"{right:,}")


def _rate(run: ReconciliationRun) -> SafeString:
    total = run.left_trades + run.right_trades
    if run.status != RunStatus.SUCCEEDED or not total:
        return number(None)
    # Rounded down: 99.996% is not "100%" while a trade is still unmatched.
    ratio = (run.matched_left + run.matched_right) * 10_000 // total / 100
    return format_html('<span class="dk-num">{}%</span>', f"{ratio:.2f}")


def _length(run: ReconciliationRun | RunPartition) -> str:
    if run.started_at is None:
        return "not started"
    length = (run.finished_at or timezone.now()) - run.started_at
    return span(length) if length.total_seconds() >= 60 else f"{length.total_seconds():.1f}s"


def _matches(run: ReconciliationRun) -> SafeString:
    address = reverse("admin:matching_match_changelist")
    return format_html(
        '<a class="dk-link" href="{}?view=all&amp;run__id__exact={}">show</a>', address, run.pk
    )


def _timings(run: ReconciliationRun) -> Panel:
    seconds = {k: float(v) for k, v in run.timings.items() if isinstance(v, (int, float, str))}
    longest = max(seconds.values(), default=0) or 1
    bars = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td><span class="dk-share">{}</span></td>'
        '<td class="dk-right">{} s</td></tr>',
        (
            (step.replace("_", " "), bar(taken / longest * 100), f"{taken:.2f}")
            for step, taken in seconds.items()
        ),
    )
    body = format_html('<table class="dk-table dk-why"><tbody>{}</tbody></table>', bars)
    return Panel(
        title="Where the time went",
        body=body if seconds else "",
        none="No step has ended yet.",
    )
