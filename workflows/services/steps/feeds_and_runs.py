"""What the steps of a day do: fetch what is due, reconcile it, and pass on what that brought."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from breaks.choices import ReasonCode
from breaks.models import PendingTrade, TradeBreak
from connectors.choices import DeliveryStatus
from connectors.expectations import (
    Expectation,
    ReportState,
    dates_of,
    expectation,
    is_business_day,
)
from connectors.models import Delivery, Feed
from connectors.services import (
    NotClaimable,
    execute_delivery,
    forget_empty_looks,
    queue_deliveries,
)
from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun
from matching.services.claims import RunNotClaimable, ScopeBusy
from matching.services.runs import request_run
from trades.models import Source
from workflows.choices import StepStatus
from workflows.models import PipelineStep
from workflows.services.reconciling import reconcile
from workflows.services.steps.kinds import Busy, Outcome, Planned, Work

UNDERWAY = (DeliveryStatus.QUEUED, DeliveryStatus.RUNNING)
COUNTED = {"rows": "rows_in", "loaded": "loaded", "amended": "amended",
           "duplicates": "duplicates", "rejected": "rejected"}  # fmt: skip


def feeds(business_date: date) -> list[Planned]:
    """Plan a step for every enabled feed; one whose source is closed that day has nothing due."""
    enabled = Feed.objects.filter(is_enabled=True).select_related("source").order_by("code")
    return [
        Planned(feed.code, {"feed": feed}, _closed(feed.source.calendar, business_date))
        for feed in enabled
    ]


def reconciliations(business_date: date) -> list[Planned]:
    """Plan a step for every enabled reconciliation that has a business day."""
    enabled = Reconciliation.objects.filter(is_enabled=True).order_by("code")
    return [
        Planned(one.code, {"reconciliation": one}, _closed(one.calendar, business_date))
        for one in enabled
    ]


def _closed(calendar: str, business_date: date) -> Outcome | None:
    if is_business_day(calendar, business_date):
        return None
    said = f"{business_date:%A}, {business_date}, is no business day of {calendar}."
    return Outcome(StepStatus.SKIPPED, says=said)


# --- ingest ----------------------------------------------------------------------------------


def ingest(step: PipelineStep, work: Work) -> Outcome:
    """
    Fetch what a feed has for the trade dates of the business date, and say what it still owes.

    :raises Busy: if another worker is at the same delivery.
    """
    feed = step.feed
    if feed is None:
        return Outcome(StepStatus.FAILED, says="The feed was deleted. Start the date again.")
    deliveries = _fetched(step, feed, work)
    counts = {"files": sum(bool(one.digest) for one in deliveries)} | {
        name: sum(getattr(one, column) for one in deliveries) for name, column in COUNTED.items()
    }
    forget_empty_looks(delivery_ids=[one.pk for one in deliveries])
    if failed := [one for one in deliveries if one.status == DeliveryStatus.FAILED]:
        said = " ".join(f"{one.name}: {one.error}" for one in failed)
        return Outcome(StepStatus.FAILED, counts, said)
    at = work.now()
    owed = expectation(source=feed.source, trade_date=work.business_date, at=at, feed=feed)
    status, said = owes(owed, counts["rows"])
    return Outcome(status, counts, said)


def _fetched(step: PipelineStep, feed: Feed, work: Work) -> list[Delivery]:
    """Return the deliveries of a step: those of a worker that was lost, or of a new fetch."""
    begun = step.delivery
    if begun is not None and begun.status not in UNDERWAY:
        return [begun]
    if begun is None:
        first, last = dates_of(feed.source.calendar, work.business_date)
        [begun] = queue_deliveries(
            feeds=[feed], by=work.by, at=work.now(), from_date=first, to_date=last
        )
        work.link(step, delivery=begun)
    try:
        return execute_delivery(
            delivery_id=begun.pk, at=work.now(), watcher=lambda _rows, _step: work.keep()
        )
    except NotClaimable as taken:
        begun.refresh_from_db()
        if begun.status == DeliveryStatus.FAILED:
            return [begun]
        raise Busy(f"Another worker is fetching {feed.code}.") from taken


def owes(owed: Expectation, rows: int) -> tuple[StepStatus, str]:
    """Say how a feed stands that was just looked at and brought so many rows."""
    if owed.state == ReportState.UNREADABLE:
        return StepStatus.FAILED, f"What came before could not be read: {owed.problem}"
    if owed.state == ReportState.LATE and owed.feed and owed.since:
        return StepStatus.LATE, f"Nothing has come. It was due {_local(owed.feed, owed.since)}."
    if owed.state in (ReportState.NOT_DUE, ReportState.GRACE) and owed.feed and owed.since:
        came = "Came before it was due" if rows else "Nothing has come yet; it is due"
        until = ""
        if owed.until and owed.until != owed.since:
            until = f" and late after {_local(owed.feed, owed.until)}"
        said = f"{came} {_local(owed.feed, owed.since)}{'' if rows else until}."
        return (StepStatus.SUCCEEDED if rows else StepStatus.NOT_DUE), said
    return StepStatus.SUCCEEDED, ""


def _local(feed: Feed, moment: datetime) -> str:
    """Write a moment as the feed's source has it on its clock."""
    zone = feed.source.timezone
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


