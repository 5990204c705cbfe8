"""
Where a break stands in the view of the queue that one came from, and which are beside it.

The view is the queue's own query string, which Django's lists hand on to each row's page. Nothing
of it is kept: the rows beside one are found by the values it is ordered by (a keyset), so the way
on is there even from a break that an act has just taken out of the view.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, QueryDict

from breaks.models import TradeBreak

FILTERS = "_changelist_filters"
# Further than this nobody counts on: it would take longer than the page.
MOST_COUNTED = 200
_DEFAULT_ORDERS = (["-rank", "-id"], ["-rank", "-pk"])


@dataclass(frozen=True)
class Place:
    """
    A break among those of a view; the keys of its neighbours are None at the ends.

    `before` and `after` count the others, at most `MOST_COUNTED` of them each.
    """

    is_in_view: bool
    previous: int | None
    following: int | None
    before: int
    after: int

    @property
    def words(self) -> str:
        """Say which of how many it is, as far as it was counted; such as ``3 of 120``."""
        if not self.is_in_view or self.before > MOST_COUNTED:
            return ""
        more = "+" if self.after > MOST_COUNTED else ""
        total = self.before + 1 + min(self.after, MOST_COUNTED)
        return f"{self.before + 1:,} of {total:,}{more}"


class View:
    """A view of the queue: which breaks it holds, in which order."""

    def __init__(self, admin: Any, request: HttpRequest) -> None:
        """Read the view that the request was reached from; one that is not valid is the queue."""
        self.query = request.GET.get(FILTERS, "")
        try:
            changelist = _changelist(admin, request, self.query)
        except (IncorrectLookupParameters, SuspiciousOperation):
            self.query = ""
            changelist = _changelist(admin, request, "")
        order = _until_the_key(changelist.get_ordering(request, changelist.root_queryset))
        # The order that has an index, of rows that no other table is searched for.
        self.is_quick = order in _DEFAULT_ORDERS and not changelist.query
        self._rows: QuerySet = changelist.queryset
        self._terms = [_Term.of(term) for term in order]

    def place_of(self, row: TradeBreak) -> Place:
        """Return where a break stands; three short reads of an index where the view is quick."""
        before, after = (
            self._beside(row, back=back, most=MOST_COUNTED + 1) for back in (True, False)
        )
        return Place(
            is_in_view=self.holds(row),
            previous=before[0] if before else None,
            following=after[0] if after else None,
            before=len(before),
            after=len(after),
        )

    def holds(self, row: TradeBreak) -> bool:
        return self._rows.filter(pk=row.pk).exists()

    def beside(self, row: TradeBreak, *, back: bool = False) -> int | None:
        """Return the key of the break after this one, or before it; None at the end."""
        found = self._beside(row, back=back, most=1)
        return found[0] if found else None

    def _beside(self, row: TradeBreak, *, back: bool, most: int) -> list[int]:
        terms = [term.reversed() for term in self._terms] if back else self._terms
        values = _values(row, terms)
        beyond, same = Q(pk__in=[]), Q()
        for term, value in zip(terms, values, strict=True):
            beyond |= same & term.after(value)
            same &= term.equal(value)
        named = self._rows.annotate(**{term.name: term.expression for term in terms if term.made})
        # Follows from the line below, and lets an index begin where the row is.
        named = named.filter(terms[0].not_before(values[0]))
        rows = named.filter(beyond).order_by(*(term.order for term in terms))
        return list(rows.values_list("pk", flat=True)[:most])


@dataclass(frozen=True)
class _Term:
    """One expression a view is ordered by; `name` is what it is called in a query."""

    name: str
    expression: Any
    descending: bool
    nulls_last: bool

    @classmethod
    def of(cls, term: Any) -> "_Term":
        """Read a term of an `order_by`; where NULL goes unsaid, the database has its way."""
        if isinstance(term, str):
            column, descending = F(term.removeprefix("-")), term.startswith("-")
            term = OrderBy(column, descending=descending)
        elif not isinstance(term, OrderBy):
            term = term.asc()
        first_when_rising = connection.features.order_by_nulls_first
        last = first_when_rising == term.descending
        if term.nulls_last or term.nulls_first:
            last = bool(term.nulls_last)
        name: str = getattr(term.expression, "name", "") if _is_column(term.expression) else ""
        return cls(name or f"key_{id(term)}", term.expression, bool(term.descending), last)

    @property
    def made(self) -> bool:
        return not _is_column(self.expression)

    @property
    def order(self) -> OrderBy:
        if not self._nullable:
            return OrderBy(self.expression, descending=self.descending)
        where = {"nulls_last": True} if self.nulls_last else {"nulls_first": True}
        return OrderBy(self.expression, descending=self.descending, **where)

    @property
    def _nullable(self) -> bool:
        """Whether to reckon with NULL: not in the columns of the queue's own index."""
        return self.name not in ("pk", "id", "rank")

    def reversed(self) -> "_Term":
        return _Term(self.name, self.expression, not self.descending, not self.nulls_last)

    def after(self, value: Any) -> Q:
        """Tell the rows that come after one with this value."""
        if value is None:
            return Q(pk__in=[]) if self.nulls_last else Q(**{f"{self.name}__isnull": False})
        found = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        if self._nullable and self.nulls_last:
            found |= Q(**{f"{self.name}__isnull": True})
        return found

    def not_before(self, value: Any) -> Q:
        if self._nullable:
            return Q()
        return Q(**{f"{self.name}__{'lte' if self.descending else 'gte'}": value})

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True} if value is None else {self.name: value})


def _is_column(expression: Any) -> bool:
    return isinstance(expression, F)


def _until_the_key(order: Sequence[Any]) -> list[Any]:
    """Return an order without what comes after the primary key, which decides everything."""
    for at, term in enumerate(order):
        if term in ("pk", "-pk", "id", "-id"):
            return list(order[: at + 1])
    return list(order)


def _values(row: TradeBreak, terms: Sequence[_Term]) -> list[Any]:
    """Return what a break is ordered by; no query where these are columns of its own."""
    own = {field.attname for field in row._meta.concrete_fields} | {"pk"}
    if all(term.name in own for term in terms):
        return [getattr(row, term.name) for term in terms]
    one = TradeBreak.objects.filter(pk=row.pk)
    named = one.annotate(**{term.name: term.expression for term in terms if term.made})
    return list(named.values_list(*(term.name for term in terms)).get())


def _changelist(admin: Any, request: HttpRequest, query: str) -> Any:
    """Return the list of a view as the admin makes it, without fetching or counting a row."""
    asked = copy(request)
    asked.GET = QueryDict(query)  # type: ignore[assignment]
    shown = admin.get_list_display(asked)
    if admin.get_actions(asked):
        # The order asked for counts the columns as the list has them.
        shown = ["action_checkbox", *shown]
    unread = type("Unread", (admin.get_changelist(asked),), {"get_results": lambda *_: None})
    return unread(
        asked, admin.model, shown, admin.get_list_display_links(asked, shown),
        admin.get_list_filter(asked), admin.date_hierarchy, admin.get_search_fields(asked),
        admin.get_list_select_related(asked), admin.list_per_page, admin.list_max_show_all, (),
        admin, admin.get_sortable_by(asked), admin.search_help_text,
    )  # fmt: skip
