"""What goes wrong between two sources, planted one kind at a time and written down as truth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from breaks.choices import BreakType
from trades.choices import AssetClass, Side, TradeState
from workflows.demo.dirt import reference
from workflows.demo.market import Instrument
from workflows.demo.parties import ACCOUNTS, PARTIES
from workflows.demo.reports import Report
from workflows.demo.trading import Deal
from workflows.demo.truth import Pairing, Planted

DISPENSABLE = frozenset({"GROUP_RESIDUAL", "NEAR_TIE"})
CURRENCIES = ("USD", "EUR", "CAD", "CHF")


@dataclass(frozen=True)
class Mix:
    """How many of each fault to plant per so many deals; with `each`, at least one."""

    counts: Mapping[str, int]
    per: int
    each: bool = True

    def planned(self, deals: int) -> list[str]:
        """Return the names of the faults to plant into that many deals, the pickiest first."""
        least = 1 if self.each else 0
        names = sorted(self.counts, key=list(PLANTERS).index)
        return [
            name
            for name in names
            for _ in range(max(least, round(self.counts[name] * deals / self.per)))
        ]


DEMO = Mix(
    counts={
        "GROUP_RESIDUAL": 1, "INSTRUMENT": 1, "CURRENCY": 1, "SIDE": 1, "STATE": 1, "DUPLICATE": 1,
        "NEAR_TIE": 2, "MISSING_RIGHT": 5, "MISSING_LEFT": 4, "SMALL_PRICE": 3, "LARGE_PRICE": 2,
        "QUANTITY": 4, "NET_AMOUNT": 2, "FEES": 2, "SETTLEMENT_DATE": 3, "TRADE_DATE": 2,
        "ACCOUNT": 2, "COUNTERPARTY": 2,
    },
    per=600,
)  # fmt: skip
FIGURES = Mix(
    counts={
        "MISSING_RIGHT": 100, "MISSING_LEFT": 100, "SMALL_PRICE": 50, "LARGE_PRICE": 50,
        "QUANTITY": 100,
    },
    per=10_000,
    each=False,
)  # fmt: skip


@dataclass(slots=True)
class Case:
    """A deal with both sides' reports of it; a fault changes the reports."""

    deal: Deal
    ours: list[Report]
    theirs: list[Report]
    planted: list[Planted] = field(default_factory=list)
    twins: dict[str, str] = field(default_factory=dict)
    is_ambiguous: bool = False

    @property
    def is_sound(self) -> bool:
        return not self.planted and not self.is_ambiguous

    def pairing(self) -> Pairing | None:
        """Return which trade ids belong together, if both sides report."""
        left, right = ([one.trade_id for one in side] for side in (self.ours, self.theirs))
        right = [one for one in right if one not in self.twins]
        return Pairing(left, right) if left and right else None


@dataclass(slots=True)
class Scene:
    """What a fault may need beside its case."""

    rng: Random
    days: Sequence[date]
    by_ticker: Mapping[str, Instrument]
    next_trade_id: Callable[[], str]


def plant(cases: Sequence[Case], mix: Mix, scene: Scene) -> None:
    """
    Plant a mix of faults, each into a case of its own that suits it.

    What shows a break type in another form only is left out of a week too small for it.

    :raises ValueError: if there are too few cases for the rest.
    """
    order = list(range(len(cases)))
    scene.rng.shuffle(order)
    for name in mix.planned(len(cases)):
        suits, change = PLANTERS[name]
        chosen = next((at for at in order if cases[at].is_sound and suits(cases[at], scene)), None)
        if chosen is None and name in DISPENSABLE:
            continue
        if chosen is None:
            raise ValueError(
                f"No trade is left to plant {name} on: generate more than {len(cases)} trades."
            )
        order.remove(chosen)
        change(cases[chosen], scene)


def _note(case: Case, kind: BreakType, name: str, left: object = "", right: object = "") -> None:
    sides = [*case.ours, *case.theirs]
    case.planted.append(
        Planted(
            break_type=kind.value,
            field=name,
            left=[one.trade_id for one in case.ours],
            right=[one.trade_id for one in case.theirs],
            trade_date=str(sides[0].trade_date),
            left_value=str(left),
            right_value=str(right),
        )
    )


def _set(case: Case, kind: BreakType, name: str, value: object) -> None:
    """Change what the other side reports, and note what both now say."""
    ours, theirs = case.ours[0], case.theirs[0]
    setattr(theirs, name, value)
    _note(case, kind, name, getattr(ours, name), value)


def _revalue(report: Report, case: Case) -> None:
    """Bring a report's amounts in line with its price and quantity."""
    done = case.deal.theirs[0]
    gross = (report.quantity * report.price * done.instrument.face).quantize(done.places)
    report.net_amount += gross - report.gross_amount
    report.gross_amount = gross


