"""
The list of the queue: any page of a million breaks, without counting or reading those before it.

The keys of a page come from an index alone, in its order, and only their rows are read, with the
trades joined. How many there are, and what they add up to, is exact as far as `TALLIED` and said
to be more beyond that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import EmptyResultSet
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from breaks.admin.filters import walks
from breaks.admin.words import with_hours
from breaks.choices import Severity
from breaks.models import TradeBreak
from trades.admin.counting import MOST

TALLIED = 10_000
LAST_PAGE = 1_000_000


@dataclass(frozen=True)
class Tally:
    """
    How many breaks a list has and what they put at risk, over the first `most` of it.

    `exposures` are by severity and currency; an unknown exposure adds nothing.
    """

    count: int
    exposures: dict[tuple[str, str], Decimal]
    most: int

    @property
    def is_whole(self) -> bool:
        return self.count < self.most

    def by_currency(self) -> dict[str, Decimal]:
        totals: dict[str, Decimal] = {}
        for (_, currency), amount in self.exposures.items():
            totals[currency] = totals.get(currency, Decimal(0)) + amount
        return totals


def tally(breaks: QuerySet, *, most: int = TALLIED) -> Tally:
    """Count and add up the first `most` breaks of a list, in one query over that many rows."""
    first = breaks.values("severity", "currency", "exposure")[:most]
    try:
        sql, given = first.query.sql_with_params()
    except EmptyResultSet:
        return Tally(0, {}, most)
    add = "EXACT_SUM" if connection.vendor == "sqlite" else "SUM"
    with connection.cursor() as cursor:
        cursor.execute(
            # Django wrote the inner query, and what came from outside is in `given`.
            f"SELECT severity, currency, COUNT(*), {add}(exposure) FROM ({sql}) first_of_them "  # noqa: S608
            "GROUP BY severity, currency",
            given,
        )
        rows = cursor.fetchall()
    exposures = {
        (severity, currency): Decimal(total)
        for severity, currency, _, total in rows
        if total is not None
    }
    return Tally(sum(row[2] for row in rows), exposures, most)


def totals(found: Tally) -> list[dict[str, str]]:
    """Return what a list adds up to, as the head of a list shows it; by severity in the title."""
    label = "Exposure" if found.is_whole else f"Exposure of the first {found.most:,}"
    return [
        {
            "label": label,
            "value": f"{total:,.2f} {currency}",
            "title": ", ".join(
                f"{severity.label} {found.exposures[severity, currency]:,.2f}"
                for severity in Severity
                if (severity, currency) in found.exposures
            ),
        }
        for currency, total in sorted(found.by_currency().items())
    ]


class QueuePages(Paginator):
    """Which pages there are, as far as is known; `words` and `links` are what the foot shows."""

    template_name = "desk/pages.html"

    def __init__(self, changelist: "QueueList", *, is_last: bool) -> None:
        super().__init__(changelist.result_list, changelist.list_per_page)
        self._changelist = changelist
        self._is_last = is_last
        self.count = changelist.result_count

    @property
    def words(self) -> str:
        changed, found = self._changelist, self._changelist.tally
        first = (changed.page_num - 1) * self.per_page
        total = f"{found.count:,}" if found.is_whole else f"more than {found.most - 1:,}"
        if not changed.result_list:
            return "No breaks"
        return f"{first + 1:,} to {first + len(changed.result_list):,} of {total}"

    @property
    def links(self) -> list[tuple[str, str]]:
        """Return the ways to other pages, as label and link; no link leads nowhere."""
        number, whole = self._changelist.page_num, self._changelist.tally.is_whole
        last = self.num_pages if whole else 0
        wanted = [
            ("First", 1 if number > 1 else 0),
            ("Previous", number - 1),
            ("Next", 0 if self._is_last else number + 1),
            ("Last", last if last != number else 0),
        ]
        return [
            (label, self._changelist.get_query_string({"p": to}) if to > 0 else "")
            for label, to in wanted
        ]

    @property
    def kept(self) -> Iterable[tuple[str, str]]:
        """Yield the rest of the query, for a form that asks for a page by its number."""
        for name, values in self._changelist.filter_params.items():
            yield from ((name, value) for value in values)


class QueueList(ChangeList):
    """A change list whose pages are found by key."""

    tally: Tally
    result_list: list[TradeBreak]
    result_count: int

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self._links: dict[str, str] = {}
        super().__init__(request, *args, **kwargs)

    def get_query_string(
        self, new_params: dict[str, Any] | None = None, remove: list[str] | None = None
    ) -> str:
        """Return what the base does, once for the same question: every row asks for every head."""
        asked = repr((new_params, remove))
        if asked not in self._links:
            self._links[asked] = super().get_query_string(new_params, remove)
        return self._links[asked]

    def get_results(self, request: HttpRequest) -> None:
        if not 1 <= self.page_num <= LAST_PAGE:
            raise IncorrectLookupParameters
        # Whatever the order of the list, the total is over the dearest to leave: that has an index.
        dearest = self.queryset.order_by(*self.model_admin.get_ordering(request))
        self.tally = tally(dearest, most=MOST if walks(request) else TALLIED)
        first = (self.page_num - 1) * self.list_per_page
        page = rows_of(self.queryset, first, self.list_per_page + 1)
        if not page and self.page_num > 1:
            raise IncorrectLookupParameters
        is_last = len(page) <= self.list_per_page
        self.result_list = page[: self.list_per_page]
        self.result_count = self.full_result_count = self.tally.count
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = False
        self.multi_page = not is_last or self.page_num > 1
        self.paginator: Any = QueuePages(self, is_last=is_last)


def rows_of(breaks: QuerySet, first: int, count: int) -> list[TradeBreak]:
    """
    Return so many breaks of a list from the place `first` on, with all that a list shows.

    Not in one query: given keys and ten joins, Postgres would join the whole table first. Two more
    read the business hours of the teams.
    """
    keys = list(breaks.values_list("pk", flat=True)[first : first + count])
    rows = TradeBreak.objects.with_trades().without_reports().in_bulk(keys)
    with_hours(rows.values())
    return [rows[key] for key in keys if key in rows]
