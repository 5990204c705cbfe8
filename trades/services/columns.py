"""Tables between the database and Arrow, whole columns at a time and no model object between."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Field, Model, QuerySet
from pyarrow import csv

from trades.fields import PLACES, ExactDecimalField
from trades.services.bulk import READ_BATCH, write_rows

EXACT = pa.decimal128(38, PLACES)
MOMENT = pa.timestamp("us", "UTC")
WRITE_BATCH = 65_536
# Keys follow each other unless somebody else took some meanwhile: few ranges, not a row a key.
_KEY_RANGES = """
    SELECT min(key), count(*)
    FROM (SELECT nextval(pg_get_serial_sequence(%s, %s)) AS key, place
          FROM generate_series(1, %s) place) keys
    GROUP BY key - place ORDER BY 1"""

# The first that fits: an ExactDecimalField is a DecimalField, a DateTimeField is a DateField.
_TYPES: tuple[tuple[type["Field[Any, Any]"], pa.DataType], ...] = (
    (ExactDecimalField, EXACT),
    (models.DateTimeField, MOMENT),
    (models.DateField, pa.date32()),
    (models.BooleanField, pa.bool_()),
    (models.FloatField, pa.float64()),
    (models.IntegerField, pa.int64()),
    (models.CharField, pa.string()),
    (models.TextField, pa.string()),
    (models.JSONField, pa.string()),
    (models.UUIDField, pa.string()),
)


def read_table(rows: QuerySet[Any], names: Sequence[str]) -> pa.Table:
    """
    Return fields or annotations of a queryset, one column a name, as `arrow_type` has them.

    One statement, whatever the number of rows. NULL and empty text stay apart; a `JSONField` is
    its text.
    """
    compiler = rows.values_list(*names).query.get_compiler(connection=connection)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        sql, parameters = "", ()
    types = [arrow_type(expression.output_field) for expression, _, _ in compiler.select]
    schema = pa.schema(list(zip(names, types, strict=True)))
    if not sql:
        return schema.empty_table()
    if connection.vendor == "postgresql":
        return _copied_out(sql, parameters, schema)
    return pa.Table.from_batches(_fetched(sql, parameters, schema), schema)


def write_table(model: type[Model], table: pa.Table) -> None:
    """
    Insert a table, one column an attribute name of the model (``source_id``).

    Types are those of `arrow_type`. What the table leaves out the database fills in: nothing, or
    the key.
    """
    if connection.vendor == "postgresql":
        _copy_in(model, table)
        return
    fields = {field.attname: field for field in model._meta.concrete_fields}  # noqa: SLF001
    for batch in table.to_batches(max_chunksize=WRITE_BATCH):
        columns = [_python_values(fields[name], batch.column(name)) for name in table.column_names]
        write_rows(model, table.column_names, zip(*columns, strict=True))


def table_of(model: type[Model], count: int, **columns: Any) -> pa.Table:
    """
    Return a table for `write_table` of that many rows.

    A column is given as an array, a list or a series, or as the one value of all rows.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}  # noqa: SLF001
    arrays = {}
    for name, values in columns.items():
        kind = arrow_type(fields[name])
        if values is None or isinstance(values, str | int | float | date):
            arrays[name] = pa.repeat(pa.scalar(values, kind), count)
        else:
            arrays[name] = pa.array(values, kind, from_pandas=True)
    return pa.table(arrays)


def refresh_statistics(*models: type[Model]) -> None:
    """
    Let Postgres look at tables that have just grown: until it has, it plans as if they were empty.

    It would by itself, but only some time after the commit.
    """
    if connection.vendor == "postgresql":
        tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)  # noqa: SLF001
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {tables}")


def run_uncompiled() -> None:
    """Keep Postgres from compiling this session's queries, which takes longer than most of them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")


def new_keys(model: type[Model], count: int) -> pa.Array:
    """
    Return that many primary keys, ascending, which nobody else is or ever was given.

    On SQLite they are this transaction's: it has to be writing already.
    """
    table, column = model._meta.db_table, model._meta.pk.column  # noqa: SLF001
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_KEY_RANGES, [table, column, count])
            ranges = cursor.fetchall()
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = (cursor.fetchone() or (0,))[0]
            ranges = [(last + 1, count)]
    keys = [np.arange(first, first + size, dtype=np.int64) for first, size in ranges]
    return pa.array(np.concatenate(keys or [np.zeros(0, dtype=np.int64)]))


def arrow_type(field: "Field[Any, Any]") -> pa.DataType:
    """
    Return the type a field has as a column: money is decimal, times are UTC, keys are numbers.

    :raises TypeError: if the field is of a kind that no column is read or written of.
    """
    stored = getattr(field, "target_field", field)
    for kind, arrow in _TYPES:
        if isinstance(stored, kind):
            return arrow
    raise TypeError(f"{field} is a {type(field).__name__}, which has no column type here")


def _copied_out(sql: str, parameters: Sequence[Any], schema: pa.Schema) -> pa.Table:
    """Read a query by COPY, which takes no parameters but those bound on this side."""
    text = BytesIO()
    with connection.wrap_database_errors, connection.cursor() as cursor:
        bound = cursor.mogrify(sql, parameters)
        with cursor.copy(f"COPY ({bound}) TO STDOUT (FORMAT csv)") as rows:
            for row in rows:
                text.write(row)
    if not text.tell():
        return schema.empty_table()
    return csv.read_csv(
        pa.BufferReader(text.getbuffer()),
        read_options=csv.ReadOptions(column_names=schema.names),
        # A line is empty where the one column asked for is NULL.
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _fetched(sql: str, parameters: Sequence[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(READ_BATCH):
            columns = zip(*rows, strict=True)
            yield pa.record_batch(
                [
                    pa.array(column).cast(kind)
                    for column, kind in zip(columns, schema.types, strict=True)
                ],
                schema=schema,
            )


def _copy_in(model: type[Model], table: pa.Table) -> None:
    quote = connection.ops.quote_name
    names = {field.attname: quote(str(field.column)) for field in model._meta.concrete_fields}  # noqa: SLF001
    columns = ", ".join(names[name] for name in table.column_names)
    statement = f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN (FORMAT csv)"  # noqa: SLF001
    # NULL is nothing, empty text is quoted: for Arrow as for Postgres.
    options = csv.WriteOptions(include_header=False)
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as rows,
    ):
        for batch in table.to_batches(max_chunksize=WRITE_BATCH):
            sink = pa.BufferOutputStream()
            csv.write_csv(batch, sink, options)
            rows.write(sink.getvalue())


def _python_values(field: "Field[Any, Any]", column: pa.Array) -> list[Any]:
    values: list[Any] = column.to_pylist()
    if isinstance(field, models.JSONField):
        return [None if text is None else json.loads(text) for text in values]
    if isinstance(field, models.UUIDField):
        return [None if text is None else UUID(text) for text in values]
    return values
