"""Counts that cost the same however many rows there are."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest

_ASKED, _KNOWN = "_counts_asked", "_counts_known"

# So far is counted and no further: no page waits for a count of a million.
MOST = 1_000


def count_each(rows: Mapping[str, QuerySet]) -> dict[str, int]:
    """Count several querysets in one query, each to `MOST` at most."""
    found = dict.fromkeys(rows, 0)
    counts: list[tuple[str, str]] = []
    given: list[Any] = []
    for name, each in rows.items():
        try:
            sql, params = each.order_by().values("pk")[:MOST].query.sql_with_params()
        except EmptyResultSet:
            continue
        # Django wrote the inner query, and what came from outside is in `params`.
        alias = connection.ops.quote_name(name)
        counts.append((name, f"(SELECT COUNT(*) FROM ({sql}) {alias})"))  # noqa: S608
        given += params
    if counts:
        every = ", ".join(sql for _, sql in counts)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {every}", given)
            found |= zip((name for name, _ in counts), cursor.fetchone(), strict=True)
    return found


def ask_count(request: HttpRequest, rows: Mapping[str, QuerySet]) -> None:
    """
    Name what this page is going to count; nothing is counted before `counted` is called.

    What was counted already is not counted again.
    """
    known = counted_so_far(request)
    asked = {name: each for name, each in rows.items() if name not in known}
    setattr(request, _ASKED, getattr(request, _ASKED, {}) | asked)


def counted(request: HttpRequest) -> dict[str, int]:
    """Return the counts of all that was asked for, counting what is new since, in one query."""
    known = counted_so_far(request) | count_each(getattr(request, _ASKED, {}))
    setattr(request, _KNOWN, known)
    setattr(request, _ASKED, {})
    return known


def counted_so_far(request: HttpRequest) -> dict[str, int]:
    known: dict[str, int] = getattr(request, _KNOWN, {})
    return known


def count_words(count: int) -> str:
    """Write a count of `count_each`; one that was cut off is ``999+``."""
    return f"{MOST - 1}+" if count >= MOST else str(count)
