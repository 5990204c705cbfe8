"""A range of moments as a filter: what is typed is a time of the desk's clock, UTC."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.timezone import make_aware
from unfold.contrib.filters.admin import RangeDateTimeFilter


class MomentRangeFilter(RangeDateTimeFilter):
    """Unfold's, which compares times without a zone; a word that is no time narrows nothing."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        ends = {"gte": self._moment("from"), "lte": self._moment("to")}
        given = {f"{self.parameter_name}__{how}": at for how, at in ends.items() if at is not None}
        return queryset.filter(**given)

    def _moment(self, end: str) -> datetime | None:
        day, time = (
            self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") for part in (0, 1)
        )
        if not day:
            return None
        try:
            found = parse_datetime(f"{_last(day)} {_last(time) or '00:00:00'}")
        except ValueError:
            return None
        return make_aware(found) if found is not None else None


def _last(given: Any) -> str:
    return str(given[-1] if isinstance(given, list) else given or "")
