"""How a scope stands, in one row of figures."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Q, Value, prefetch_related_objects
from django.db.models.functions import Coalesce

from breaks.querysets import TradeBreakQuerySet
from reporting.scope import Scope
from reporting.selectors.paired import matched_in
from reporting.selectors.rates import Ended, Matched, ended_of, together
from trades.fields import ExactSum


class Open(NamedTuple):
    """The live breaks of one currency, `late` of them past their due time."""

    currency: str
    number: int
    late: int
    known: int
    exposure: Decimal | None


@dataclass(frozen=True)
class OpenFigures:
    """The live breaks of a scope: what `LiveFigures` says of them all, for a third of its cost."""

    rows: tuple[Open, ...]

    def count(self) -> int:
        return sum(row.number for row in self.rows)

    def late(self) -> int:
        return sum(row.late for row in self.rows)

    def unknown(self) -> int:
        return sum(row.number - row.known for row in self.rows)

    def exposure(self) -> dict[str, Decimal]:
        known = [row for row in self.rows if row.exposure is not None]
        return {row.currency: row.exposure or Decimal(0) for row in known}


@dataclass(frozen=True)
class Summary:
    """The figures of `docs/reference/metrics.md`; rates are shares from 0 to 1."""

    at: datetime
    paired: Matched
    live: OpenFigures
    ended: Ended

    @property
    def total_breaks(self) -> int:
        return self.live.count() + self.ended.count

    @property
    def open_exposure(self) -> Decimal | None:
        """Return the known exposure of the live breaks; None where it is of several currencies."""
        money = self.live.exposure()
        return sum(money.values(), Decimal(0)) if len(money) <= 1 else None


def summary(scope: Scope, *, at: datetime) -> Summary:
    """Return the figures of a scope, in a fixed number of queries where runs tell its dates."""
    prefetch_related_objects([scope.user], "teams")
    breaks = scope.breaks()
    return Summary(at, together(matched_in(scope)), _open(breaks, at), ended_of(breaks))


def _open(breaks: TradeBreakQuerySet, at: datetime) -> OpenFigures:
    late = Q(due_at__lt=Coalesce("paused_at", Value(at)))
    rows = breaks.live().order_by().values_list("currency")
    counted = rows.annotate(
        number=Count("pk"),
        late=Count("pk", filter=late),
        known=Count("exposure"),
        total=ExactSum("exposure"),
    )
    return OpenFigures(tuple(Open(*row) for row in counted))
