"""How one thing comes to be written differently: references, names, symbols and clocks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from workflows.demo.parties import Party


@dataclass(frozen=True, slots=True)
class Reference:
    """How often a source quotes an execution's and an order's reference at all, from 0 to 1."""

    quotes_execution: float = 0.6
    quotes_order: float = 0.5

    def execution(self, value: str, rng: Random) -> str:
        return reference(value, rng) if rng.random() < self.quotes_execution else ""

    def order(self, value: str, rng: Random) -> str:
        return reference(value, rng) if rng.random() < self.quotes_order else ""


ALWAYS = Reference(1.0, 1.0)

_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text,
    lambda text: text.removeprefix("ORD-").lstrip("0"),
    lambda text: "EX" + text.removeprefix("ORD-"),
    lambda text: "REF/" + text.removeprefix("ORD-").lstrip("0"),
    lambda text: text.removeprefix("ORD-").zfill(14),
    lambda text: "oms-" + text.lower(),
    lambda text: text.replace("-", " "),
)


def reference(value: str, rng: Random) -> str:
    """Spell a reference with other zeros, another prefix or other punctuation."""
    return rng.choice(_SPELLINGS)(value)


def party(value: Party, rng: Random, *, initials: bool) -> str:
    """Spell a counterparty; with `initials`, one time in twenty as those alone."""
    if initials and rng.random() < 0.05:
        return value.initials
    return rng.choice(value.spellings)


def symbol(ticker: str, rng: Random) -> str:
    """Spell a ticker's share class or a currency pair another way."""
    if "/" in ticker:
        spelled = rng.choice((ticker, ticker.replace("/", ""), ticker.replace("/", "-")))
        return spelled.replace("BTC", rng.choice(("BTC", "XBT")))
    return ticker.replace(".", rng.choice((".", "/", " ", "-")))


def clock(moment: datetime, rng: Random) -> datetime:
    """Return the moment by a clock up to a minute and a half off, on the same UTC date."""
    shifted = moment + timedelta(seconds=rng.choice((0, 0, 0, 1, -1, 2, -4, 17, -38, 55, -90)))
    return shifted if shifted.date() == moment.date() else moment
