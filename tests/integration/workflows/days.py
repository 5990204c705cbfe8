"""A desk with an OMS and a custodian whose files a test puts into their inboxes."""

from datetime import UTC, date, datetime, time
from pathlib import Path

from breaks.models import BreakEvent, PendingTrade, TradeBreak
from connectors.models import Feed
from matching.models import MatchLeg
from tests import factories
from trades.models import Trade
from workflows.models import PipelineRun
from workflows.services import daily

DAY = date(2026, 3, 4)  # a Wednesday
MORNING_AFTER = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
INGEST_OMS, INGEST_CUSTODIAN = "ingest oms-inbox", "ingest custodian-inbox"
RECONCILE = "reconcile oms-custodian"
HEADER = "trade_id,trade_date,isin,side,quantity,price,currency,execution_ref\n"


class Desk:
    """The custodian's file is due at 18:00 in New York on the trade date, with an hour's grace."""

    def __init__(self, inbox: Path) -> None:
        self.inbox = inbox
        factories.rule_set()
        factories.reconciliation()
        factories.source("custodian", timezone="America/New_York", calendar="XNYS")
        factories.source("oms", timezone="America/New_York", calendar="XNYS")
        Feed.objects.filter(code="custodian-inbox").update(due_time=time(18), grace_minutes=60)

    def put(self, source: str, *trades: str, day: date = DAY, name: str = "") -> Path:
        """Write a file of trades, each ``id price``, into a source's inbox."""
        lines = [HEADER]
        for trade in trades:
            n, price = trade.split()
            what = f"US0378331005,BUY,{100 + int(n)},{price},USD,X{n}"
            lines.append(f"{source[0].upper()}{n},{day},{what}\n")
        return self.write(source, "".join(lines), name or f"{source}-{day}-{len(trades)}.csv")

    def write(self, source: str, text: str, name: str) -> Path:
        folder = self.inbox / source
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        return folder / name

    def run(self, *, day: date = DAY, at: datetime = MORNING_AFTER, **over) -> PipelineRun:
        asked = daily.request_pipeline(business_date=day, at=at, **{"by": None} | over)
        return daily.run_pipeline(pipeline_id=asked.pk, at=at)


def steps(run: PipelineRun) -> dict[str, str]:
    """Return how the steps stand that are about a feed or a reconciliation."""
    return {str(step): step.status for step in run.steps.exclude(subject="")}


def says(run: PipelineRun, step: str) -> str:
    kind, _, subject = step.partition(" ")
    return run.steps.get(kind=kind, subject=subject).says


def counts(run: PipelineRun, step: str) -> dict[str, int]:
    kind, _, subject = step.partition(" ")
    return run.steps.get(kind=kind, subject=subject).figures


def standing() -> dict[str, list]:
    """Return what is on the desk, without how often it was looked at."""
    return {
        "trades": sorted(Trade.objects.values_list("source__code", "source_trade_id", "version")),
        "legs": sorted(
            MatchLeg.objects.filter(is_live=True).values_list(
                "match", "trade__source_trade_id", "match__status"
            )
        ),
        "breaks": sorted(
            TradeBreak.objects.values_list("break_type", "status", "version", "left_value")
        ),
        "events": sorted(BreakEvent.objects.values_list("trade_break", "sequence", "kind")),
        "pending": sorted(PendingTrade.objects.values_list("trade__source_trade_id", "reason")),
    }


def live_types() -> list[str]:
    return sorted(TradeBreak.objects.live().values_list("break_type", flat=True))
