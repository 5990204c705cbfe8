"""The column type of money, price and quantity: exact to the digit on every database."""

from decimal import Context, Decimal
from typing import Any

from django.db import DataError, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

DIGITS, PLACES = 28, 10
COLLATION = "exact_decimal"
# Many values of 28 digits add up to more: Python's own context would round them.
_SUMS = Context(prec=60)


class ExactDecimalField(models.DecimalField):
    """
    A Decimal of 28 digits, 10 of them after the point.

    Postgres keeps it as ``numeric``. SQLite has no exact type: its numeric affinity turns
    digits past the fifteenth into a float, so there the value is text under a collation that
    orders it as a number. Do no arithmetic on it in SQL that must also run on SQLite; sum with
    `ExactSum`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", DIGITS)
        kwargs.setdefault("decimal_places", PLACES)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "ExactDecimalField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        if connection.vendor == "sqlite":
            return "text"
        return f"numeric({self.max_digits}, {self.decimal_places})"

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        parameters["collation"] = COLLATION if connection.vendor == "sqlite" else None
        return parameters

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """:raises DataError: on SQLite too, if the value has more digits than Postgres keeps."""
        if isinstance(value, Decimal) and value and value.adjusted() >= DIGITS - PLACES:
            raise DataError(f"{self.name} {value} has more than {DIGITS - PLACES} whole digits")
        return super().get_db_prep_save(value, connection)

    def from_db_value(self, value: object, *_: object) -> Decimal | None:
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))


class ExactSum(models.Aggregate):
    """Sum an `ExactDecimalField` to the digit; None over no rows."""

    function = "SUM"
    name = "ExactSum"

    def __init__(self, expression: Any, **extra: Any) -> None:
        extra.setdefault("output_field", ExactDecimalField())
        super().__init__(expression, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="EXACT_SUM", **extra)


class _ExactSumOfText:
    """SQLite's side of `ExactSum`: the driver calls `step` a row and `finalize` at the end."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, value: str | None) -> None:
        if value is not None:
            self.total = _SUMS.add(self.total or Decimal(0), Decimal(value))

    def finalize(self) -> str | None:
        return None if self.total is None else str(self.total)


def _compare(left: str, right: str) -> int:
    a, b = Decimal(left), Decimal(right)
    return (a > b) - (a < b)


def _teach_sqlite(connection: BaseDatabaseWrapper, **_: object) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_collation(COLLATION, _compare)
        connection.connection.create_aggregate("EXACT_SUM", 1, _ExactSumOfText)


def register() -> None:
    """Give every SQLite connection the collation and the aggregate; called once at start-up."""
    connection_created.connect(_teach_sqlite, dispatch_uid="exact-decimal")