# --- reconcile -------------------------------------------------------------------------------


def reconcile_one(step: PipelineStep, work: Work) -> Outcome:
    """
    Reconcile the trade dates of the business date; breaks are opened in the same commit.

    Where a source is late or could not be read, trades that wait for it are pending.

    :raises Busy: if the reconciliation is running already.
    """
    between = step.reconciliation
    if between is None:
        return Outcome(
            StepStatus.FAILED, says="The reconciliation was deleted. Start the date again."
        )
    run = step.reconciliation_run
    if run is None or run.status != RunStatus.SUCCEEDED:
        run = _reconciled(step, between, work)
    return Outcome(StepStatus.SUCCEEDED, _figures(run), _waits(run))


def _reconciled(step: PipelineStep, between: Reconciliation, work: Work) -> ReconciliationRun:
    first, last = dates_of(between.calendar, work.business_date)
    at = work.now()
    try:
        try:
            run = request_run(
                reconciliation=between, from_date=first, to_date=last, by=work.by, at=at
            )
        except ScopeBusy as busy:
            # One that only waits in the queue is as good as one of our own.
            if busy.run is None or busy.run.status != RunStatus.QUEUED:
                raise
            run = busy.run
        work.link(step, reconciliation_run=run)
        return reconcile(run_id=run.pk, at=at, watcher=work.keep)
    except (ScopeBusy, RunNotClaimable) as taken:
        raise Busy(str(taken)) from taken


def _figures(run: ReconciliationRun) -> dict[str, int]:
    # What a run clears it dates by its own start.
    cleared = TradeBreak.objects.filter(
        reconciliation=run.reconciliation_id,
        reason_code=ReasonCode.AUTO_CLEARED,
        resolved_at=run.started_at,
    )
    return {
        "trades": run.left_trades + run.right_trades,
        "matched": run.auto_matched,
        "review": run.manual_review,
        "breaks": run.breaks_identified,
        "opened": TradeBreak.objects.filter(first_run=run).count(),
        "cleared": cleared.count(),
        "pending": PendingTrade.objects.filter(run=run).count(),
    }


def _waits(run: ReconciliationRun) -> str:
    """Say which late reports trades of this run wait for."""
    late: Sequence[TradeBreak] = list(
        TradeBreak.objects.live()
        .filter(last_run=run, break_type="TIMING")
        .select_related("reconciliation__left_source", "reconciliation__right_source")
        .order_by("trade_date", "pk")
    )
    return " ".join(f"{_reporter(one).name} of {one.trade_date}: {_how(one)}." for one in late)


def _how(late: TradeBreak) -> str:
    value = late.left_value or late.right_value
    return f"{value.lower()}; what should be in it is pending"


def _reporter(late: TradeBreak) -> Source:
    between = late.reconciliation
    return between.left_source if late.left_value else between.right_source
