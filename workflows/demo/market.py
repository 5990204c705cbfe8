"""The instruments of the demo: invented issuers under identifiers whose check digits are right."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import count as count_up
from random import Random

from stdnum import cusip as cusip_number
from stdnum import isin as isin_number
from stdnum.gb import sedol as sedol_number

from trades.choices import AssetClass
from trades.currencies import major_unit
from workflows.demo.words import LEGAL_FORM, PLACES, TRADES

NOT_TICKERS = frozenset({"NA", "NAN", "TBA", "TBD", "NULL", "NONE", "ASS"})

# Units of USD for one unit, near enough for a demo's exposure.
USD_FOR_ONE = {
    "EUR": Decimal("1.0850"), "GBP": Decimal("1.2700"), "CAD": Decimal("0.7300"),
    "CHF": Decimal("1.1300"), "JPY": Decimal("0.0067"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """A market's habits: quote currency, tick, days to settle, and its hours in UTC minutes."""

    country: str
    currency: str
    mic: str
    tick: Decimal
    settles: int
    opens: int
    closes: int


LISTINGS = (
    Listing("US", "USD", "XNYS", Decimal("0.01"), 1, 870, 1260),
    Listing("GB", "GBX", "XLON", Decimal("0.5"), 2, 480, 990),
    Listing("CA", "CAD", "XTSE", Decimal("0.01"), 1, 870, 1260),
    Listing("DE", "EUR", "XETR", Decimal("0.01"), 2, 480, 990),
    Listing("FR", "EUR", "XPAR", Decimal("0.01"), 2, 480, 990),
    Listing("NL", "EUR", "XAMS", Decimal("0.01"), 2, 480, 990),
    Listing("CH", "CHF", "XSWX", Decimal("0.02"), 2, 480, 990),
    Listing("JP", "JPY", "XTKS", Decimal(1), 2, 5, 360),
)
# Of every twenty listed shares: eleven US, three London, one of each other market.
ROTATION = (0, 0, 1, 0, 3, 0, 2, 0, 1, 0, 4, 0, 5, 0, 6, 0, 1, 0, 7, 0)
OVER_THE_COUNTER = Listing("US", "USD", "", Decimal("0.001"), 1, 780, 1260)
ROUND_THE_CLOCK = Listing("", "USD", "", Decimal("0.00001"), 2, 0, 1439)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a security is numbered by; empty where it has no such number."""

    isin: str = ""
    cusip: str = ""
    sedol: str = ""


NO_NUMBERS = Numbers()


@dataclass(frozen=True, slots=True)
class Instrument:
    """
    A security or currency pair, priced in its listing's currency.

    `face` is what a price of 1 is worth for one unit: a bond is quoted in percent of its face.
    """

    name: str
    ticker: str
    asset_class: AssetClass
    listing: Listing
    price: Decimal
    numbers: Numbers = NO_NUMBERS
    face: Decimal = Decimal(1)
    coupon: Decimal = Decimal(0)
    last_coupon: date = date.min
    sibling: str = ""

    @property
    def isin(self) -> str:
        return self.numbers.isin

    @property
    def cusip(self) -> str:
        return self.numbers.cusip

    @property
    def sedol(self) -> str:
        return self.numbers.sedol

    @property
    def currency(self) -> str:
        """The ISO currency that amounts are paid in."""
        return major_unit(self.listing.currency)[0]

    @property
    def unit(self) -> Decimal:
        """What one of the quoted price's units is worth in `currency`: 0.01 for pence."""
        return major_unit(self.listing.currency)[1]

    @property
    def tick(self) -> Decimal:
        """The step of its prices: finer below one dollar."""
        return Decimal("0.0001") if self.price < 1 else self.listing.tick

    def dollars(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Return about what the quantity is worth in USD at the quoted price."""
        rate = USD_FOR_ONE.get(self.currency, Decimal(1))
        return quantity * price * self.face * self.unit * rate


def instruments(*, count: int = 60, seed: int = 1) -> list[Instrument]:
    """Return `count` instruments (at least 24), the same ones for the same arguments."""
    rng = Random(f"instruments {seed}")  # noqa: S311  repeatable, not secret
    made = [*_bonds(rng), *_pairs()]
    shares = _shares(rng)
    while len(made) < max(count, 24):
        made.append(next(shares))
        if len(made) % 19 == 0:
            made += _classes(made.pop(), rng)
    return made[: max(count, 24)]


def _shares(rng: Random) -> Iterator[Instrument]:
    taken: set[str] = set()
    for at, name in enumerate(_issuers(rng)):
        listing = LISTINGS[ROTATION[at % len(ROTATION)]]
        price = Decimal(rng.randint(400, 48_000)) / 100
        if listing.currency in {"GBX", "JPY"}:
            price = Decimal(rng.randint(160, 9_000))
        elif at % 29 == 7:
            price = Decimal(rng.randint(41, 98)) / 100
        yield Instrument(
            name=f"{name} {LEGAL_FORM[listing.country]}",
            ticker=_ticker(name, taken, rng),
            asset_class=AssetClass.EQUITY,
            listing=listing,
            price=price,
            numbers=_numbers(listing.country, rng),
        )


def _issuers(rng: Random) -> Iterator[str]:
    """Yield names without end: each again as a numbered one once all are taken."""
    names = [f"{place} {trade}" for place in PLACES for trade in TRADES]
    rng.shuffle(names)
    yield from names
    for number in count_up(2):
        yield from (f"{name} {number}" for name in names)


def _classes(share: Instrument, rng: Random) -> list[Instrument]:
    """Turn a share into the two classes of one issuer, at nearly the same price."""
    if share.listing.country != "US":
        share = replace(share, listing=LISTINGS[0], price=Decimal(rng.randint(4_000, 30_000)) / 100)
    pair = []
    for letter, other in ("AB", "BA"):
        lifted = share.price + (Decimal("0.35") if letter == "B" else Decimal(0))
        pair.append(
            replace(
                share,
                name=f"{share.name} Class {letter}",
                ticker=f"{share.ticker}.{letter}",
                price=lifted,
                sibling=f"{share.ticker}.{other}",
                numbers=_numbers("US", rng),
            )
        )
    return pair


def _bonds(rng: Random) -> list[Instrument]:
    issues = (
        ("Harrowgate Finance", "4.250", 2031),
        ("Tidewater Capital", "5.125", 2029),
        ("Meridian Holdings", "3.875", 2034),
        ("Northmoor Utilities", "6.000", 2028),
        ("State of Valemont", "2.750", 2040),
    )
    return [
        Instrument(
            name=f"{issuer} {Decimal(coupon).normalize():f}% {due}",
            ticker="",
            asset_class=AssetClass.FIXED_INCOME,
            listing=OVER_THE_COUNTER,
            price=Decimal(rng.randint(88_000, 107_000)) / 1000,
            face=Decimal("0.01"),
            coupon=Decimal(coupon),
            last_coupon=date(2000, rng.randint(1, 6), 15),
            numbers=_numbers("US", rng),
        )
        for issuer, coupon, due in issues
    ]


def _pairs() -> list[Instrument]:
    fast = replace(ROUND_THE_CLOCK, tick=Decimal("0.1"), settles=0)
    dear, cheap = Decimal(91_250), Decimal(3_120)
    return [
        Instrument("Bitcoin", "BTC/USD", AssetClass.CRYPTO, fast, dear),
        Instrument("Ether", "ETH/USD", AssetClass.CRYPTO, fast, cheap),
        Instrument("Euro", "EUR/USD", AssetClass.FX, ROUND_THE_CLOCK, USD_FOR_ONE["EUR"]),
        Instrument("Sterling", "GBP/USD", AssetClass.FX, ROUND_THE_CLOCK, USD_FOR_ONE["GBP"]),
    ]


def _ticker(name: str, taken: set[str], rng: Random) -> str:
    place, trade, *_ = name.upper().split()
    wanted = place[:2] + trade[: rng.choice((1, 2))]
    while wanted in taken or wanted in NOT_TICKERS:
        wanted = place[0] + "".join(rng.choice(place + trade) for _ in range(3))
    taken.add(wanted)
    return wanted


def _numbers(country: str, rng: Random) -> Numbers:
    """Return an ISIN with the national number inside it, all with their check digits."""
    if country in {"US", "CA"}:
        base = "".join(rng.choice("0123456789") for _ in range(6)) + rng.choice(("10", "20", "AB"))
        cusip = base + cusip_number.calc_check_digit(base)
        return Numbers(isin=_isin(country + cusip), cusip=cusip)
    if country == "GB":
        base = "B" + "".join(rng.choice("BCDFGHJKLMNPQRSTVWXYZ0123456789") for _ in range(5))
        sedol = base + sedol_number.calc_check_digit(base)
        return Numbers(isin=_isin("GB00" + sedol), sedol=sedol)
    return Numbers(isin=_isin(country + f"{rng.randint(10**7, 10**8 - 1):09d}"))


def _isin(without_check_digit: str) -> str:
    return without_check_digit + isin_number.calc_check_digit(without_check_digit)
