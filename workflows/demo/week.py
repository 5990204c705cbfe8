"""A believable week of several systems' reports, with the truth about them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zlib import crc32

from breaks.choices import BreakType
from trades.choices import AssetClass
from workflows.demo import dirt, faults, reports
from workflows.demo.market import Instrument, instruments
from workflows.demo.reports import Report
from workflows.demo.trading import deals
from workflows.demo.truth import Pairing, Planted, Truth

TRADING_DAYS = 5
SETTLING_DAYS = 5
FEWEST_TRADES = 60


@dataclass(frozen=True, slots=True)
class Shape:
    """What kind of week: its faults, and how hard its reports are to pair."""

    mix: faults.Mix
    splits: Decimal = Decimal("0.02")
    refers: dirt.Reference = dirt.Reference()  # noqa: RUF009  frozen
    initials: bool = False
    prime_broker: bool = False
    trades_an_instrument: int = 50


DEMO = Shape(mix=faults.DEMO, initials=True, prime_broker=True)
FIGURES = Shape(mix=faults.FIGURES)


@dataclass(slots=True)
class Week:
    """Both feeds' reports, the prime broker's on time and late, and the truth about them."""

    days: list[date]
    market: list[Instrument]
    oms: list[Report] = field(default_factory=list)
    custodian: list[Report] = field(default_factory=list)
    prime_broker: list[Report] = field(default_factory=list)
    prime_broker_late: list[Report] = field(default_factory=list)
    truth: Truth = field(default_factory=Truth)


def business_days(*, until: date) -> list[date]:
    """
    Return the five New York business days up to `until`, and five more to settle on.

    Importing the exchange calendars takes a second or two.
    """
    from connectors.expectations import business_day

    days: list[date] = []
    day = until
    while len(days) < TRADING_DAYS:
        if business_day("XNYS", day, 0) == day:
            days.insert(0, day)
        day -= timedelta(days=1)
    while len(days) < TRADING_DAYS + SETTLING_DAYS:
        days.append(business_day("XNYS", days[-1], 1))
    return days


def generate(*, seed: int, trades: int, days: Sequence[date], shape: Shape = DEMO) -> Week:
    """
    Generate a week of `trades` deals, the same for the same arguments.

    `days` are as `business_days` gives them. A deal is one trade a side, or a block and its fills.

    :raises ValueError: if there are too few trades for every fault of the shape.
    """
    if trades < FEWEST_TRADES:
        raise ValueError(
            f"{trades} trades are too few for a week with every break type: "
            f"ask for {FEWEST_TRADES} or more."
        )
    rng = Random(f"week {seed} {trades} {days[0]}")  # noqa: S311  repeatable, not secret
    market = instruments(count=max(60, trades // shape.trades_an_instrument))
    week = Week(days=list(days[:-SETTLING_DAYS]), market=market)
    done = deals(market=market, days=days, count=trades, splits=shape.splits, rng=rng)
    tag = f"{seed} {trades} {days[0]}"
    ours, theirs = _numbered("TRD-{}-{:06d}", f"oms {tag}"), _numbered("CU{}{:07d}", f"cus {tag}")
    # The other side's numbers tell nothing about ours: it hands them out in another order.
    executions = [(at, leg) for at, deal in enumerate(done) for leg in range(len(deal.theirs))]
    rng.shuffle(executions)
    executions.sort(key=lambda one: done[one[0]].theirs[one[1]].trade_date)
    their_ids = {one: theirs() for one in executions}
    cases = [
        faults.Case(
            deal,
            [reports.by_oms(one, trade_id=ours(), rng=rng) for one in deal.ours],
            [
                reports.by_custodian(
                    one,
                    trade_id=their_ids[at, leg],
                    refers=shape.refers,
                    initials=shape.initials,
                    rng=rng,
                )
                for leg, one in enumerate(deal.theirs)
            ],
        )
        for at, deal in enumerate(done)
    ]
    _across_midnight(cases, week.days, rng)
    scene = faults.Scene(rng, week.days, {one.ticker: one for one in market}, theirs)
    faults.plant(cases, shape.mix, scene)
    _gather(week, cases)
    if shape.prime_broker:
        _add_prime_broker(week, cases, _numbered("PB{}-{:05d}", f"prime {tag}"), rng)
    return week


def _numbered(form: str, tag: str) -> Callable[[], str]:
    """Return a maker of trade ids; another seed, size or week numbers its trades apart."""
    series, used = crc32(tag.encode()) % 90_000 + 10_000, Counter[str]()

    def next_id() -> str:
        used[form] += 1
        return form.format(series, used[form])

    return next_id


def _across_midnight(cases: Sequence[faults.Case], days: Sequence[date], rng: Random) -> None:
    """Let some round-the-clock deals fall on two UTC dates, by clocks two minutes apart."""
    for case in cases:
        done = case.deal.ours[0]
        if done.instrument.asset_class not in {AssetClass.CRYPTO, AssetClass.FX}:
            continue
        if not case.deal.is_single or done.trade_date == days[-1] or rng.random() > 0.12:
            continue
        mine, other = case.ours[0], case.theirs[0]
        midnight = datetime.combine(
            done.trade_date + timedelta(days=1), time(), done.executed_at.tzinfo
        )
        done.executed_at = mine.executed_at = midnight - timedelta(seconds=rng.randint(10, 60))
        other.executed_at = midnight + timedelta(seconds=rng.randint(5, 50))
        other.trade_date = midnight.date()


def _gather(week: Week, cases: Sequence[faults.Case]) -> None:
    for case in cases:
        week.oms += case.ours
        week.custodian += case.theirs
        week.truth.planted += case.planted
        week.truth.twins |= case.twins
        if case.is_ambiguous:
            week.truth.ambiguous += [one.trade_id for one in (*case.ours, *case.theirs)]
        elif pairing := case.pairing():
            week.truth.pairings.append(pairing)
    week.custodian.sort(key=lambda one: one.trade_id)


def _add_prime_broker(
    week: Week, cases: Sequence[faults.Case], next_id: Callable[[], str], rng: Random
) -> None:
    """Let the prime broker report the bonds: the last day's late, two with wrong interest."""
    bonds = [case for case in cases if case.deal.ours[0].instrument.coupon]
    last_day = week.days[-1]
    wrong = 2
    for case in bonds:
        done, mine = case.deal.ours[0], case.ours[0]
        report = reports.by_prime_broker(done, trade_id=next_id(), rng=rng)
        late = done.trade_date == last_day
        (week.prime_broker_late if late else week.prime_broker).append(report)
        week.truth.pairings.append(
            Pairing([mine.trade_id], [report.trade_id], "oms-prime", late=late)
        )
        if wrong and not late and done.accrued_interest > 500:
            wrong -= 1
            _miscount_interest(week.truth, mine, report)
    week.truth.planted.append(
        Planted(
            break_type=BreakType.TIMING.value,
            field="",
            left=[],
            right=[],
            trade_date=str(last_day),
            reconciliation="oms-prime",
        )
    )


def _miscount_interest(truth: Truth, mine: Report, report: Report) -> None:
    """Let the other side count interest over three days too few."""
    accrued = report.accrued_interest or Decimal(0)
    less = (accrued * 3 / 100).quantize(Decimal("0.01"))
    report.accrued_interest = accrued - less
    report.net_amount -= less
    truth.planted.append(
        Planted(
            break_type=BreakType.ACCRUED_INTEREST.value,
            field="accrued_interest",
            left=[mine.trade_id],
            right=[report.trade_id],
            trade_date=str(mine.trade_date),
            left_value=str(mine.accrued_interest),
            right_value=str(report.accrued_interest),
            reconciliation="oms-prime",
        )
    )
