"""
The live breaks of a desk as its dashboard counts them: one query, every figure cut from it.

All figures of one answer are of the same moment, so that the parts of each make up its whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.db.models.functions import Coalesce

from breaks.ages import AGES, of_age
from breaks.models import TradeBreak
from trades.fields import ExactSum

# So many of the queue, the dearest to leave first, are looked at by counterparty.
MOST_LOOKED_AT = 10_000


class Cell(NamedTuple):
    """Breaks alike in everything that the dashboard tells apart; `exposure` is of the known."""

    severity: str
    break_type: str
    team: int | None
    age: int
    is_late: int
    currency: str
    count: int
    known: int
    free: int
    exposure: Decimal | None


@dataclass(frozen=True)
class LiveFigures:
    """What somebody may see of the live breaks, counted."""

    cells: tuple[Cell, ...]

    def count(self, **of: Any) -> int:
        """Count the breaks whose columns are as given: ``count(severity="HIGH", is_late=1)``."""
        return sum(cell.count for cell in self._of(of))

    def free(self, **of: Any) -> int:
        """Count those that nobody has."""
        return sum(cell.free for cell in self._of(of))

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
        at = Cell._fields.index(column)
        counts: dict[Any, int] = {}
        for cell in self.cells:
            counts[cell[at]] = counts.get(cell[at], 0) + cell.count
        return sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))

    def _of(self, of: dict[str, Any]) -> Iterator[Cell]:
        wanted = [(Cell._fields.index(name), value) for name, value in of.items()]
        return (cell for cell in self.cells if all(cell[at] == value for at, value in wanted))


class PartyFigures(NamedTuple):
    """The live breaks of one counterparty among those looked at."""

    key: int | None
    name: str
    count: int
    exposure: Decimal | None


def live_figures(*, user: Any, at: datetime) -> LiveFigures:
    """Count the live breaks that a person may see by all that the dashboard tells apart."""
    age = Case(
        *(When(of_age(one, at), then=Value(place)) for place, one in enumerate(AGES)),
        default=Value(0),
        output_field=IntegerField(),
    )
    late = Case(
        When(due_at__lt=Coalesce("paused_at", Value(at)), then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    rows = (
        TradeBreak.objects.visible_to(user)
        .live()
        .order_by()
        .annotate(age=age, is_late=late)
        .values_list("severity", "break_type", "team", "age", "is_late", "currency")
        .annotate(
            count=Count("pk"),
            known=Count("exposure"),
            free=Count("pk", filter=Q(assigned_to=None)),
            total=ExactSum("exposure"),
        )
    )
    return LiveFigures(tuple(Cell(*row) for row in rows))


def by_counterparty(*, user: Any, most: int = 8) -> list[PartyFigures]:
    """
    Return the counterparties with the most live breaks among the first of the queue.

    The counterparty is the left trade's, or the right's where the left has none.
    """
    first = (TradeBreak.objects.visible_to(user).live().order_by("-rank", "-pk").values("pk"))[
        :MOST_LOOKED_AT
    ]
    party = Coalesce("left_trade__counterparty", "right_trade__counterparty")
    name = Coalesce("left_trade__counterparty__name", "right_trade__counterparty__name", Value(""))
    rows = (
        TradeBreak.objects.filter(pk__in=first)
        .order_by()
        .annotate(party=party, party_name=name)
        .values_list("party", "party_name")
        .annotate(count=Count("pk"), total=ExactSum("exposure"))
        .order_by("-count", "party_name")
    )
    return [PartyFigures(*row) for row in rows.exclude(party=None)[:most]]
