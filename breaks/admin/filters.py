"""By what the queue is narrowed down; all of them combine, and with every tab."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import CheckboxFilter, RadioFilter, TextFilter

from breaks.admin.choosing import choices_of
from breaks.search import Found, by_counterparty, by_trades
from trades.choices import AssetClass

NOBODY = "none"
_WALKS = "_queue_walks"


def walks(request: HttpRequest) -> bool:
    """Tell whether a filter or search of this page is so common that a total over it is dear."""
    return getattr(request, _WALKS, False)


def keep(request: HttpRequest, queryset: QuerySet, found: Found) -> QuerySet:
    """Keep the breaks that were found."""
    if not found.is_narrow:
        setattr(request, _WALKS, True)
    return queryset.filter(found.where)


class PickedFilter(CheckboxFilter):
    """Rows of another table, any of several; `none` offers those that have none."""

    of: ClassVar[str]
    column: ClassVar[str]
    none: ClassVar[str] = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, str]]:
        offered = [(str(choice.key), choice.name) for choice in choices_of(request)[self.of]]
        return [(NOBODY, self.none), *offered] if self.none else offered

    def keys(self) -> list[int]:
        offered = {value for value, _ in self.lookup_choices}
        return [int(value) for value in self.value() or () if value in offered - {NOBODY}]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        wanted = Q(**{f"{self.column}__in": self.keys()})
        if NOBODY in (self.value() or ()) and self.none:
            return queryset.filter(wanted | Q(**{f"{self.column}__isnull": True}))
        return queryset.filter(wanted) if self.keys() else queryset


class ReconciliationFilter(PickedFilter):
    title, parameter_name = "reconciliation", "reconciliation"
    of, column = "reconciliation", "reconciliation"


class SourceFilter(PickedFilter):
    title, parameter_name, of = "source", "source", "source"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not (wanted := {str(key) for key in self.keys()}):
            return queryset
        between = choices_of(request)["reconciliation"]
        keys = [one.key for one in between if wanted & set(one.more.split(","))]
        return queryset.filter(reconciliation__in=keys)


class AssigneeFilter(PickedFilter):
    title, parameter_name = "assignee", "assignee"
    of, column, none = "person", "assigned_to", "Nobody"


class TeamFilter(PickedFilter):
    title, parameter_name = "team", "team"
    of, column, none = "team", "team", "No team"


class AssetClassFilter(CheckboxFilter):
    title, parameter_name = "asset class", "asset_class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, str]]:
        return AssetClass.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        wanted = [value for value in self.value() or () if value in AssetClass]
        if not wanted:
            return queryset
        found = by_trades(lambda side: Q(**{f"{side}asset_class__in": wanted}))
        return keep(request, queryset, found)


class CounterpartyFilter(TextFilter):
    title, parameter_name = "counterparty", "counterparty"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        name = (self.value() or "").replace("\0", "").strip()
        return keep(request, queryset, by_counterparty(name)) if name else queryset


_RUNNING = {"paused_at__isnull": True}
_DUE: dict[str, tuple[str, Callable[[datetime], dict[str, Any]]]] = {
    "over": ("Overdue", lambda now: {"due_at__lt": Coalesce("paused_at", Value(now))}),
    "hour": ("In the next hour",
             lambda now: {**_RUNNING, "due_at__gte": now, "due_at__lt": now + timedelta(hours=1)}),
    "day": ("In the next 24 hours",
            lambda now: {**_RUNNING, "due_at__gte": now, "due_at__lt": now + timedelta(days=1)}),
    "later": ("Later", lambda now: {**_RUNNING, "due_at__gte": now + timedelta(days=1)}),
    "paused": ("Paused", lambda _: {"paused_at__isnull": False}),
}  # fmt: skip


class DueFilter(RadioFilter):
    title, parameter_name = "due", "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, str]]:
        return [(value, words) for value, (words, _) in _DUE.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if (value := self.value()) not in _DUE:
            return queryset
        return queryset.filter(**_DUE[value][1](timezone.now()))
