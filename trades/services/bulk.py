"""Many rows at a time, in the same few statements on SQLite and on Postgres."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Field, IntegerField, JSONField, Model, TextField

T = TypeVar("T")

# SQLite allows 32,766 values a query.
READ_BATCH = 10_000
WRITE_BATCH = 20_000


def batches(values: Iterable[T], size: int = READ_BATCH) -> Iterator[list[T]]:
    """Yield the values in lists of at most `size`."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def write_rows(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """
    Insert rows of Python values, one per attribute name of `columns` (``source_id``).

    With `unique`, a row that exists is updated in its `update` columns instead. Django's own
    bulk insert puts 999 values in a statement on SQLite, which is 24 trades.
    """
    names = {field.attname: field for field in model._meta.concrete_fields}  # noqa: SLF001
    fields = [names[column] for column in columns]

    def quote(name: str) -> str:
        return connection.ops.quote_name(str(names[name].column))

    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001
    statement = (
        f"INSERT INTO {table} ({', '.join(map(quote, columns))}) "  # noqa: S608
        f"VALUES ({', '.join(['%s'] * len(fields))})"
    )
    if unique:
        changes = ", ".join(f"{quote(name)} = EXCLUDED.{quote(name)}" for name in update)
        statement += f" ON CONFLICT ({', '.join(map(quote, unique))}) DO UPDATE SET {changes}"
    prepare = [_preparer(field, connections[DEFAULT_DB_ALIAS]) for field in fields]
    with connection.cursor() as cursor:
        for batch in batches(rows, WRITE_BATCH):
            cursor.executemany(
                statement,
                [
                    [ready(value) for ready, value in zip(prepare, row, strict=True)]
                    for row in batch
                ],
            )


def copy_in(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """
    Append rows to a table as fast as the database takes them: by COPY on Postgres.

    The values are what the driver stores as they are: text, numbers and None. Nothing else of the
    database is locked by writing to a temporary table, on SQLite either.
    """
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copying:
                for row in rows:
                    copying.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {quote(table)} ({names}) VALUES ({places})"  # noqa: S608
        for batch in batches(rows, WRITE_BATCH):
            cursor.executemany(statement, batch)


def _preparer(field: "Field[Any, Any]", database: BaseDatabaseWrapper) -> Callable[[Any], Any]:
    """Return what makes a column's values ready for the driver, each distinct one once."""
    stored = getattr(field, "target_field", field)
    if isinstance(stored, CharField | TextField | IntegerField):
        return lambda value: value
    if isinstance(stored, JSONField):
        return lambda value: field.get_db_prep_save(value, database)
    return cache(lambda value: field.get_db_prep_save(value, database))


def lock_reference_data() -> None:
    """
    Let no other delivery create reference rows until this transaction ends.

    SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trades.reference'))")
