"""By what the queue is narrowed down; all of them combine, and with every tab."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import (
    CheckboxFilter,
    ChoicesCheckboxFilter,
    RadioFilter,
    TextFilter,
)

from breaks.admin.choosing import choices_of
from breaks.ages import AGES, of_age
from breaks.choices import BreakType
from breaks.querysets import is_overdue
from breaks.search import Found, by_counterparty, by_party, by_trades
from trades.admin.asked import is_key
from trades.choices import AssetClass
from trades.models import Counterparty

NOBODY = "none"
# In the order of a reconciliation's sides.
_MISSING = (BreakType.MISSING_LEFT, BreakType.MISSING_RIGHT)
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


class TypeFilter(ChoicesCheckboxFilter):
    """The types of break; what is missing is named by the sources it is missing at."""

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, request, *args, **kwargs)
        self.lookup_choices = [
            (value, _missing_at(request, value) or label) for value, label in field.flatchoices
        ]

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        form = self.form_class(
            label=f" By {self.title} ",
            name=self.lookup_kwarg,
            choices=self.lookup_choices,
            data={self.lookup_kwarg: self.value()},
        )
        yield {"form": form}


def _missing_at(request: HttpRequest, kind: str) -> str:
    if kind not in _MISSING:
        return ""
    choices = choices_of(request)
    sides = [one.more.split(",")[_MISSING.index(kind)] for one in choices["reconciliation"]]
    names = [source.name for source in choices["source"] if str(source.key) in sides]
    return f"Missing at {' or '.join(names)}" if names else ""


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


class AgeFilter(RadioFilter):
    title, parameter_name = "age", "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, str]]:
        return [(age.code, age.label) for age in AGES]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        # A plus in an address is a space.
        wanted = (self.value() or "").replace(" ", "+")
        found = [age for age in AGES if age.code == wanted]
        return queryset.filter(of_age(found[0], timezone.now())) if found else queryset


class EndedFilter(RadioFilter):
    title, parameter_name = "ended", "ended"
    days = ("1", "7", "30", "90")

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, str]]:
        return [(day, f"In the last {day} days") for day in self.days]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if (value := self.value()) not in self.days:
            return queryset
        return queryset.filter(resolved_at__gte=timezone.now() - timedelta(days=int(value)))


class PartyFilter(SimpleListFilter):
    """
    One counterparty by its key, from whichever side knows it: what the dashboard links to.

    It is not offered among the filters; while it is on it stands above the list.
    """

    template = "desk/no_filter.html"
    title, parameter_name = "counterparty", "party"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, str]]:
        if not is_key(asked := request.GET.get(self.parameter_name, "")):
            return [("", "")]
        party = Counterparty.objects.filter(pk=int(asked)).first()
        return [(asked, party.name if party else "unknown")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not is_key(asked := self.value() or ""):
            return queryset
        return keep(request, queryset, by_party(int(asked)))


def _runs_out(after: timedelta, until: timedelta | None) -> Callable[[datetime], Q]:
    """Tell breaks whose clock runs and is due after some time from now, and until some other."""

    def fits(now: datetime) -> Q:
        due = Q(paused_at=None, due_at__gt=now + after)
        return due if until is None else due & Q(due_at__lte=now + until)

    return fits


_NOW, _HOUR, _DAY = timedelta(0), timedelta(hours=1), timedelta(days=1)
_DUE: dict[str, tuple[str, Callable[[datetime], Q]]] = {
    "over": ("Overdue", is_overdue),
    "hour": ("In the next hour", _runs_out(_NOW, _HOUR)),
    "day": ("In the next 24 hours", _runs_out(_NOW, _DAY)),
    "later": ("Later", _runs_out(_DAY, None)),
    "paused": ("Paused", lambda _: Q(paused_at__isnull=False)),
}


class DueFilter(RadioFilter):
    title, parameter_name = "due", "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, str]]:
        return [(value, words) for value, (words, _) in _DUE.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if (value := self.value()) not in _DUE:
            return queryset
        return queryset.filter(_DUE[value][1](timezone.now()))
