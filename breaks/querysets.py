from typing import Any

from django.db import models

from breaks.choices import LIVE


class TradeBreakQuerySet(models.QuerySet[Any]):
    def live(self) -> "TradeBreakQuerySet":
        """Keep the breaks somebody still has to work: neither resolved nor accepted."""
        return self.filter(status__in=LIVE)

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
        )
