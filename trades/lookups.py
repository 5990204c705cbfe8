"""A lookup for any number of keys: ``pk__among=keys`` is one parameter, however many they are."""

import json
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignObject, IntegerField, Lookup


class Among(Lookup):
    """
    Tell whether a number or text is one of a list's.

    ``in`` takes a parameter a value, of which SQLite allows 32,766 a query.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        sql, parameters = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if not values:
            raise EmptyResultSet
        if connection.vendor == "postgresql":
            field = self.lhs.output_field
            kind = "bigint" if isinstance(_stored(field), IntegerField) else "text"
            return f"{sql} = ANY(%s::{kind}[])", [*parameters, values]
        those = "(SELECT value FROM json_each(%s))"
        return f"{sql} IN {those}", [*parameters, json.dumps(values)]


def _stored(field: "Field[Any, Any]") -> "Field[Any, Any]":
    return getattr(field, "target_field", field)


def register() -> None:
    """Give every field the lookup, foreign keys among them; called once at start-up."""
    Field.register_lookup(Among)
    ForeignObject.register_lookup(Among)
