"""A finding in words: what is wrong, where, and what would mend it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workflows.causes.finding import Finding
from workflows.causes.inputs import Desk

Figures = Mapping[str, Any]
FIELD = {
    "PRICE": "price", "QUANTITY": "quantity", "NET_AMOUNT": "net amount", "FEES": "fees",
    "ACCRUED_INTEREST": "accrued interest", "SIDE": "side", "CURRENCY": "currency",
    "INSTRUMENT": "instrument", "SETTLEMENT_DATE": "settlement date", "TRADE_DATE": "trade date",
    "ACCOUNT": "account", "COUNTERPARTY": "counterparty", "DUPLICATE": "duplicate",
    "STATE": "state", "MISSING_LEFT": "missing trade", "MISSING_RIGHT": "missing trade",
}  # fmt: skip
NOUN = {
    "counterparty": "counterparty", "account": "account", "instrument": "instrument",
    "venue": "venue", "currency": "currency", "asset_class": "asset class", "side": "side",
    "hour": "hour", "day": "trade date",
}  # fmt: skip


# Their sentences name the place already.
SAY_IT_ALL = frozenset({
    "DUPLICATE_FILE", "MISSING_WINDOW", "TIMEZONE_SHIFT", "ACCOUNT_RENAMED", "COUNTERPARTY_RENAMED",
})  # fmt: skip


def named_terms(finding: Finding, desk: Desk) -> list[tuple[str, list[str]]]:
    """Return where a finding holds, by the names a person knows."""
    return [
        (NOUN[dimension], [_named(desk, dimension, value) for value in values])
        for dimension, values in finding.terms
    ]


def _named(desk: Desk, dimension: str, value: object) -> str:
    if dimension == "hour":
        return f"{value:02d}:00 UTC"
    known = desk.names.get(dimension, {})
    return known.get(value, str(value)) if isinstance(value, int) else str(value)


def where(terms: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return a place as a phrase: ``on account GEQ-1, side SELL``."""
    if not terms:
        return ""
    return "on " + ", ".join(f"{noun} {_listed(values)}" for noun, values in terms)


def _listed(values: Sequence[str]) -> str:
    *most, last = values
    return f"{', '.join(most)} and {last}" if most else last


def headline(finding: Finding, desk: Desk) -> str:
    """Return what is wrong and where, in a line."""
    sides = {"left": desk.left, "right": desk.right}
    sentence = HEADLINES[finding.mechanism](finding.figures, sides)
    place = where(named_terms(finding, desk))
    if finding.mechanism in SAY_IT_ALL or not place:
        return sentence.rstrip(",")
    return f"{sentence} {place}"


def fix_words(finding: Finding, desk: Desk) -> str:
    """Return what would mend it, in a sentence."""
    sides = {"left": desk.left, "right": desk.right}
    make = FIXES.get(finding.fix.get("kind", ""))
    return (
        make(finding.fix, sides)
        if make
        else "No fix follows from where alone: look at the samples."
    )


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _days(shift: int) -> str:
    days = "business day" if abs(shift) == 1 else "business days"
    return f"{abs(shift)} {days} {'later' if shift > 0 else 'earlier'}"


def _hours(minutes: int) -> str:
    return f"{abs(minutes) / 60:g} hours {'ahead' if minutes > 0 else 'behind'}"


def _cycle(figures: Figures, sides: Figures) -> str:
    left, right = figures["left_cycle"], figures["right_cycle"]
    if left is None or right is None:
        return f"{sides['right']} settles {_days(figures['business_days'])}"
    return f"{sides['left']} settles T+{left} and {sides['right']} T+{right}"


