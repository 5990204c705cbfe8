from datetime import date

from django.db import models


class TradeQuerySet(models.QuerySet):
    def between(self, from_date: date, to_date: date) -> "TradeQuerySet":
        """Keep the trades with a trade date from `from_date` to `to_date`, both included."""
        return self.filter(trade_date__range=(from_date, to_date))
