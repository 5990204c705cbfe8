"""Look for the causes of a reconciliation's breaks and keep what is found."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, QuerySet

from breaks.models import TradeBreak
from matching.models import Reconciliation
from matching.rules import InvalidRules, NoActiveRules, active_rule_set, engine_rules
from workflows.choices import AnalysisStatus
from workflows.models import RootCauseAnalysis
from workflows.services.causes.keeping import Kept, keep
from workflows.services.causes.reading import read_desk
from workflows.services.causes.trying import try_fix

# One that runs longer has lost its worker.
ABANDONED_AFTER = timedelta(minutes=30)
LOOK_BACK = timedelta(days=7)
# The step of one that is asked for and that no worker has taken yet.
WAITING = "Waiting for a worker"
STALE_AFTER = timedelta(minutes=1)


class AnalysisBusy(Exception):
    """The same reconciliation is being analysed; the sentence says since when."""


def analyse(
    *,
    reconciliation: Reconciliation,
    from_date: date,
    to_date: date,
    at: datetime,
    by: Any = None,
    depth: int = 2,
) -> RootCauseAnalysis:
    """
    Look for the causes of the live breaks of these trade dates and write the findings.

    Its row tells the progress meanwhile. All findings are written in one commit.

    :raises AnalysisBusy: if the reconciliation is being analysed already.
    """
    analysis = _start(reconciliation, from_date, to_date, at, by)
    _carry_out(analysis, depth=depth, at=at)
    return analysis


def request_analysis(
    *, reconciliation: Reconciliation, from_date: date, to_date: date, at: datetime, by: Any
) -> RootCauseAnalysis:
    """
    Ask a worker to look for causes; its row tells the progress from now on.

    :raises AnalysisBusy: if the reconciliation is being analysed already.
    """
    return _start(reconciliation, from_date, to_date, at, by, step=WAITING)


def run_analysis(*, analysis_id: int, at: datetime) -> RootCauseAnalysis:
    """
    Do an analysis that was asked for.

    :raises AnalysisBusy: if another worker has it, or it has ended.
    """
    waiting = RootCauseAnalysis.objects.filter(
        pk=analysis_id, status=AnalysisStatus.RUNNING, step=WAITING
    )
    if not waiting.update(step="Reading trades and breaks", started_at=at):
        raise AnalysisBusy(f"Analysis {analysis_id} was taken already.")
    analysis: RootCauseAnalysis = RootCauseAnalysis.objects.select_related("reconciliation").get(
        pk=analysis_id
    )
    _carry_out(analysis, depth=2, at=at)
    return analysis


def left_waiting(at: datetime) -> QuerySet[RootCauseAnalysis]:
    """Return the analyses whose message was lost, or that no worker was there for."""
    running = RootCauseAnalysis.objects.filter(status=AnalysisStatus.RUNNING, step=WAITING)
    return running.filter(started_at__lt=at - STALE_AFTER)


def _carry_out(analysis: RootCauseAnalysis, *, depth: int, at: datetime) -> None:
    clock = _Clock(analysis)
    try:
        _look(analysis, clock, depth=depth, at=at)
    except Exception as problem:
        analysis.status, analysis.error = AnalysisStatus.FAILED, str(problem)[:2000]
        analysis.finished_at = at + clock.elapsed
        analysis.save(update_fields=["status", "error", "finished_at"])
        raise


def analyse_due(*, at: datetime, by: Any = None, only: str = "") -> list[RootCauseAnalysis]:
    """
    Analyse every enabled reconciliation that has live breaks, over the last week of them.

    With `only`, the one of that code. One that is being analysed is left to whoever does it.
    """
    done = []
    wanted = Reconciliation.objects.filter(code=only) if only else Reconciliation.objects.filter(
        is_enabled=True
    )  # fmt: skip
    for reconciliation in wanted.order_by("pk"):
        days = TradeBreak.objects.live().filter(reconciliation=reconciliation)
        seen = days.aggregate(first=Min("trade_date"), last=Max("trade_date"))
        if seen["last"] is None:
            continue
        from_date = max(seen["first"], seen["last"] - LOOK_BACK)
        try:
            done.append(
                analyse(
                    reconciliation=reconciliation,
                    from_date=from_date,
                    to_date=seen["last"],
                    at=at,
                    by=by,
                )
            )
        except AnalysisBusy:
            continue
    return done


def _start(  # noqa: PLR0917  what a row is made of
    reconciliation: Reconciliation,
    from_date: date,
    to_date: date,
    at: datetime,
    by: Any,
    step: str = "",
) -> RootCauseAnalysis:
    running = RootCauseAnalysis.objects.filter(
        reconciliation=reconciliation, status=AnalysisStatus.RUNNING
    )
    running.filter(started_at__lt=at - ABANDONED_AFTER).update(
        status=AnalysisStatus.FAILED, finished_at=at, error="Its worker was lost."
    )
    try:
        with transaction.atomic():
            return RootCauseAnalysis.objects.create(
                reconciliation=reconciliation,
                from_date=from_date,
                to_date=to_date,
                started_at=at,
                requested_by=by,
                step=step,
            )
    except IntegrityError as taken:
        since = running.values_list("started_at", flat=True).first()
        raise AnalysisBusy(
            f"{reconciliation.code} is being analysed since {since:%H:%M} UTC; wait until it ends."
            if since
            else f"{reconciliation.code} cannot be analysed from {from_date} to {to_date}: {taken}"
        ) from taken


def _look(analysis: RootCauseAnalysis, clock: "_Clock", *, depth: int, at: datetime) -> None:
    # The scientific packages take a second to load, which a page or command need not wait for.
    from workflows.causes import look

    reconciliation = analysis.reconciliation
    with clock.step("read", "Reading trades and breaks", 5):
        desk = read_desk(reconciliation, analysis.from_date, analysis.to_date)
    with clock.step("look", "Comparing differences", 35):
        looked = look(desk, depth=depth, on_step=clock.tell)
    with clock.step("try", "Trying the fixes", 70):
        tops = [one for one in looked.findings if one.beneath is None]
        try:
            rules = engine_rules(
                rule_set=active_rule_set(reconciliation),
                base_currency=reconciliation.base_currency,
                as_of=analysis.to_date,
            )
            gone = {id(one): try_fix(one, desk, rules) for one in tops}
        except (NoActiveRules, InvalidRules):
            gone = {}
    with clock.step("write", "Writing findings", 90):
        explained = {key for one in tops for key in one.breaks.tolist()}
        analysis.trades_read, analysis.breaks_read = len(desk.trades), len(desk.breaks)
        analysis.breaks_explained, analysis.hypotheses = len(explained), looked.tried
        found = [Kept.of(one, looked.evidence, gone.get(id(one))) for one in looked.findings]
        with transaction.atomic():
            keep(analysis=analysis, found=found, at=at)
            clock.finish(at)


class _Clock:
    """Seconds by step, and the step an analysis is at, told on its row."""

    def __init__(self, analysis: RootCauseAnalysis) -> None:
        self.analysis = analysis
        self._began = time.perf_counter()

    @property
    def elapsed(self) -> timedelta:
        return timedelta(seconds=time.perf_counter() - self._began)

    def tell(self, step: str, progress_pct: int) -> None:
        RootCauseAnalysis.objects.filter(pk=self.analysis.pk).update(
            step=step, progress_pct=progress_pct
        )

    @contextmanager
    def step(self, name: str, words: str, progress_pct: int) -> Iterator[None]:
        self.tell(words, progress_pct)
        began = time.perf_counter()
        yield
        self.analysis.timings[name] = round(time.perf_counter() - began, 3)

    def finish(self, at: datetime) -> None:
        self.analysis.status = AnalysisStatus.SUCCEEDED
        self.analysis.step, self.analysis.progress_pct = "", 100
        self.analysis.finished_at = at + self.elapsed
        self.analysis.save()
