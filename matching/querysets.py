from django.db import models

from matching.choices import LIVE_MATCHES, MatchStatus


class MatchQuerySet(models.QuerySet):
    def live(self) -> "MatchQuerySet":
        """Keep the matches that hold their trades: made, or proposed and not yet decided."""
        return self.filter(status__in=LIVE_MATCHES)

    def stale(self) -> "MatchQuerySet":
        """Keep the live matches a leg of which was amended or cancelled since it was compared."""
        return (
            self.live()
            .filter(
                models.Q(legs__trade__version__gt=models.F("legs__trade_version"))
                # Follows from the line above, and lets the index of changed trades serve it.
                & models.Q(legs__trade__version__gt=1)
            )
            .distinct()
        )

    def to_review(self) -> "MatchQuerySet":
        """Keep what a person should look at: the proposals, and matches whose trades changed."""
        proposed = models.Q(status=MatchStatus.PROPOSED)
        return self.filter(proposed | models.Q(pk__in=self.stale().values("pk")))
