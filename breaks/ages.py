"""How old a live break is, in the few bounds that people think in."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q


class Age(NamedTuple):
    """From so many days on and below so many; None is without end. By the calendar."""

    code: str
    label: str
    from_days: int
    to_days: int | None


AGES = (
    Age("0-1", "Up to 1 day", 0, 1),
    Age("1-3", "1 to 3 days", 1, 3),
    Age("3-7", "3 to 7 days", 3, 7),
    Age("7-14", "7 to 14 days", 7, 14),
    Age("14+", "14 days and more", 14, None),
)


def of_age(age: Age, at: datetime) -> Q:
    """Tell the breaks that are of an age at a moment; each is of exactly one."""
    where = Q(opened_at__lte=at - timedelta(days=age.from_days)) if age.from_days else Q()
    if age.to_days is not None:
        where &= Q(opened_at__gt=at - timedelta(days=age.to_days))
    return where
