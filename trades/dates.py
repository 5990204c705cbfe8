"""The trade dates the desk knows: what lies outside is a slip of the keyboard, not business."""

from argparse import ArgumentTypeError
from datetime import date

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)


def known_day(text: str) -> date:
    """
    Read a trade date written 2026-03-04 on a command line.

    :raises ArgumentTypeError: if it is none, or lies before `FIRST_DAY` or after `LAST_DAY`.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as problem:
        raise ArgumentTypeError(f"{text!r} is no date; write it as 2026-03-04") from problem
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ArgumentTypeError(f"{day} is not from {FIRST_DAY} to {LAST_DAY}")
    return day
