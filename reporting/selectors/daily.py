"""The daily report: how the desk stands after a business date, for one person's eyes."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects

from breaks.admin.words import type_words
from breaks.ages import AGES
from breaks.choices import BreakType, Severity
from breaks.models import Team, TradeBreak
from connectors.choices import DeliveryStatus
from connectors.models import Delivery
from matching.choices import RunStatus
from matching.models import ReconciliationRun
from reporting.formats.report import COUNT, MONEY, TEXT, Report, Section, cell
from reporting.models import SignOff
from reporting.scope import Scope
from reporting.selectors.live import LiveFigures, by_counterparty, live_figures
from reporting.selectors.paired import matched_in
from reporting.selectors.rates import ended_of, percent, together
from trades.admin.cells import span

# So long before the report its runs, deliveries and changes go back.
SINCE, MONTH = timedelta(days=1), timedelta(days=30)
MOST_NAMED, MOST_BREAKS = 20, 25


def daily_report(*, user: Any, business_date: date, at: datetime) -> Report:
    """Gather the report of a business date as somebody may see it, in a fixed number of queries."""
    sections = []
    if user.has_perm("breaks.view_tradebreak"):
        prefetch_related_objects([user], "teams")
        live = live_figures(user=user, at=at)
        sections += [
            _summary(live, user, at), _severities(live), _ages(live), _types(live), _teams(live),
            _parties(user), _worst(user),
        ]  # fmt: skip
    if user.has_perm("matching.view_reconciliationrun"):
        sections.append(_runs(at))
    if user.has_perm("connectors.view_delivery"):
        sections.append(_deliveries(at))
    if user.has_perm("reporting.view_signoff"):
        sections.append(_sign_offs(business_date))
    return Report(
        title=f"Daily report {business_date}",
        subtitle=f"As of {at:%Y-%m-%d %H:%M} UTC, as {user.get_username()} may see it",
        name=f"daily-report-{business_date}",
        sections=sections,
    )


def _summary(live: LiveFigures, user: Any, at: datetime) -> Section:
    seen = TradeBreak.objects.visible_to(user)
    opened = seen.filter(opened_at__gt=at - SINCE).count()
    day, month = (ended_of(seen.filter(resolved_at__gt=at - since)) for since in (SINCE, MONTH))
    scope = Scope(user=user, from_date=(at - MONTH).date(), to_date=at.date())
    days = matched_in(scope, counting=False)
    rows = [
        ["Open breaks", cell(live.count())],
        ["Overdue", cell(live.late())],
        ["Unassigned", cell(live.free())],
        ["Of unknown exposure", cell(live.unknown())],
        ["Opened in the last day", cell(opened)],
        ["Ended in the last day", cell(day.count)],
        ["Ended in 30 days", cell(month.count)],
        ["Mean time to resolve, 30 days", span(month.took) if month.took else ""],
        ["SLA met, 30 days", percent(month.met)],
        ["Auto-match rate, 30 days", percent(together(days).auto_match_rate)],
        ["Match rate, 30 days", percent(together(days).match_rate)],
    ]
    return Section("Summary", [("Figure", TEXT), ("Value", TEXT)], rows)


def _severities(live: LiveFigures) -> Section:
    columns = [("Severity", TEXT), ("Open", COUNT), ("Overdue", COUNT), ("Unassigned", COUNT),
               ("Exposure", MONEY), ("Currency", TEXT)]  # fmt: skip
    rows = []
    for one in Severity:
        counts = [
            one.label,
            cell(live.count(severity=one.value)),
            cell(live.late(severity=one.value)),
            cell(live.free(severity=one.value)),
        ]
        rows += _with_money(counts, live.exposure(severity=one.value))
    return Section("Open by severity", columns, rows)


def _with_money(counts: list[str], money: dict[str, Decimal]) -> list[list[str]]:
    """Return a row with its first amount, and one more for each other currency."""
    amounts = [[cell(amount), currency] for currency, amount in money.items()] or [["", ""]]
    empty = [counts[0], *[""] * (len(counts) - 1)]
    return [[*(counts if at == 0 else empty), *pair] for at, pair in enumerate(amounts)]


def _ages(live: LiveFigures) -> Section:
    columns = [("Age", TEXT), *((one.label, COUNT) for one in Severity), ("All", COUNT)]
    rows = [
        [
            age.label,
            *(cell(live.aged(place, severity=one.value)) for one in Severity),
            cell(live.aged(place)),
        ]
        for place, age in enumerate(AGES)
    ]
    return Section("Open by age and severity", columns, rows)


def _types(live: LiveFigures) -> Section:
    rows = []
    for kind, count in live.by("break_type"):
        counts = [BreakType(kind).label, cell(count), cell(live.late(break_type=kind))]
        rows += _with_money(counts, live.exposure(break_type=kind))
    return Section("Open by type", _grouped("Type"), rows, none="Nothing is open.")


def _teams(live: LiveFigures) -> Section:
    names = dict(Team.objects.values_list("pk", "name"))
    rows = []
    for key, count in live.by("team"):
        counts = [names.get(key, "No team"), cell(count), cell(live.late(team=key))]
        rows += _with_money(counts, live.exposure(team=key))
    return Section("Open by team", _grouped("Team"), rows, none="Nothing is open.")


def _grouped(name: str) -> list[tuple[str, str]]:
    return [(name, TEXT), ("Open", COUNT), ("Overdue", COUNT), ("Exposure", MONEY),
            ("Currency", TEXT)]  # fmt: skip


def _parties(user: Any) -> Section:
    columns = [("Counterparty", TEXT), ("Open", COUNT), ("Exposure", MONEY), ("Currency", TEXT)]
    rows = []
    for one in by_counterparty(user=user, most=MOST_NAMED):
        rows += _with_money([one.name, cell(one.count)], one.exposure)
    return Section("Open by counterparty", columns, rows, none="Nothing is open.")


def _worst(user: Any) -> Section:
    columns = [("Break", COUNT), ("Type", TEXT), ("Severity", TEXT), ("Status", TEXT),
               ("Trade date", TEXT), ("Exposure", MONEY), ("Currency", TEXT), ("Due, UTC", TEXT),
               ("Assignee", TEXT)]  # fmt: skip
    found = (
        TradeBreak.objects.visible_to(user)
        .live()
        .select_related(
            "reconciliation__left_source", "reconciliation__right_source", "assigned_to"
        )
        .order_by("-rank", "-pk")[:MOST_BREAKS]
    )
    rows = [
        [
            cell(one.pk), type_words(one), one.get_severity_display(), one.get_status_display(),
            one.trade_date.isoformat(), cell(one.exposure), one.currency,
            f"{one.due_at:%Y-%m-%d %H:%M}",
            one.assigned_to.get_username() if one.assigned_to else "",
        ]
        for one in found
    ]  # fmt: skip
    return Section("Dearest to leave", columns, rows, none="Nothing is open.")


def _runs(at: datetime) -> Section:
    columns = [("Run", COUNT), ("Reconciliation", TEXT), ("From", TEXT), ("To", TEXT),
               ("Status", TEXT), ("Trades", COUNT), ("Auto", COUNT), ("Review", COUNT),
               ("Breaks", COUNT), ("Error", TEXT)]  # fmt: skip
    found = ReconciliationRun.objects.filter(requested_at__gt=at - SINCE).select_related(
        "reconciliation"
    )
    rows = []
    for one in found.order_by("-requested_at")[:MOST_NAMED]:
        counts = (one.left_trades + one.right_trades, one.auto_matched, one.manual_review,
                  one.breaks_identified)  # fmt: skip
        ended = one.status == RunStatus.SUCCEEDED
        rows.append(
            [
                cell(one.pk), one.reconciliation.code, one.from_date.isoformat(),
                one.to_date.isoformat(), one.get_status_display(),
                *(cell(count) if ended else "" for count in counts), one.error,
            ]
        )  # fmt: skip
    return Section("Runs of the last day", columns, rows, none="Nothing was reconciled.")


def _deliveries(at: datetime) -> Section:
    columns = [("Delivery", COUNT), ("File", TEXT), ("Source", TEXT), ("Status", TEXT),
               ("Rows", COUNT), ("Loaded", COUNT), ("Amended", COUNT), ("Duplicates", COUNT),
               ("Rejected", COUNT), ("Error", TEXT)]  # fmt: skip
    found = (
        Delivery.objects.filter(received_at__gt=at - SINCE)
        .exclude(digest="", status=DeliveryStatus.LOADED)
        .select_related("source")
        .order_by("-received_at")
    )
    rows = [
        [
            cell(one.pk), one.name, one.source.code, one.get_status_display(), cell(one.rows_in),
            cell(one.loaded), cell(one.amended), cell(one.duplicates), cell(one.rejected),
            one.error,
        ]
        for one in found[:MOST_NAMED]
    ]  # fmt: skip
    return Section("Deliveries of the last day", columns, rows, none="Nothing was delivered.")


def _sign_offs(business_date: date) -> Section:
    columns = [("Reconciliation", TEXT), ("Status", TEXT), ("Trades", COUNT), ("Matched", COUNT),
               ("Broken", COUNT), ("Pending", COUNT), ("Prepared by", TEXT),
               ("Signed by", TEXT)]  # fmt: skip
    found = SignOff.objects.filter(business_date=business_date).select_related(
        "reconciliation", "prepared_by", "signed_by"
    )
    rows = [
        [
            one.reconciliation.code, one.get_status_display(), cell(one.trades),
            cell(one.matched), cell(one.broken), cell(one.pending),
            one.prepared_by.get_username() if one.prepared_by else "",
            one.signed_by.get_username() if one.signed_by else "",
        ]
        for one in found
    ]  # fmt: skip
    title = f"Sign-offs of {business_date}"
    return Section(title, columns, rows, none="No sheet of the date is open.")
