"""
A small language for two feeds in a test: tables of text in, matches and breaks as text out.

A table's first line names canonical columns, each further line is a report; cells are parted by
spaces, ``_`` stands for a space inside a cell and ``-`` for an empty cell. Columns not named take
a usual value, so that a test shows only what it is about.
"""

import csv
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from breaks.choices import BreakType
from breaks.models import TradeBreak
from connectors.models import Delivery
from connectors.services import receive_file
from matching.choices import LegSide, MatchStatus
from matching.models import Match, Reconciliation, ReconciliationRun
from trades.models import Source, Trade
from workflows.services.starting import start_reconciliation

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
FROM, TO = date(2026, 3, 2), date(2026, 3, 6)

USUAL = {
    "trade_id": "",
    "trade_date": "2026-03-04",
    "settlement_date": "2026-03-05",
    "executed_at": "2026-03-04T15:00:00Z",
    "symbol": "AAPL",
    "isin": "US0378331005",
    "side": "BUY",
    "quantity": "100",
    "price": "187.50",
    "currency": "USD",
    "net_amount": "",
    "counterparty": "Goldman Sachs International",
    "account": "FUND1",
    "order_ref": "",
    "block_ref": "",
    "execution_ref": "",
    "state": "NEW",
}


class TwoFeeds:
    """An OMS and a custodian that a test lets report, and what reconciling them brings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = 0
        self.reconciliation, _ = Reconciliation.objects.get_or_create(
            code="oms-custodian",
            defaults={
                "name": "OMS against custodian",
                "left_source": Source.objects.get(code="oms"),
                "right_source": Source.objects.get(code="custodian"),
            },
        )

    def report(self, *, at: datetime = NOW, **tables: str) -> list[Delivery]:
        """Let each source, named by its code, deliver a table as a file."""
        return [self.deliver(source, rows(table), at=at) for source, table in tables.items()]

    def deliver(
        self, source: str, reports: Iterable[dict[str, str]], *, at: datetime = NOW
    ) -> Delivery:
        self.files += 1
        path = self.folder / f"{source}-{self.files}.csv"
        with path.open("w", newline="") as file:
            reports = list(reports)
            writer = csv.DictWriter(file, fieldnames=list(reports[0]))
            writer.writeheader()
            writer.writerows(reports)
        delivery = receive_file(path=path, source=Source.objects.get(code=source), by=None, at=at)
        rejects = [f"{one.line_number}: {one.reason}" for one in delivery.rejects.all()]
        assert (delivery.error, rejects) == ("", [])
        return delivery

    def reconcile(self, *, at: datetime = NOW) -> ReconciliationRun:
        run = start_reconciliation(
            reconciliation=self.reconciliation,
            from_date=FROM,
            to_date=TO,
            by=None,
            at=at,
            inline=True,
        )
        assert run.status == "SUCCEEDED", run.error
        return run

    def matches(self) -> list[str]:
        """Return the live matches: ``O1 = C1+C2``, with ``?`` for one that waits for review."""
        return sorted(_spelled(match) for match in Match.objects.live())

    def breaks(self) -> list[str]:
        """Return the live breaks: ``PRICE O1 C1``."""
        return sorted(_named(found) for found in TradeBreak.objects.live())

    def one_break(self, kind: str) -> TradeBreak:
        return TradeBreak.objects.live().get(break_type=BreakType(kind))

    def trade(self, trade_id: str) -> Trade:
        return Trade.objects.get(source_trade_id=trade_id)


def rows(table: str) -> list[dict[str, str]]:
    """Read a table of text into reports, the usual values filled in."""
    header, *lines = [line.split() for line in table.strip().splitlines()]
    reports = []
    for line in lines:
        assert len(line) == len(header), f"{line} has not one cell a column of {header}"
        cells = ["" if cell == "-" else cell.replace("_", " ") for cell in line]
        named = dict(zip(header, cells, strict=True))
        # Different instruments share no symbol unless a test says so.
        usual = USUAL | ({"symbol": ""} if "isin" in named else {})
        usual |= {"isin": ""} if "symbol" in named and "isin" not in named else {}
        reports.append(usual | named)
    return reports


def _spelled(match: Match) -> str:
    sides = {
        side: "+".join(
            match.legs.filter(side=side)
            .order_by("trade__source_trade_id")
            .values_list("trade__source_trade_id", flat=True)
        )
        for side in (LegSide.LEFT, LegSide.RIGHT)
    }
    sign = "?" if match.status == MatchStatus.PROPOSED else "="
    return f"{sides[LegSide.LEFT]} {sign} {sides[LegSide.RIGHT]}"


def _named(found: TradeBreak) -> str:
    if found.match_id and not (found.left_trade_id and found.right_trade_id):
        return f"{found.break_type} {_spelled(found.match)}"
    ids = [one.source_trade_id for one in (found.left_trade, found.right_trade) if one]
    return " ".join([found.break_type, *ids])
