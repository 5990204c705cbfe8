"""
The database's own refusal to change or delete what is history: triggers on its tables.

A service that goes wrong, an admin shell or a query typed by hand meets them; whoever may drop a
trigger does not, and for that there are the chains and the daily roots. A later migration that
makes SQLite build one of these tables anew loses its triggers and calls `install` again.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

# Each table with what else than its key no two rows share: SQLite's REPLACE deletes by these
# without a word to a delete trigger.
TABLES: dict[str, tuple[str, ...]] = {
    "breaks_breakevent": ("trade_break_id", "sequence"),
    "breaks_breakcomment": (),
    "breaks_breakattachment": (),
    "breaks_historyroot": ("day",),
}
# The same of apps above this one, named by `protect`.
_OF_APPS_ABOVE: dict[str, tuple[str, ...]] = {}
SENTENCE = (
    "The history is append-only: rows of {table} are never changed or deleted. "
    "What has changed since is another entry."
)
_FUNCTION = "breaks_refuse_change"


def protect(table: str, unique: tuple[str, ...] = ()) -> None:
    """Name a table of an app above as history too; that app's migration calls `install`."""
    _OF_APPS_ABOVE[table] = unique


def _tables() -> dict[str, tuple[str, ...]]:
    return TABLES | _OF_APPS_ABOVE


def install(connection: BaseDatabaseWrapper) -> None:
    """Create every trigger, in place of any there is; a table yet to be made gets none."""
    remove(connection)
    on_postgres = connection.vendor == "postgresql"
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if on_postgres:
            cursor.execute(_REFUSAL)
        for table in _tables().keys() & there:
            for statement in _on_postgres(table) if on_postgres else _on_sqlite(table):
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop every trigger there is."""
    on_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for table, triggers in _by_table(connection.vendor).items():
            where = f" ON {table}" if on_postgres else ""
            for trigger in triggers:
                cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}{where}")
        if on_postgres:
            cursor.execute(f"DROP FUNCTION IF EXISTS {_FUNCTION}()")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the triggers that are not there, or on Postgres not always enabled."""
    known = (
        "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(known)
        there = {name for (name,) in cursor.fetchall()}
    return [name for name in names(connection.vendor) if name not in there]


def names(vendor: str) -> list[str]:
    """Return the names of all triggers, as they are called on that kind of database."""
    return [name for triggers in _by_table(vendor).values() for name in triggers]


def _by_table(vendor: str) -> dict[str, tuple[str, ...]]:
    acts = ("change", "truncate") if vendor == "postgresql" else ("update", "delete", "replace")
    return {table: tuple(f"{table}_no_{act}" for act in acts) for table in _tables()}


def _on_sqlite(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{SENTENCE.format(table=table)}'); END"
    # Each is found by an index of its own.
    twins = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {_same(names)})"  # noqa: S608  our own names
        for names in (("id",), _tables()[table])
        if names
    )
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {twins} {refuse}",
    ]


def _same(names: tuple[str, ...]) -> str:
    return " AND ".join(f"{name} = NEW.{name}" for name in names)


_REFUSAL = f"""
    CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation',
            MESSAGE = replace('{SENTENCE}', '{{table}}', TG_TABLE_NAME);
    END $$"""


def _on_postgres(table: str) -> list[str]:
    refuse = f"EXECUTE FUNCTION {_FUNCTION}()"
    change, truncate = _by_table("postgresql")[table]
    return [
        # Row by row: an update that finds no row, as before the insert of a restored one,
        # changes nothing.
        f"CREATE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        # Always: a session that plays a replica is not spared.
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {change}",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {truncate}",
    ]
