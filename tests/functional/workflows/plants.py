"""
Feeds with one known mechanism each, planted in a week of the demo with its ordinary noise.

A plant changes what the custodian reports, or both sides where it must, and files its day anew
where that is what went wrong. The desk then takes the files in as it takes anybody's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from matching.models import Reconciliation
from trades.choices import Side
from trades.models import FxRate
from workflows.demo import desk, faults
from workflows.demo.files import write_canonical, write_custodian
from workflows.demo.parties import ACCOUNTS, PARTIES
from workflows.demo.reports import Report
from workflows.demo.week import Shape, Week, business_days, generate

UNTIL = date(2026, 3, 6)
SHAPE = Shape(mix=faults.DEMO, initials=True)
STALE, CURRENT = Decimal("1.0720"), Decimal("1.0850")
BOOK = {book.code: book for book in ACCOUNTS}
EURO = ("XETR", "XPAR", "XAMS")


@dataclass
class Feed:
    """A week, and further files of the custodian that come after its first."""

    week: Week
    more: list[list[Report]] = field(default_factory=list)
    days: list[date] = field(default_factory=list)

    def pairs(self) -> Iterator[tuple[Report, Report]]:
        """Yield ours and theirs of each business that is one trade a side."""
        ours = {one.trade_id: one for one in self.week.oms}
        theirs = {one.trade_id: one for one in self.week.custodian}
        for pairing in self.week.truth.pairings:
            if len(pairing.left) == len(pairing.right) == 1 and pairing.right[0] in theirs:
                yield ours[pairing.left[0]], theirs[pairing.right[0]]


def pence(feed: Feed) -> None:
    for ours, theirs in feed.pairs():
        if ours.venue == "XLON":
            theirs.price *= 100


def hundredfold(feed: Feed) -> None:
    for ours, theirs in feed.pairs():
        if ours.venue == "XNYS" and ours.account in {"USEQ-1", "USEQ-2"}:
            theirs.price *= 100


def settlement(feed: Feed) -> None:
    party = PARTIES[2]
    following = dict(zip(feed.days, feed.days[1:], strict=False))
    for ours, theirs in feed.pairs():
        if theirs.counterparty in {*party.spellings, party.initials} and theirs.settlement_date:
            ours.counterparty, ours.counterparty_lei = party.name, party.lei
            later = following.get(theirs.settlement_date)
            theirs.settlement_date = later or theirs.settlement_date


def timezone(feed: Feed) -> None:
    for _, theirs in feed.pairs():
        if theirs.executed_at is not None:
            theirs.executed_at += timedelta(hours=5)
            theirs.trade_date += (
                theirs.executed_at.date() - (theirs.executed_at - timedelta(hours=5)).date()
            )


def commission(feed: Feed) -> None:
    for _, theirs in feed.pairs():
        signed = theirs.commission if theirs.side == Side.BUY else -theirs.commission
        theirs.net_amount -= signed


def account(feed: Feed) -> None:
    for theirs in feed.week.custodian:
        if theirs.account == BOOK["EUEQ-1"].elsewhere:
            theirs.account = "0590004-88"


def counterparty(feed: Feed) -> None:
    party = PARTIES[5]
    for theirs in feed.week.custodian:
        if theirs.counterparty in {*party.spellings, party.initials}:
            theirs.counterparty = "Northgate Alliance Securities"


def missing_hour(feed: Feed) -> None:
    day = feed.week.days[2]
    since = datetime.combine(day, time(14), tzinfo=feed.week.oms[0].executed_at.tzinfo)
    until = since + timedelta(hours=1)
    feed.week.custodian = [
        one
        for one in feed.week.custodian
        if one.executed_at is None or not since <= one.executed_at < until
    ]


def duplicate(feed: Feed) -> None:
    day = feed.week.days[3]
    again = [
        replace(one, trade_id=f"{one.trade_id}-B")
        for one in feed.week.custodian
        if one.trade_date == day
    ]
    feed.more.append(again)


def flipped(feed: Feed) -> None:
    elsewhere = BOOK["GEQ-1"].elsewhere
    for _, theirs in feed.pairs():
        if theirs.account == elsewhere and theirs.side == Side.SELL:
            theirs.side = Side.BUY


def stale_fx(feed: Feed) -> None:
    """Let both report euro shares in dollars, the custodian at a rate a fortnight old."""
    venues = {one.trade_id: one.venue for one in feed.week.oms}
    their_rate = {
        theirs: STALE
        for pairing in feed.week.truth.pairings
        if venues.get(pairing.left[0]) in EURO
        for theirs in pairing.right
    }
    for one in feed.week.oms:
        if one.venue in EURO:
            _convert(one, CURRENT)
    for one in feed.week.custodian:
        if one.trade_id in their_rate:
            _convert(one, STALE)


def _convert(report: Report, rate: Decimal) -> None:
    report.currency = "USD"
    report.price = (report.price * rate).quantize(Decimal("0.0001"))
    for name in ("gross_amount", "commission", "fees", "net_amount"):
        setattr(report, name, (getattr(report, name) * rate).quantize(Decimal("0.01")))


PLANTS: dict[str, tuple[str, Callable[[Feed], None]]] = {
    "pence against pounds": ("PENCE_POUNDS", pence),
    "price x100": ("PRICE_FACTOR", hundredfold),
    "T+1 against T+2 on one counterparty": ("SETTLEMENT_CYCLE", settlement),
    "a timezone that moves trade dates": ("TIMEZONE_SHIFT", timezone),
    "commission inside net on one side": ("COMMISSION_IN_NET", commission),
    "an account renamed": ("ACCOUNT_RENAMED", account),
    "a counterparty's new name": ("COUNTERPARTY_RENAMED", counterparty),
    "one source missing 14:00-15:00": ("MISSING_WINDOW", missing_hour),
    "a duplicated file": ("DUPLICATE_FILE", duplicate),
    "sign flipped on one desk's sells": ("SIDE_FLIPPED", flipped),
    "a stale FX rate": ("STALE_FX", stale_fx),
}


def planted(name: str | None, *, seed: int, trades: int) -> Feed:
    """Return a week with a mechanism planted, or with none."""
    days = business_days(until=UNTIL)
    feed = Feed(generate(seed=seed, trades=trades, days=days, shape=SHAPE), days=days)
    if name is not None:
        PLANTS[name][1](feed)
    return feed


def take_in(feed: Feed, folder: Path, *, at: datetime) -> Reconciliation:
    """Let the desk receive a feed's files and reconcile them; return what it was reconciled by."""
    days = feed.week.days
    FxRate.objects.get_or_create(
        currency="EUR",
        base="USD",
        as_of_date=days[0] - timedelta(days=14),
        defaults={"rate": STALE},
    )
    desk.prepare(days=days)
    oms = folder / "oms.csv"
    write_canonical(feed.week.oms, oms)
    desk.receive(path=oms, source="oms", by=None, at=at)
    for number, reports in enumerate([feed.week.custodian, *feed.more]):
        path = folder / f"custodian-{number}.csv"
        write_custodian(reports, path)
        desk.receive(path=path, source="custodian", by=None, at=at + timedelta(minutes=number))
    later = at + timedelta(hours=1)
    desk.reconcile(code=desk.CUSTODIAN, days=days, by=None, at=later)
    return Reconciliation.objects.get(code=desk.CUSTODIAN)