HEADLINES: dict[str, Callable[[Figures, Figures], str]] = {
    "DUPLICATE_FILE": lambda f, s: (
        f"{s[f['side']]} sent a file twice: {f['repeated']} of its "
        f"{f['of']} trades repeat delivery {f['first_delivery']}"
    ),
    "MISSING_WINDOW": lambda f, s: (
        f"{s[f['side']]} reports nothing from {f['since']} to "
        f"{f['until']} UTC on {_listed(f['days'])}"
    ),
    "PENCE_POUNDS": lambda f, s: (
        f"{s['right']} prices are {f['factor']} times {s['left']}'s: one "
        "quotes pence and says pounds,"
    ),
    "STALE_FX": lambda f, s: (
        f"{s[f['stale_side']]} converts {f['currency']} at {f['stale_rate']}, "
        f"the rate of {f['stale_date']}, where {f['rate']} is in force,"
    ),
    "FX_CONVERSION": lambda f, s: (
        f"{s[f['converted_side']]} reports the {FIELD[f['field']]} "
        f"converted from {f['currency']}, the other does not,"
    ),
    "PRICE_FACTOR": lambda f, s: f"{s['right']} prices are {f['factor']} times {s['left']}'s",
    "QUANTITY_FACTOR": lambda f, s: (
        f"{s['right']} quantities are {f['factor']} times {s['left']}'s"
    ),
    "AMOUNT_FACTOR": lambda f, s: f"{s['right']} net amounts are {f['factor']} times {s['left']}'s",
    "SIDE_FLIPPED": lambda _, s: f"{s['right']} reports the other side than {s['left']}",
    "TIMEZONE_SHIFT": lambda f, s: (
        f"{s['right']} has its clock {_hours(f['minutes'])} of "
        f"{s['left']}'s, which moves trade dates,"
    ),
    "SETTLEMENT_CYCLE": _cycle,
    "DATE_SHIFT": lambda f, s: f"{s['right']} dates trades {_days(f['business_days'])}",
    "ACCOUNT_RENAMED": lambda f, s: f"{s['right']} calls account {f['left']} {f['right']}",
    "COUNTERPARTY_RENAMED": lambda f, s: f"{s['right']} calls {f['left']} {f['right']}",
    "COMMISSION_IN_NET": lambda f, s: (
        f"{s[f['net_has_them']]} has the {_listed(f['costs'])} in "
        "the net amount, the other has not,"
    ),
    "CONCENTRATION": lambda f, _: (
        f"{f['showing']} of {f['of']} trades have {_article(FIELD[f['field']])} break"
    ),
}

FIXES: dict[str, Callable[[Figures, Figures], str]] = {
    "price_unit": lambda f, s: (
        f"Divide {s['right']} prices there by {f['factor']}, or have it report GBX."
    ),
    "unit_factor": lambda f, s: f"Divide what {s['right']} reports there by {f['factor']}.",
    "fx_rate": lambda f, _: (
        f"Have the source convert {f['currency']} at the rate of the trade date."
    ),
    "account_alias": lambda f, s: (
        f"Make {f['alias']} an alias of account {f['name']} at {s['right']}."
    ),
    "counterparty_alias": lambda f, _: f"Make {f['alias']} an alias of {f['name']}.",
    "settlement_offset": lambda f, s: (
        f"Have {s['right']} settle there on {s['left']}'s cycle: it is {_days(f['business_days'])}."
    ),
    "trade_date_offset": lambda f, s: (
        f"Have {s['right']} date trades as {s['left']} does: it is {_days(f['business_days'])}."
    ),
    "timezone": lambda f, s: (
        f"Set the time zone of {s['right']}'s feed: it is {_hours(f['minutes'])}."
    ),
    "flip_side": lambda _, s: f"Read the sides of {s['right']} the other way round there.",
    "net_includes": lambda f, _: (
        f"Have both sides report the net amount with the {_listed(f['costs'])}."
    ),
    "cancel_duplicates": lambda f, _: (
        f"Cancel the trades of delivery {f['delivery']}, which repeat others."
    ),
    "resend": lambda f, s: f"Ask {s[f['side']]} to send what it left out again.",
}
