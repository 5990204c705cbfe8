"""The triggers: what refuses them, on SQLite and on Postgres, and how databases come by them."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from breaks import append_only
from breaks.models import BreakAttachment, BreakComment, BreakEvent, HistoryRoot, TradeBreak
from breaks.services import work
from breaks.services.attaching import attach
from breaks.services.history import verify
from breaks.services.roots import write_root
from tests import factories
from tests.both_databases import on_both
from tests.integration.breaks.conftest import PRICE, Desk
from tests.integration.breaks.conftest import dump as rows_of_all

BEFORE = ("breaks", "0004_clocks_policies_and_teams")
AFTER = ("breaks", "0005_history_is_append_only")


def sql(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def dump() -> list[object]:
    kept = (BreakEvent, BreakComment, BreakAttachment, HistoryRoot)
    return [list(model.objects.order_by("pk").values()) for model in kept]


def a_worked_break() -> TradeBreak:
    desk = Desk()
    desk.pair(PRICE)
    desk.run()
    ask = {"version": None, "by": factories.user("Analyst"), "at": desk.later()}
    row = work.comment(break_id=desk.only().pk, text="asked", **ask)
    attach(break_id=row.pk, name="their confirmation.pdf", content=b"187", **ask)
    write_root(day=factories.NOW.date(), at=factories.NOW + timedelta(days=1))
    return row


def every_change_is_refused_in_a_plain_sentence():
    a_worked_break()
    before = dump()
    refused = [
        "UPDATE breaks_breakevent SET reason = 'x'",
        "UPDATE breaks_breakevent SET reason = reason",
        "UPDATE breaks_breakevent SET sequence = 9 WHERE sequence = 1",
        "DELETE FROM breaks_breakevent",
        "DELETE FROM breaks_breakevent WHERE sequence = 2",
        "UPDATE breaks_breakcomment SET text = 'x'",
        "DELETE FROM breaks_breakcomment",
        "UPDATE breaks_breakattachment SET content = ''",
        "DELETE FROM breaks_breakattachment",
        "UPDATE breaks_historyroot SET digest = 'x'",
        "DELETE FROM breaks_historyroot",
    ]
    if connection.vendor == "postgresql":
        refused += [f"TRUNCATE {table} CASCADE" for table in append_only.TABLES]
        refused += ["TRUNCATE trades_trade CASCADE"]
    else:
        refused += [
            f"REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608  our own names
            for table in append_only.TABLES
        ]
        refused += ["UPDATE OR REPLACE breaks_breakevent SET sequence = 1"]

    for statement in refused:
        with pytest.raises(IntegrityError, match="The history is append-only: rows of breaks_"):
            sql(statement)
    assert dump() == before
    assert list(verify()) == []


def a_break_with_its_history_cannot_be_deleted():
    row = a_worked_break()
    before = rows_of_all()

    with pytest.raises(IntegrityError):
        sql("DELETE FROM breaks_tradebreak WHERE id = %s", row.pk)
    assert rows_of_all() == before


def a_dump_is_loaded_into_another_database():
    """Django updates first and inserts where no row was: that update changes nothing."""
    row = a_worked_break()
    event = row.events.first()
    event.pk, event.sequence = 10**6, 99

    event.save_base(raw=True)

    assert BreakEvent.objects.filter(pk=10**6).exists()


@pytest.mark.thorough
def a_schema_with_events_is_upgraded():
    row = a_worked_break()
    before = dump()
    MigrationExecutor(connection).migrate([BEFORE])
    assert append_only.missing(connection) == append_only.names(connection.vendor)
    sql("UPDATE breaks_breakcomment SET text = text")

    forward = MigrationExecutor(connection)
    # To the last of all: the tests after this one need the schema whole.
    forward.migrate(forward.loader.graph.leaf_nodes())

    assert append_only.missing(connection) == []
    assert dump() == before
    assert list(verify()) == []
    with pytest.raises(IntegrityError, match="append-only"):
        sql("DELETE FROM breaks_breakevent")
    work.claim(break_id=row.pk, version=None, by=factories.user("Analyst"), at=factories.NOW)
    assert list(verify()) == []


def flush_says_what_to_do_instead():
    a_worked_break()
    before = dump()

    with pytest.raises(CommandError, match=r"make a new database: .* then manage.py migrate"):
        call_command("flush", interactive=False)
    assert dump() == before


test_on_sqlite, test_on_postgres = on_both(
    every_change_is_refused_in_a_plain_sentence,
    a_break_with_its_history_cannot_be_deleted,
    a_dump_is_loaded_into_another_database,
    a_schema_with_events_is_upgraded,
    flush_says_what_to_do_instead,
)


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgres")
def test_a_session_that_plays_a_replica_is_not_spared():
    a_worked_break()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")

    with pytest.raises(IntegrityError, match="append-only"):
        sql("DELETE FROM breaks_breakevent")


@pytest.mark.django_db
def test_a_missing_trigger_is_named():
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER breaks_breakevent_no_delete")

    with pytest.raises(CommandError, match="missing: breaks_breakevent_no_delete"):
        call_command("verify_history", stdout=StringIO())
