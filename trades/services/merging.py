"""Staged reports become trades: the database decides what each of them is, and writes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection

from trades.models import Source, Trade, TradeVersion
from trades.reports import TradeReport, as_text, value_fields
from trades.services.bulk import batches, copy_in, write_rows
from trades.services.instruments import identity, resolve_instruments
from trades.services.parties import party_identity, resolve_accounts, resolve_counterparties
from trades.services.staging import DECIDED, NUMBERS, RESOLVED, STAGED, Staging

_TRADE = Trade._meta.db_table  # noqa: SLF001
_VERSION = TradeVersion._meta.db_table  # noqa: SLF001
_CONTENT = tuple(name for name in value_fields() if name not in {"source_trade_id", "state"})
_HISTORY = ("trade_id", "version", "values", "digest", "delivery_id", "valid_from", "replaced_at")

# A CROSS JOIN is an inner one that SQLite, which knows nothing of the tables' sizes, does in the
# order written.
#
# Content that any version of its trade has is a duplicate, and so is the report of a cancelled
# trade that its cancellation overtook. What is left is fresh. The first of several equal contents
# counts. Several contents of one trade follow each other in the order of their states; two of one
# state contradict each other, and then nothing fresh of the trade is loaded.
_DECIDE = f"""
CREATE TEMPORARY TABLE {DECIDED} AS
WITH fresh AS (
    SELECT s.position, s.source_trade_id, s.digest, s.state,
        {", ".join(f"s.{name}" for name in NUMBERS.values())},
        t.id AS trade_pk, COALESCE(t.version, 0) AS before,
        CASE s.state WHEN 'NEW' THEN 0 WHEN 'AMENDED' THEN 1 ELSE 2 END AS turn
    FROM {STAGED} s
    LEFT JOIN {_TRADE} t ON t.source_id = %s AND t.source_trade_id = s.source_trade_id
    WHERE t.id IS NULL OR NOT (
        t.digest = s.digest
        OR (t.state = 'CANCELLED' AND t.digest = s.cancelled_digest)
        OR EXISTS (
            SELECT 1 FROM {_VERSION} v WHERE v.trade_id = t.id AND (
                v.digest = s.digest OR (t.state = 'CANCELLED' AND v.digest = s.cancelled_digest)
            )
        )
    )
), compared AS (
    SELECT fresh.*,
        ROW_NUMBER() OVER (PARTITION BY source_trade_id, turn, digest ORDER BY position) AS copy,
        CASE WHEN MIN(digest) OVER (PARTITION BY source_trade_id, turn)
            < MAX(digest) OVER (PARTITION BY source_trade_id, turn) THEN 1 ELSE 0 END AS differs
    FROM fresh
), placed AS (
    SELECT compared.*,
        MAX(differs) OVER (PARTITION BY source_trade_id) AS in_conflict,
        before + DENSE_RANK() OVER (PARTITION BY source_trade_id ORDER BY turn) AS version,
        MAX(turn) OVER (PARTITION BY source_trade_id) AS last_turn
    FROM compared
)
SELECT position, source_trade_id, digest, trade_pk, version,
    {", ".join(NUMBERS.values())},
    CASE WHEN version > 1 AND state <> 'CANCELLED' THEN 'AMENDED' ELSE state END AS state,
    in_conflict,
    CASE WHEN in_conflict = 0 AND turn = last_turn THEN 1 ELSE 0 END AS is_current
FROM placed WHERE in_conflict = 1 OR copy = 1
"""  # noqa: S608  the names are constants of these modules

_COUNT = f"""
SELECT COUNT(*), COALESCE(SUM(in_conflict), 0),
    COALESCE(SUM(CASE WHEN in_conflict = 0 AND version = 1 THEN 1 ELSE 0 END), 0)
