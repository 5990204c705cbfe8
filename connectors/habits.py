"""How a source writes numbers, dates, times, sides and states; each reader says what is wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from trades.choices import AssetClass, Side, TradeState
from trades.fields import DIGITS, PLACES


class NotReadable(ValueError):
    """A value is not what its column holds; the text says what was found and what is expected."""


@dataclass(frozen=True, slots=True)
class Habits:
    """
    The way one source writes its values.

    Formats are tried in order; "ISO" reads ISO 8601. Times without an offset are local to
    `timezone`. `side_words` (folded words to BUY or SELL) come before the usual ones. `units` are
    the powers of ten by which a column is larger than ours, by its name, or by name and currency.
    """

    timezone: ZoneInfo
    date_formats: tuple[str, ...] = ("ISO", "%Y%m%d")
    time_formats: tuple[str, ...] = ("ISO",)
    decimal_separator: str = "."
    side_words: Mapping[str, str] = field(default_factory=dict)
    signed_quantity: bool = False
    units: Mapping[str, int] = field(default_factory=dict)
    net_reversed: bool = False

    def power(self, column: str, currency: str) -> int:
        """Return by which power of ten a column is larger than ours in a currency."""
        return self.units.get(f"{column} {currency}", self.units.get(column, 0))


def _table(**words: str) -> dict[str, str]:
    return {word.strip(): name for name, listed in words.items() for word in listed.split(",")}


_SIDES = _table(
    BUY="b, bot, bought, buy, buys, buy long, buy to close, buy to cover, buy to open, bl, btc, "
    "bto, cover, purchase, purchased, receive, received, receive free, receive versus payment, "
    "receive vs payment, rec, rf, rvp, 1, 3",
    SELL="s, sell, sells, sell long, sell short, sell short exempt, sell to close, sell to open, "
    "short, short sell, sold, sld, sale, sl, ss, sse, stc, sto, deliver, delivered, "
    "deliver free, deliver versus payment, deliver vs payment, del, df, dvp, 2, 4, 5, 6",
)
_STATES = _table(
    NEW="new, n, add, active, allocated, booked, confirmed, done, executed, execution, fill, "
    "filled, live, matched, open, original, partial fill, partially filled, settled, trade, "
    "traded, verified",
    AMENDED="a, amd, amend, amended, amendment, correct, corrected, correction, mod, modified, "
    "modify, rebook, rebooked, replace, replaced, revised, update, updated",
    CANCELLED="c, canc, cancel, canceled, cancelled, cancellation, cxl, x, bust, busted, delete, "
    "deleted, reversal, reverse, reversed, void, voided",
)
_ASSET_CLASSES = _table(
    EQUITY="equity, equities, eq, eqty, stock, common stock, cs, us equity, share, shares, adr",
    FIXED_INCOME="fixed income, fixedincome, fi, bond, bonds, corporate bond, government bond, "
    "note",
    FX="fx, forex, foreign exchange, currency, fx spot, spot",
    CRYPTO="crypto, cryptocurrency, digital asset",
    FUND="fund, funds, mutual fund, etf, etp",
    DERIVATIVE="derivative, derivatives, option, options, us option, future, futures, swap, "
    "warrant",
)


def fold(text: str) -> str:
    """Return words in lower case, separated by one space: ``BUY_TO_OPEN`` is ``buy to open``."""
    return " ".join(re.sub(r"[_\-/.]+", " ", text).split()).lower()


def side(text: str, habits: Habits) -> str:
    word = fold(text)
    found = habits.side_words.get(word) or _SIDES.get(word)
    if not found:
        raise NotReadable(
            f"side {text!r} is neither a purchase nor a sale this layout knows; "
            "add the word to its side words"
        )
    return Side(found).value


def state(text: str) -> str:
    found = _STATES.get(fold(text))
    if not found:
        raise NotReadable(f"state {text!r} is not NEW, AMENDED or CANCELLED in any usual spelling")
    return TradeState(found).value


def asset_class(text: str) -> str:
    """Return our asset class for a source's word, or empty text where the word is not known."""
    found = _ASSET_CLASSES.get(fold(text))
    return AssetClass(found).value if found else ""


# Digits in groups of three (in India of two, but for the last), or in no groups at all. Groups
# may also stand apart by a space, a no-break space, a thin one, or an apostrophe.
_NUMBER = (
    r"^(?P<sign>[+-]?)(?P<whole>\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d*)"
    r"(?:{point}(?P<part>\d*))?(?P<power>[eE][+-]?\d{{1,3}})?$"
)
_APART = r" '\u2019\u00a0\u202f\u2009"
_FORMS = {
    ".": re.compile(_NUMBER.format(group=f"[,{_APART}]", point=r"\."), re.ASCII),
    ",": re.compile(_NUMBER.format(group=f"[.{_APART}]", point=","), re.ASCII),
}


