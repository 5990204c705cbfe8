"""A field that one side evidently has wrong: what it should say, and how that is known."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from statistics import median

from trades.currencies import major_unit
from trades.reports import plain
from workflows.choices import RemedyAction, Risk
from workflows.remedies.cases import Case, Draft, Known, Reported
from workflows.remedies.requests import in_words

# Prices so far apart cannot both be the market's, and the market's is one this near to the others.
APART, NEAR = Decimal("1.5"), Decimal("1.1")
FEWEST_OTHERS = 2
CENT = Decimal("0.01")
SATURDAY = 5

Wrong = tuple[Reported, str, str, str]  # the trade, what it says, what it should say, why


def draft(case: Case, known: Known) -> Draft | None:
    """Propose the correction of one side, where only the other can be right."""
    judge = _JUDGES.get(case.break_type)
    if judge is None or case.left is None or case.right is None:
        return None
    found = judge(case.left, case.right, known)
    if found is None:
        return None
    trade, says, should, why = found
    name = case.field.replace("_", " ")
    return Draft(
        action=RemedyAction.CORRECT_FIELD,
        risk=Risk.MEDIUM,
        reason=f"{trade.source} has the {name} wrong: {why}",
        effect=f"Asks {trade.source} to correct {name} from {says} to {should}; the trade itself "
        "stays as it is until they do; would clear 1 break.",
        does={"to": trade.source, "trade": trade.trade_id, "field": case.field,
              "from": says, "should_be": should,
              "text": f"Please look at the {name} of {in_words(trade)}: you report {says}, and "
              f"we believe it should be {should}. {why}"},
        worth=case.exposure,
    )  # fmt: skip


def _price(left: Reported, right: Reported, known: Known) -> Wrong | None:
    """Find the price that the instrument's other trades of the day speak against."""
    ours, theirs = whole_price(left), whole_price(right)
    if not ours or not theirs or max(ours, theirs) < min(ours, theirs) * APART:
        return None
    if left.instrument_id is None or left.instrument_id != right.instrument_id:
        return None
    near = known.prices.get((left.instrument_id, left.trade_date), ())
    others = [
        price * major_unit(currency)[1]
        for pk, price, currency in near
        if pk not in (left.pk, right.pk) and major_unit(currency)[0] == major_unit(left.currency)[0]
    ]
    if len(others) < FEWEST_OTHERS:
        return None
    usual = median(others)
    fits = [max(price, usual) <= min(price, usual) * NEAR for price in (ours, theirs)]
    if fits[0] == fits[1]:
        return None
    wrong, right_one = (right, left) if fits[0] else (left, right)
    factor = (whole_price(wrong) or ours) / (whole_price(right_one) or theirs)
    times = f", {plain(round(factor, 4))} times the other side's" if factor != 1 else ""
    why = (
        f"{len(others)} other trades of {left.instrument or 'this instrument'} on "
        f"{left.trade_date} have a middle price of {plain(round(usual, 4))}{times}."
    )
    return wrong, plain(wrong.price or 0), plain(right_one.price or 0), why


def whole_price(trade: Reported) -> Decimal | None:
    """Return a price in whole units of its currency: pence are pounds."""
    return None if trade.price is None else trade.price * major_unit(trade.currency)[1]


def _net_amount(left: Reported, right: Reported, _known: Known) -> Wrong | None:
    """Find the side whose net amount is not what its own price, quantity and charges make."""
    made = [_adds_up_to(one) for one in (left, right)]
    if any(amounts is None for amounts in made):
        return None
    adds_up = [
        one.net_amount is not None
        and any(abs(abs(one.net_amount) - amount) <= CENT for amount in amounts or ())
        for one, amounts in zip((left, right), made, strict=True)
    ]
    if adds_up[0] == adds_up[1]:
        return None
    wrong, other = (right, left) if adds_up[0] else (left, right)
    why = (
        "it is not what its own quantity, price and charges come to, and that of "
        f"{other.source} is."
    )
    return wrong, plain(wrong.net_amount or 0), plain(other.net_amount or 0), why


def _adds_up_to(trade: Reported) -> list[Decimal] | None:
    """Return what a net amount may be: charges are added to a purchase and kept from a sale."""
    price = whole_price(trade)
    if price is None or trade.net_amount is None or trade.asset_class == "FIXED_INCOME":
        return None
    gross = trade.quantity * price
    charges = (trade.commission or Decimal(0)) + (trade.fees or Decimal(0))
    accrued = trade.accrued_interest or Decimal(0)
    return [gross + accrued + (charges if trade.side == "BUY" else -charges)]


def _currency(left: Reported, right: Reported, _known: Known) -> Wrong | None:
    """Find the side that is not in the currency the instrument trades in."""
    usual = left.instrument_currency
    if not usual or left.instrument_id != right.instrument_id:
        return None
    fits = [major_unit(one.currency)[0] == usual for one in (left, right)]
    if fits[0] == fits[1]:
        return None
    wrong = right if fits[0] else left
    why = f"{left.instrument or 'the instrument'} trades in {usual}."
    return wrong, wrong.currency, usual, why


def _settlement_date(left: Reported, right: Reported, _known: Known) -> Wrong | None:
    """Find the side that settles at a weekend, or before it trades."""
    possible = [_can_settle(one.settlement_date, one.trade_date) for one in (left, right)]
    if possible[0] == possible[1]:
        return None
    wrong, other = (right, left) if possible[0] else (left, right)
    why = f"nothing settles on {wrong.settlement_date:%A, %Y-%m-%d}."
    if wrong.settlement_date and wrong.settlement_date < wrong.trade_date:
        why = f"{wrong.settlement_date} is before the trade date."
    return wrong, str(wrong.settlement_date), str(other.settlement_date), why


def _can_settle(day: date | None, traded: date) -> bool:
    return day is None or (day.weekday() < SATURDAY and day >= traded)


_JUDGES: dict[str, Callable[[Reported, Reported, Known], Wrong | None]] = {
    "PRICE": _price,
    "NET_AMOUNT": _net_amount,
    "CURRENCY": _currency,
    "SETTLEMENT_DATE": _settlement_date,
}