def _force_reference(case: Case, scene: Scene) -> None:
    """Let both sides quote the execution's reference, which some faults need to be paired."""
    ours, theirs = case.ours[0], case.theirs[0]
    ours.execution_ref = case.deal.ours[0].execution_ref
    theirs.execution_ref = reference(ours.execution_ref, scene.rng)


# --- which case suits -------------------------------------------------------------------------


def _is_single(case: Case, _: Scene) -> bool:
    return case.deal.is_single and not case.deal.ours[0].instrument.coupon


def _is_share(case: Case, scene: Scene) -> bool:
    kind = case.deal.ours[0].instrument.asset_class
    return _is_single(case, scene) and kind == AssetClass.EQUITY


def _has_fills(case: Case, _: Scene) -> bool:
    return len(case.deal.theirs) > 2 and bool(case.ours[0].order_ref)


def _is_share_class(case: Case, scene: Scene) -> bool:
    return _is_share(case, scene) and bool(case.deal.ours[0].instrument.sibling)


def _is_midweek(case: Case, scene: Scene) -> bool:
    """Tell whether the next day or the one before is a trading day of the week too."""
    done = case.deal.ours[0].trade_date
    nearby = any(abs(day - done) == timedelta(days=1) for day in scene.days)
    return _is_share(case, scene) and nearby


def _is_big(case: Case, scene: Scene) -> bool:
    """Tell whether a few hundredths of a percent of the deal are beyond every tolerance."""
    done = case.deal.ours[0]
    worth = done.instrument.dollars(done.quantity, done.price)
    return _is_share(case, scene) and worth > 15_000 and done.quantity >= 10


def _has_unclear_price(case: Case, scene: Scene) -> bool:
    return _is_big(case, scene) and case.deal.ours[0].price > 20 * case.deal.ours[0].instrument.tick


# --- what goes wrong --------------------------------------------------------------------------


def _missing_right(case: Case, _: Scene) -> None:
    case.theirs.clear()
    _note(case, BreakType.MISSING_RIGHT, "")


def _missing_left(case: Case, _: Scene) -> None:
    case.ours.clear()
    _note(case, BreakType.MISSING_LEFT, "")


def _price(case: Case, scene: Scene, bps: int) -> None:
    theirs, instrument = case.theirs[0], case.deal.ours[0].instrument
    tick = instrument.tick * instrument.unit
    ticks = max(round(theirs.price * bps / 10_000 / tick), 2)
    wrong = theirs.price + scene.rng.choice((-1, 1)) * ticks * tick
    _set(case, BreakType.PRICE, "price", max(wrong, tick))
    _revalue(theirs, case)


def _small_price(case: Case, scene: Scene) -> None:
    _price(case, scene, scene.rng.randint(15, 95))


def _large_price(case: Case, scene: Scene) -> None:
    _price(case, scene, scene.rng.randint(120, 600))


