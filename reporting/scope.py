"""What a report is of: trade dates, a reconciliation, a source, a team, and whoever reads it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from breaks.models import TradeBreak
from breaks.querysets import TradeBreakQuerySet
from matching.models import ReconciliationRun


@dataclass(frozen=True, kw_only=True)
class Scope:
    """
    Narrows every figure of a report alike; what is None narrows nothing.

    Dates are trade dates, both included. The others are codes: `source` is of either side of a
    reconciliation. Of breaks only those count that `user` may see; trades and runs belong to no
    team.
    """

    user: Any
    from_date: date | None = None
    to_date: date | None = None
    reconciliation: str | None = None
    source: str | None = None
    team: str | None = None

    @property
    def is_of_all_breaks(self) -> bool:
        """Tell whether no break of these dates and reconciliations is hidden or left out."""
        return self.team is None and self.user.has_perm("breaks.view_every_team")

    def breaks(self) -> TradeBreakQuerySet:
        """Return the breaks of the scope, ended ones too."""
        rows = TradeBreak.objects.visible_to(self.user).filter(self.compared("reconciliation"))
        if self.team is not None:
            rows = rows.filter(team__code=self.team)
        if self.from_date is not None:
            rows = rows.filter(trade_date__gte=self.from_date)
        if self.to_date is not None:
            rows = rows.filter(trade_date__lte=self.to_date)
        return rows

    def runs(self) -> QuerySet[ReconciliationRun]:
        """Return the runs that went over a date of the scope, of every status."""
        rows = ReconciliationRun.objects.filter(self.compared("reconciliation"))
        if self.from_date is not None:
            rows = rows.filter(to_date__gte=self.from_date)
        if self.to_date is not None:
            rows = rows.filter(from_date__lte=self.to_date)
        return rows

    def compared(self, path: str = "") -> Q:
        """Tell the reconciliations of the scope, or the rows that lead to one by `path`."""
        to = f"{path}__" if path else ""
        where = Q()
        if self.reconciliation is not None:
            where &= Q(**{f"{to}code": self.reconciliation})
        if self.source is not None:
            where &= Q(**{f"{to}left_source__code": self.source}) | Q(
                **{f"{to}right_source__code": self.source}
            )
        return where