FROM {DECIDED}
"""  # noqa: S608

# One current report of each reference, the one with the lowest trade id, whatever the row order.
_EXAMPLES = f"""
SELECT 0 AS id, s.*
FROM (
    SELECT MIN(d.position) AS position FROM {DECIDED} d JOIN (
        SELECT {{number}}, MIN(source_trade_id) AS first_id FROM {DECIDED}
        WHERE is_current = 1 GROUP BY {{number}}
    ) f ON f.{{number}} = d.{{number}} AND f.first_id = d.source_trade_id
    WHERE d.is_current = 1 GROUP BY d.{{number}}
) e CROSS JOIN {STAGED} s WHERE s.position = e.position
"""  # noqa: S608

_CHANGING = (
    "version", "state", *_CONTENT, "instrument_id", "counterparty_id", "account_id", "raw",
    "digest", "delivery_id", "changed_at",
)  # fmt: skip
_WRITE = f"""
INSERT INTO {_TRADE} (source_id, source_trade_id, {", ".join(_CHANGING)}, received_at)
SELECT %s, s.source_trade_id, d.version, d.state, {", ".join(f"s.{name}" for name in _CONTENT)},
    i.pk, c.pk, a.pk, s.raw, s.digest, %s, %s, %s
FROM {STAGED} s CROSS JOIN {DECIDED} d
LEFT JOIN {RESOLVED} i ON i.kind = 'instrument' AND i.number = s.instrument_number
LEFT JOIN {RESOLVED} c ON c.kind = 'counterparty' AND c.number = s.counterparty_number
LEFT JOIN {RESOLVED} a ON a.kind = 'account' AND a.number = s.account_number
WHERE d.position = s.position AND d.is_current = 1
ON CONFLICT (source_id, source_trade_id) DO UPDATE SET
    {", ".join(f"{name} = EXCLUDED.{name}" for name in _CHANGING)}
"""  # noqa: S608

_PASSED_THROUGH = f"""
SELECT t.id, {", ".join(f"s.{name}" for name in value_fields() if name != "state")}, s.raw,
    d.digest, d.version, d.state
FROM {DECIDED} d CROSS JOIN {STAGED} s CROSS JOIN {_TRADE} t
WHERE d.in_conflict = 0 AND d.is_current = 0 AND s.position = d.position
    AND t.source_id = %s AND t.source_trade_id = d.source_trade_id
ORDER BY t.id, d.version
"""  # noqa: S608

_CONFLICTS = f"""
SELECT s.source_trade_id, s.position, s.line, s.sent,
    COUNT(*) OVER (PARTITION BY s.source_trade_id) AS lines
FROM {DECIDED} d CROSS JOIN {STAGED} s
WHERE d.in_conflict = 1 AND s.position = d.position
ORDER BY s.source_trade_id, s.line, s.position
"""  # noqa: S608
_LINES_NAMED = 10


class Conflict(NamedTuple):
    """A report that was not loaded: its place among those staged, its line, its text, and why."""

    position: int
    line: int
    sent: str
    reason: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the staged reports; the rest of them were duplicates."""

    loaded: int
    amended: int
    duplicates: int
    conflicts: int


def merge(*, staging: Staging, source: Source, delivery_id: int | None, at: datetime) -> Merged:
    """
    Decide for each staged report what it is, and write what is new, in the open transaction.

    The number of statements does not follow the number of rows. Conflicts are left to be read
    with `conflicts`.
    """
    # Two deliveries of one source take turns; of two sources, they do not wait for each other.
    list(Source.objects.select_for_update(no_key=True).filter(pk=source.pk))
    _prepare()
    with connection.cursor() as cursor:
        cursor.execute(_DECIDE, [source.pk])
        cursor.execute(f"CREATE INDEX {DECIDED}_position ON {DECIDED} (position)")
        _analyze(DECIDED)
        cursor.execute(_COUNT)
        decided, in_conflict, loaded = cursor.fetchone()
        versions = decided - in_conflict
        if versions:
            _resolve(source)
            write_rows(TradeVersion, _HISTORY, _replaced(at))
            stamp = connection.ops.adapt_datetimefield_value(at)
            cursor.execute(_WRITE, [source.pk, delivery_id, stamp, stamp])
            write_rows(TradeVersion, _HISTORY, _passed_through(source, delivery_id, at))
    return Merged(loaded, versions - loaded, staging.count - decided, in_conflict)


