"""The business days of exchanges, from exchange-calendars, which takes seconds to import."""

import warnings
from datetime import date, timedelta
from typing import Any

YEARS_BACK = 12
YEARS_AHEAD = 5
# What the library refuses a span with: a calendar may be known for fewer years.
_BEYOND = (ValueError, KeyError, IndexError)


class UnknownExchange(ValueError):
    """No exchange has this code; the sentence says how they are written."""


def exchange_days(code: str, *, today: date) -> tuple[date, date, dict[str, Any]]:
    """
    Return the first and last day known of an exchange, and its days as JSON.

    ``closed`` are weekdays off, ``open`` weekend days worked, ``early`` the closing moments in UTC
    of the days that end early. A dozen years back and five ahead, or as far as it is known.

    :raises UnknownExchange: if there is no such exchange.
    """
    calendar = _calendar(code, date(today.year - YEARS_BACK, 1, 1),
                         date(today.year + YEARS_AHEAD, 12, 31))  # fmt: skip
    sessions = {session.date() for session in calendar.sessions}
    first, last = min(sessions), max(sessions)
    span = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    early = {
        session.date().isoformat(): calendar.closes[session].to_pydatetime().isoformat()
        for session in calendar.early_closes
    }
    closed = [day.isoformat() for day in span if day.weekday() < 5 and day not in sessions]
    worked = [day.isoformat() for day in span if day.weekday() > 4 and day in sessions]
    return first, last, {"closed": closed, "open": worked, "early": early}


def _calendar(code: str, first: date, last: date) -> Any:
    import exchange_calendars
    from exchange_calendars.errors import InvalidCalendarName

    with warnings.catch_warnings():
        # The library still asks pandas for what pandas is about to take away.
        warnings.simplefilter("ignore")
        try:
            return exchange_calendars.get_calendar(code, start=str(first), end=str(last))
        except InvalidCalendarName as unknown:
            raise UnknownExchange(
                f"{code} is no exchange known here. Give its market code, as XNYS for New York, "
                "XLON for London, XASX for Sydney or XTKS for Tokyo."
            ) from unknown
        except _BEYOND:
            return exchange_calendars.get_calendar(code)
