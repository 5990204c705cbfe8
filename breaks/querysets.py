from datetime import datetime
from typing import Any

from django.db import models

from breaks.choices import LIVE, Severity

# Severities are words; by this they are ordered from the mildest to the worst.
SEVERITY_RANK = models.Case(
    *(
        models.When(severity=severity, then=models.Value(rank))
        for rank, severity in enumerate(reversed(Severity.values))
    ),
    output_field=models.IntegerField(),
)


def is_overdue(at: datetime) -> models.Q:
    """Tell, of a live break, whether its due time had come by `at`, or by when its clock stood."""
    runs, stands = models.Q(paused_at=None), models.Q(paused_at__gte=models.F("due_at"))
    return runs & models.Q(due_at__lte=at) | stands


class TradeBreakQuerySet(models.QuerySet[Any]):
    def live(self) -> "TradeBreakQuerySet":
        """Keep the breaks somebody still has to work: neither resolved nor accepted."""
        return self.filter(status__in=LIVE)

    def overdue(self, at: datetime) -> "TradeBreakQuerySet":
        """
        Keep the live breaks whose due time has come.

        While a clock stands nothing becomes overdue; what was when it was paused still is.
        """
        return self.live().filter(is_overdue(at))

    def running_late(self, at: datetime) -> "TradeBreakQuerySet":
        """Keep the overdue breaks whose clock runs: those that are told of, level by level."""
        return self.overdue(at).filter(paused_at=None)

    def visible_to(self, user: Any) -> "TradeBreakQuerySet":
        """
        Keep what a person may see: their teams' breaks, nobody's, and those given to them.

        Whoever is not signed in sees none. A caller that asks more than once fetches the
        person's teams first (`prefetch_related_objects`): then this asks the database nothing.
        """
        if not user.is_authenticated:
            return self.none()
        if user.has_perm("breaks.view_every_team"):
            return self
        ours = models.Q(team=None) | models.Q(assigned_to=user.pk)
        # Few teams a person: their keys let the database read the queue in its order.
        return self.filter(ours | models.Q(team__in=[team.pk for team in user.teams.all()]))

    def with_trades(self) -> "TradeBreakQuerySet":
        """Join what a list of breaks shows of the trades, so that a row costs no query."""
        return self.select_related(
            "reconciliation__left_source",
            "reconciliation__right_source",
            "left_trade__instrument",
            "left_trade__counterparty",
            "right_trade__instrument",
            "right_trade__counterparty",
            "assigned_to",
            "team",
        )

    def without_reports(self) -> "TradeBreakQuerySet":
        """Leave what the sources sent unread: it is long, and no list shows it."""
        return self.defer("left_trade__raw", "right_trade__raw")
