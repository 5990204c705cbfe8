"""
The live breaks of a desk as its dashboard counts them: one query, every figure cut from it.

All figures of one answer are of the same moment, so that the parts of each make up its whole.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from breaks.ages import AGES, of_age
from breaks.models import TradeBreak
from breaks.querysets import TradeBreakQuerySet, is_overdue
from trades.fields import ExactSum

# So many of the queue, the dearest to leave first, are looked at by counterparty.
MOST_LOOKED_AT = 10_000


@dataclass(frozen=True, slots=True)
class Cell:
    """
    Breaks alike in severity, type, team and currency, counted by what else is told apart.

    `exposure` is of the `known`, `ages` are the counts by `AGES`.
    """

    severity: str
    break_type: str
    team: int | None
    currency: str
    count: int
    late: int
    known: int
    free: int
    exposure: Decimal | None
    ages: tuple[int, ...]


@dataclass(frozen=True)
class LiveFigures:
    """What somebody may see of the live breaks, counted; every figure takes what it is of."""

    cells: tuple[Cell, ...]

    def count(self, **of: Any) -> int:
        """Count the breaks whose columns are as given: ``count(severity="HIGH", team=3)``."""
        return sum(cell.count for cell in self._of(of))

    def late(self, **of: Any) -> int:
        return sum(cell.late for cell in self._of(of))

    def free(self, **of: Any) -> int:
        """Count those that nobody has."""
        return sum(cell.free for cell in self._of(of))

    def aged(self, place: int, **of: Any) -> int:
        """Count those of one of `AGES`, by its place."""
        return sum(cell.ages[place] for cell in self._of(of))

    def unknown(self, **of: Any) -> int:
        """Count those whose exposure is unknown."""
        return sum(cell.count - cell.known for cell in self._of(of))

    def exposure(self, **of: Any) -> dict[str, Decimal]:
        """Add up the known exposures by currency, the largest first."""
        totals: dict[str, Decimal] = {}
        for cell in self._of(of):
            if cell.exposure is not None:
                totals[cell.currency] = totals.get(cell.currency, Decimal(0)) + cell.exposure
        return dict(sorted(totals.items(), key=lambda one: (-one[1], one[0])))

    def by(self, column: str) -> list[tuple[Any, int]]:
        """Return the values of a column with their counts, the most first."""
        counts: dict[Any, int] = {}
        for cell in self.cells:
            value = getattr(cell, column)
            counts[value] = counts.get(value, 0) + cell.count
        return sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))

    def _of(self, of: dict[str, Any]) -> Iterator[Cell]:
        wanted = of.items()
        return (
            cell
            for cell in self.cells
            if all(getattr(cell, name) == value for name, value in wanted)
        )


@dataclass(frozen=True, slots=True)
class PartyFigures:
    """The live breaks of one counterparty among those looked at."""

    key: int
    name: str
    count: int
    exposure: dict[str, Decimal]


def live_figures(*, user: Any, at: datetime) -> LiveFigures:
    """Count the live breaks that a person may see by all that the dashboard tells apart."""
    return live_in(TradeBreak.objects.visible_to(user), at=at)


def live_in(breaks: TradeBreakQuerySet, *, at: datetime) -> LiveFigures:
    """Count those of these breaks that are live by all that is told apart; one query."""
    # Ages are counted and not grouped by: of an expression no database knows how few groups it
    # makes, and Postgres then does it all in one process.
    ages = {f"age_{place}": Count("pk", filter=of_age(one, at)) for place, one in enumerate(AGES)}
    rows: Any = (
        breaks.live()
        .order_by()
        .values_list("severity", "break_type", "team", "currency")
        .annotate(
            count=Count("pk"),
            late=Count("pk", filter=is_overdue(at)),
            known=Count("exposure"),
            free=Count("pk", filter=Q(assigned_to=None)),
            total=ExactSum("exposure"),
            **ages,
        )
    )
    plain = len(fields(Cell)) - 1
    cells: list[list[Any]] = [[*row[:plain], row[plain:]] for row in rows]
    return LiveFigures(tuple(Cell(*cell) for cell in cells))


def by_counterparty(*, user: Any, most: int = 8) -> list[PartyFigures]:
    """
    Return the counterparties with the most live breaks among the first of the queue.

    The counterparty is the left trade's, or the right's where the left has none.
    """
    first = (
        TradeBreak.objects.visible_to(user)
        .live()
        .order_by("-rank", "-pk")
        .annotate(party=Coalesce("left_trade__counterparty", "right_trade__counterparty"))
        .values("party", "currency", "exposure")[:MOST_LOOKED_AT]
    )
    try:
        sql, given = first.query.sql_with_params()
    except EmptyResultSet:
        return []
    add = "EXACT_SUM" if connection.vendor == "sqlite" else "SUM"
    with connection.cursor() as cursor:
        cursor.execute(
            # Django wrote the inner query, and what came from outside is in `given`.
            f"SELECT party, named.name, currency, COUNT(*), {add}(exposure) "  # noqa: S608
            f"FROM ({sql}) first_of_them JOIN trades_counterparty named ON named.id = party "
            "GROUP BY party, named.name, currency",
            given,
        )
        rows = cursor.fetchall()
    return _parties(rows, most)


def _parties(rows: Sequence[tuple[int, str, str, int, Any]], most: int) -> list[PartyFigures]:
    """Add the currencies of each counterparty up, and name those with the most breaks."""
    counts: Counter[int] = Counter()
    money: dict[int, dict[str, Decimal]] = {}
    names: dict[int, str] = {}
    for key, name, currency, count, total in rows:
        counts[key] += count
        names[key] = name
        amounts = money.setdefault(key, {})
        if total is not None:
            amounts[currency] = Decimal(total)
    first = sorted(counts, key=lambda key: (-counts[key], key))[:most]
    return [PartyFigures(key, names[key], counts[key], money[key]) for key in first]
