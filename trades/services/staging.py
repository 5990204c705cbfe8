"""Reports at rest before they are trades: a temporary table, filled a batch at a time."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress, tee
from operator import itemgetter
from types import TracebackType
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field

from trades.fields import DIGITS, PLACES, ExactDecimalField
from trades.models import Trade
from trades.reports import Content, digests, value_fields
from trades.services.bulk import copy_in

STAGED = "staged_report"
DECIDED = "staged_decision"
RESOLVED = "staged_reference"

# What each kind of reference row is told apart by; `trades.services.merging` resolves them.
IDENTITIES = {
    "instrument": ("isin", "cusip", "sedol", "figi", "symbol", "venue"),
    "counterparty": ("counterparty_lei", "counterparty_bic", "counterparty_name"),
    "account": ("account_code",),
}
NUMBERS = {kind: f"{kind}_number" for kind in IDENTITIES}
_FIELDS = {field.attname: field for field in Trade._meta.concrete_fields}  # noqa: SLF001
_OWN = ("position", "line", "sent", "cancelled_digest", *NUMBERS.values())
_COLUMNS = (*value_fields(), "raw", "digest", *_OWN)


@dataclass(frozen=True, slots=True)
class Reports:
    """
    Reports side by side: `contents` has a column of texts for each of `value_fields`.

    `lines` says where each was read, `sent` is its text as sent, `raws` its payload as JSON.
    """

    lines: Sequence[int]
    sent: Sequence[str]
    raws: Sequence[str]
    contents: Sequence[Sequence[str | None]]

    def only(self, chosen: Sequence[bool]) -> "Reports":
        """Return those reports for which `chosen` is true."""
        return Reports(
            list(compress(self.lines, chosen)),
            list(compress(self.sent, chosen)),
            list(compress(self.raws, chosen)),
            [list(compress(column, chosen)) for column in self.contents],
        )


class Staging:
    """
    The reports of one delivery, in tables that only this connection sees.

    Use it as a context: the tables are there inside it. Filling them locks nothing else.
    """

    def __init__(self) -> None:
        self.count = 0
        self._numbers = {kind: _Numbers() for kind in IDENTITIES}
        self._stored = [_storing(_FIELDS[name]) for name in value_fields()]

    def __enter__(self) -> "Staging":
        _drop()
        table = connection.ops.quote_name(Trade._meta.db_table)  # noqa: SLF001
        copied = ", ".join((*value_fields(), "raw", "digest"))
        numbers = ", ".join(f"CAST(0 AS integer) AS {name}" for name in NUMBERS.values())
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMPORARY TABLE {STAGED} AS SELECT {copied}, "  # noqa: S608
                "CAST(0 AS integer) AS position, CAST(0 AS integer) AS line, "
                "CAST('' AS text) AS sent, CAST('' AS varchar(64)) AS cancelled_digest, "
                f"{numbers} FROM {table} LIMIT 0"
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A transaction that ends with a problem takes the tables with it.
        if problem is None or not connection.in_atomic_block:
            _drop()

    def add(self, reports: Reports) -> None:
        """:raises DataError: if an amount has more digits than are kept."""
        count = len(reports.lines)
        named = dict(zip(value_fields(), reports.contents, strict=True))
        contents: Iterable[Content] = zip(*reports.contents, strict=True)
        # Worked out as the rows are sent, while the server takes them in.
        of_content, of_cancelled = tee(map(digests, contents))
        copy_in(
            STAGED,
            _COLUMNS,
            zip(
                *(
                    stored(column) if stored else column
                    for stored, column in zip(self._stored, reports.contents, strict=True)
                ),
                reports.raws,
                map(itemgetter(0), of_content),
                range(self.count, self.count + count),
                reports.lines,
                reports.sent,
                map(itemgetter(1), of_cancelled),
                *(
                    map(self._numbers[kind].__getitem__, zip(*map(named.get, names), strict=True))
                    for kind, names in IDENTITIES.items()
                ),
                strict=True,
            ),
        )
        self.count += count


class _Numbers(dict[Hashable, int]):
    """Numbers for what is met, in the order in which it is."""

    def __missing__(self, key: Hashable) -> int:
        self[key] = len(self)
        return self[key]


def _drop() -> None:
    with connection.cursor() as cursor:
        for table in (STAGED, DECIDED, RESOLVED):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


Texts = Sequence[str | None]


def _storing(field: "Field[Any, Any]") -> Callable[[Texts], Texts] | None:
    """Return how SQLite stores a column of a content; Postgres takes the texts as they are."""
    if connection.vendor == "postgresql":
        return None
    if isinstance(field, ExactDecimalField):
        return lambda texts: [text and _ten_places(text, field) for text in texts]
    if isinstance(field, DateTimeField):
        return lambda texts: [text and text[:-6].replace("T", " ") for text in texts]
    return None


def _ten_places(text: str, field: ExactDecimalField) -> str:
    whole, _, part = text.partition(".")
    if len(whole) <= DIGITS - PLACES and len(part) <= PLACES:
        return f"{whole}.{part:0<{PLACES}}"
    return str(field.get_db_prep_save(Decimal(text), connection))
