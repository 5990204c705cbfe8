"""Counts that cost the same however many rows there are."""

from collections.abc import Mapping

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

# So far is counted and no further: no page waits for a count of a million.
MOST = 1_000


def count_each(rows: Mapping[str, QuerySet]) -> dict[str, int]:
    """Count several querysets in one query, each to `MOST` at most."""
    found = dict.fromkeys(rows, 0)
    counts, given = [], []
    for name, each in rows.items():
        try:
            sql, params = each.order_by().values("pk")[:MOST].query.sql_with_params()
        except EmptyResultSet:
            continue
        counts.append((name, f"(SELECT COUNT(*) FROM ({sql}) {connection.ops.quote_name(name)})"))
        given += params
    if counts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(sql for _, sql in counts)}", given)
            found |= zip((name for name, _ in counts), cursor.fetchone(), strict=True)
    return found


def count_words(count: int) -> str:
    """Write a count of `count_each`; one that was cut off is ``999+``."""
    return f"{MOST - 1}+" if count >= MOST else str(count)