def _quantity(case: Case, scene: Scene) -> None:
    theirs = case.theirs[0]
    lot = 100 if theirs.quantity % 100 == 0 and theirs.quantity > 1000 else 1
    lots = int(theirs.quantity) // lot
    by = max(lots * scene.rng.randint(1, 8) // 100, 1)
    wrong = theirs.quantity + Decimal(scene.rng.choice((-1, 1)) * by * lot)
    _set(case, BreakType.QUANTITY, "quantity", wrong)
    _revalue(theirs, case)


def _group_residual(case: Case, scene: Scene) -> None:
    block, fills = case.ours[0], case.theirs
    # An order of its own: nothing else that quotes it could be the fill that lacks.
    block.order_ref = f"ORD-{scene.rng.randint(0, 10**8 - 1):08d}"
    for fill in fills:
        fill.order_ref = block.order_ref
    smallest = min(fills, key=lambda fill: fill.quantity)
    block_quantity, lost = block.quantity, smallest.quantity
    fills.remove(smallest)
    _note(case, BreakType.QUANTITY, "quantity", block_quantity, block_quantity - lost)


def _side(case: Case, scene: Scene) -> None:
    _force_reference(case, scene)
    theirs = case.theirs[0]
    costs = theirs.commission + theirs.fees
    theirs.net_amount += -2 * costs if theirs.side == Side.BUY else 2 * costs
    _set(case, BreakType.SIDE, "side", Side.SELL if theirs.side == Side.BUY else Side.BUY)


def _net_amount(case: Case, scene: Scene) -> None:
    theirs = case.theirs[0]
    worth = case.deal.ours[0].instrument.dollars(theirs.quantity, case.deal.ours[0].price)
    wrong = Decimal(scene.rng.randint(4_000, 30_000)) / 100
    scale = theirs.gross_amount / worth if worth else Decimal(1)
    shift = (wrong * scale).quantize(case.deal.ours[0].places)
    _set(case, BreakType.NET_AMOUNT, "net_amount", theirs.net_amount + shift)


def _fees(case: Case, scene: Scene) -> None:
    theirs = case.theirs[0]
    places = case.deal.ours[0].places
    extra = (theirs.gross_amount * scene.rng.randint(8, 20) / 10_000).quantize(places)
    _set(case, BreakType.FEES, "fees", theirs.fees + extra)
    theirs.net_amount += extra if theirs.side == Side.BUY else -extra


def _currency(case: Case, scene: Scene) -> None:
    _force_reference(case, scene)
    others = [code for code in CURRENCIES if code != case.theirs[0].currency]
    _set(case, BreakType.CURRENCY, "currency", scene.rng.choice(others))


def _instrument(case: Case, scene: Scene) -> None:
    _force_reference(case, scene)
    other = scene.by_ticker[case.deal.ours[0].instrument.sibling]
    ours, theirs = case.ours[0], case.theirs[0]
    theirs.symbol, theirs.cusip = other.ticker, other.cusip
    _note(case, BreakType.INSTRUMENT, "instrument", ours.isin, other.cusip)


def _settlement_date(case: Case, _: Scene) -> None:
    right = case.deal.ours[0].settlement_date
    later = right + timedelta(days=3 if right.weekday() == 4 else 1)
    case.ours[0].settlement_date = right
    _set(case, BreakType.SETTLEMENT_DATE, "settlement_date", later)


def _trade_date(case: Case, scene: Scene) -> None:
    theirs = case.theirs[0]
    one_day = timedelta(days=1)
    nearby = [day for day in scene.days if abs(day - theirs.trade_date) == one_day]
    wrong = scene.rng.choice(nearby)
    if theirs.executed_at is not None:
        theirs.executed_at += wrong - theirs.trade_date
    _set(case, BreakType.TRADE_DATE, "trade_date", wrong)


def _account(case: Case, scene: Scene) -> None:
    done = case.deal.ours[0]
    others = [book for book in ACCOUNTS if book != done.book]
    case.ours[0].account = done.book.code
    _set(case, BreakType.ACCOUNT, "account", scene.rng.choice(others).elsewhere)


def _counterparty(case: Case, scene: Scene) -> None:
    done, ours = case.deal.ours[0], case.ours[0]
    others = [party for party in PARTIES if party != done.party]
    ours.counterparty, ours.counterparty_lei = done.party.name, done.party.lei
    wrong = scene.rng.choice(scene.rng.choice(others).spellings)
    _set(case, BreakType.COUNTERPARTY, "counterparty", wrong)


def _duplicate(case: Case, scene: Scene) -> None:
    _force_reference(case, scene)
    again = replace(case.theirs[0], trade_id=scene.next_trade_id())
    case.twins[again.trade_id] = case.theirs[0].trade_id
    case.theirs.append(again)
    _note(case, BreakType.DUPLICATE, "", "", again.execution_ref)


def _state(case: Case, _: Scene) -> None:
    case.ours[0].state = TradeState.CANCELLED
    _note(case, BreakType.STATE, "state", TradeState.CANCELLED.value, TradeState.NEW.value)


def _near_tie(case: Case, scene: Scene) -> None:
    """Put two reports as near as each other where ours has no reference to tell by."""
    theirs, instrument = case.theirs[0], case.deal.ours[0].instrument
    case.is_ambiguous = True
    case.ours[0].execution_ref = case.ours[0].order_ref = ""
    step = instrument.tick * instrument.unit * 2
    theirs.execution_ref = theirs.order_ref = ""
    theirs.executed_at = case.deal.ours[0].executed_at
    other = replace(theirs, trade_id=scene.next_trade_id(), price=theirs.price + step)
    theirs.price -= step
    for report in (theirs, other):
        _revalue(report, case)
    case.theirs.append(other)


Suits = Callable[[Case, Scene], bool]
Change = Callable[[Case, Scene], None]
# In the order of planting: what few cases suit comes first.
PLANTERS: dict[str, tuple[Suits, Change]] = {
    "GROUP_RESIDUAL": (_has_fills, _group_residual),
    "INSTRUMENT": (_is_share_class, _instrument),
    "TRADE_DATE": (_is_midweek, _trade_date),
    "NEAR_TIE": (_has_unclear_price, _near_tie),
    "SMALL_PRICE": (_has_unclear_price, _small_price),
    "LARGE_PRICE": (_has_unclear_price, _large_price),
    "NET_AMOUNT": (_is_big, _net_amount),
    "FEES": (_is_big, _fees),
    "QUANTITY": (_is_big, _quantity),
    "CURRENCY": (_is_share, _currency),
    "SIDE": (_is_share, _side),
    "STATE": (_is_share, _state),
    "DUPLICATE": (_is_share, _duplicate),
    "SETTLEMENT_DATE": (_is_share, _settlement_date),
    "ACCOUNT": (_is_share, _account),
    "COUNTERPARTY": (_is_share, _counterparty),
    "MISSING_RIGHT": (_is_single, _missing_right),
    "MISSING_LEFT": (_is_single, _missing_left),
}
