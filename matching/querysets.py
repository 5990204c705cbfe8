from django.db import models

from matching.choices import LIVE_MATCHES


class MatchQuerySet(models.QuerySet):
    def live(self) -> "MatchQuerySet":
        """Keep the matches that hold their trades: made, or proposed and not yet decided."""
        return self.filter(status__in=LIVE_MATCHES)

    def stale(self) -> "MatchQuerySet":
        """Keep the live matches a leg of which was amended or cancelled since it was compared."""
        changed = ~models.Q(legs__trade_version=models.F("legs__trade__version"))
        return self.live().filter(changed).distinct()