# Most numbers are written like this, and fit: 18 digits, 10 decimals.
_PLAIN = re.compile(r"^-?\d{1,18}(\.\d{1,10})?\Z", re.ASCII)


def number(text: str, decimal_separator: str = ".") -> Decimal:
    """
    Read a number exactly: ``1,234.56`` or ``1.234,56``, ``(12)``, ``12-``, ``1.5E+3``.

    :raises NotReadable: if it is none, or has more digits than are kept exactly.
    """
    if decimal_separator == "." and _PLAIN.match(text):
        return Decimal(text)
    bare = text.strip()
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1].strip()}"
    elif bare.endswith("-"):
        bare = f"-{bare[:-1].strip()}"
    found = _FORMS[decimal_separator].match(bare)
    if not found or not (found["whole"] or found["part"]):
        raise NotReadable(
            f"{text!r} is not a number with {decimal_separator!r} before its decimals"
        )
    whole = re.sub(r"\D", "", found["whole"])
    try:
        value = Decimal(f"{found['sign']}{whole}.{found['part'] or ''}{found['power'] or ''}")
    except InvalidOperation as problem:  # pragma: no cover - the form leaves nothing to refuse
        raise NotReadable(f"{text!r} is not a number") from problem
    return fitting(value, text)


def fitting(value: Decimal, text: str) -> Decimal:
    """:raises NotReadable: if a number has more digits than are kept exactly."""
    digits, exponent = value.as_tuple().digits, int(value.as_tuple().exponent)
    kept = "".join(map(str, digits)).rstrip("0")
    places = max(0, -(exponent + len(digits) - len(kept)))
    if places > PLACES:
        raise NotReadable(f"{text!r} has {places} decimals; at most {PLACES} are kept exactly")
    if value and value.adjusted() + 1 > DIGITS - PLACES:
        raise NotReadable(
            f"{text!r} has more than {DIGITS - PLACES} digits before its decimals; "
            "that many are kept exactly"
        )
    return value


@lru_cache(maxsize=65_536)
def day(text: str, formats: tuple[str, ...]) -> date:
    """:raises NotReadable: if no format reads it as a date from 1970 to 2199."""
    for wanted in formats:
        found = _day(text, wanted)
        if found and 1970 <= found.year < 2200:
            return found
    raise NotReadable(f"{text!r} is not a date written as {' or '.join(formats)}")


def _day(text: str, wanted: str) -> date | None:
    try:
        if wanted == "ISO":
            return datetime.fromisoformat(text).date()
        found = datetime.strptime(text, wanted).date()  # noqa: DTZ007  a date has no timezone
    except ValueError:
        return None
    # strptime reads 2026115 as %Y%m%d, one way out of two.
    is_run_together = re.search(r"%[a-zA-Z]%[a-zA-Z]", wanted)
    return None if is_run_together and found.strftime(wanted) != text else found


_CLOCK = re.compile(r"^\d{1,2}:\d\d")
_EPOCHS = {"EPOCH": 0, "EPOCH_MS": 3, "EPOCH_NS": 9}


def moment(text: str, formats: tuple[str, ...], zone: ZoneInfo, on: date | None) -> datetime:
    """
    Read a time as UTC; one without a date is `on` that date, one without an offset in `zone`.

    :raises NotReadable: if no format reads it.
    """
    for wanted in formats:
        try:
            found = _moment(text, wanted, on)
        except (ValueError, OverflowError):
            continue
        if found is not None and 1970 <= found.year < 2200:
            local = found if found.tzinfo else found.replace(tzinfo=zone)
            return local.astimezone(UTC)
    raise NotReadable(f"{text!r} is not a time written as {' or '.join(formats)}")


def _moment(text: str, wanted: str, on: date | None) -> datetime | None:
    if wanted in _EPOCHS:
        return epoch(number(text).scaleb(-_EPOCHS[wanted]))
    if wanted == "ISO":
        if _CLOCK.match(text):
            return datetime.combine(on, time.fromisoformat(text.zfill(5))) if on else None
        return datetime.fromisoformat(text)
    found = datetime.strptime(text, wanted)  # noqa: DTZ007  local to the zone that `moment` adds
    if not re.search(r"%[YyGcxs]", wanted):
        return datetime.combine(on, found.timetz()) if on else None
    return found


def epoch(seconds: Decimal) -> datetime:
    """Return the UTC time of so many seconds since 1970, exact to the microsecond."""
    whole = int(seconds // 1)
    micros = int((seconds - whole) * 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=micros)
