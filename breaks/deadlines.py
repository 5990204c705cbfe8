"""When a break is due, and which to work first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from breaks.choices import Severity
from breaks.hours import BusinessHours

# Of business time.
CLOCKS: dict[Severity, timedelta] = {
    Severity.CRITICAL: timedelta(minutes=30),
    Severity.HIGH: timedelta(hours=2),
    Severity.MEDIUM: timedelta(hours=8),
    Severity.LOW: timedelta(hours=8),
}
# Hours of a break that no team has.
DESK_HOURS = BusinessHours()

# A break that is due so much earlier counts as much as one of twice its exposure.
DOUBLES_EVERY = timedelta(hours=2)
STEPS = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What an unknown exposure is taken for: it may not sink to the end of the queue.
STAND_IN: dict[Severity, int] = {
    Severity.CRITICAL: 1_000_000,
    Severity.HIGH: 100_000,
    Severity.MEDIUM: 10_000,
    Severity.LOW: 1_000,
}


def due_after(severity: str, start: datetime, hours: BusinessHours = DESK_HOURS) -> datetime:
    """Return when a break of this severity is due whose clock starts at `start`."""
    return hours.after(start, CLOCKS[Severity(severity)])


def rank_of(*, exposure: Decimal | None, severity: str, due_at: datetime) -> int:
    """
    Return a break's place in the queue: the larger, the dearer it is to leave it.

    The cost of waiting is the exposure, doubled for every `DOUBLES_EVERY` that the time to the
    deadline shrinks. How two breaks compare does not change as time passes, so its logarithm, in
    thousandths of a doubling, can be kept and indexed. Between powers of two it is a straight line.
    """
    amount = STAND_IN[Severity(severity)] if exposure is None else int(abs(exposure))
    whole = amount + 1
    power = whole.bit_length() - 1
    doublings = STEPS * (power - 1) + (STEPS * whole >> power)
    return doublings - int((due_at - EPOCH) * STEPS / DOUBLES_EVERY)