def conflicts() -> Iterator[Conflict]:
    """Yield the reports of the last merge that contradict each other, trade by trade."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_CONFLICTS)
        rows = chain.from_iterable(iter(lambda: cursor.fetchmany(2000), []))
        for trade_id, of_trade in groupby(rows, itemgetter(0)):
            first = list(islice(of_trade, _LINES_NAMED))
            reason = (
                f"Trade {trade_id} is reported differently on lines "
                f"{_listed([row[2] for row in first], first[0][4])}, and nothing says which is "
                "right: keep the right one, or mark the later one AMENDED or CANCELLED."
            )
            for _, position, line, sent, _ in chain(first, of_trade):
                yield Conflict(position, line, sent, reason)


def reported_values(trade: Trade | TradeReport) -> dict[str, Any]:
    """Return everything a source reported, as JSON can hold it: money as text."""
    values: dict[str, Any] = {name: as_text(getattr(trade, name)) for name in value_fields()}
    return values | {"raw": trade.raw}


def _prepare() -> None:
    """Let rows be found by their position, and Postgres sort and join in memory."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX {STAGED}_position ON {STAGED} (position)")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '256MB'")
    _analyze(f"{STAGED} (position, source_trade_id, digest)")


def _analyze(table: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {table}")


def _resolve(source: Source) -> None:
    """Write down which reference row each number of the staged reports means."""
    examples = {
        kind: list(Trade.objects.raw(_EXAMPLES.format(number=number)))
        for kind, number in NUMBERS.items()
    }
    instruments = resolve_instruments(examples["instrument"])
    parties = resolve_counterparties(examples["counterparty"])
    accounts = resolve_accounts(source=source, reports=examples["account"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {RESOLVED} "
            "(kind varchar(12), number integer, pk bigint, PRIMARY KEY (kind, number))"
        )
    meaning = {
        "instrument": lambda one: instruments.get(identity(one)),
        "counterparty": lambda one: parties.get(party_identity(one)),
        "account": lambda one: accounts.get(one.account_code),
    }
    copy_in(
        RESOLVED,
        ("kind", "number", "pk"),
        [
            (kind, getattr(example, NUMBERS[kind]), meaning[kind](example))
            for kind, some in examples.items()
            for example in some
        ],
    )
    _analyze(RESOLVED)


def _replaced(at: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield the history row of each trade that is there and about to be amended."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT trade_pk FROM {DECIDED} "  # noqa: S608
            "WHERE is_current = 1 AND trade_pk IS NOT NULL ORDER BY trade_pk"
        )
        amended = [pk for (pk,) in cursor.fetchall()]
    for batch in batches(amended):
        for trade in Trade.objects.filter(pk__in=batch).order_by("pk"):
            values = reported_values(trade)
            yield (trade.pk, trade.version, values, trade.digest, trade.delivery_id,
                   trade.changed_at, at)  # fmt: skip


def _passed_through(
    source: Source, delivery_id: int | None, at: datetime
) -> Iterator[tuple[Any, ...]]:
    """Yield the history row of each version that this very delivery also replaces."""
    for trade in Trade.objects.raw(_PASSED_THROUGH, [source.pk]):
        yield (trade.pk, trade.version, reported_values(trade), trade.digest, delivery_id, at, at)


def _listed(lines: list[int], count: int) -> str:
    shown = [str(line) for line in lines]
    if count > len(shown):
        return f"{', '.join(shown)} and {count - len(shown)} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
