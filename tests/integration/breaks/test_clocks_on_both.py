"""Clocks on SQLite and on Postgres: upgraded as they stood, and recalculated in bulk."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from breaks.choices import EventKind
from breaks.models import BreakEvent, SlaPolicy, TradeBreak
from breaks.services import sla, work
from breaks.services.history import verify
from breaks.terms import Clocks
from tests import factories
from tests.both_databases import on_both
from tests.integration.breaks.conftest import PRICE, Desk

BEFORE = ("breaks", "0008_queue_indexes")


def two_breaks() -> list[TradeBreak]:
    desk = Desk()
    desk.pair(PRICE)
    desk.pair({**PRICE, "field": "quantity", "kind": "QUANTITY"})
    desk.run()
    return list(TradeBreak.objects.order_by("pk"))


@pytest.mark.thorough
def live_breaks_are_upgraded_with_the_due_times_they_have():
    rows = two_breaks()
    person, team = factories.user("Analyst"), factories.team("tokyo", timezone="Asia/Tokyo")
    at = rows[0].opened_at + timedelta(minutes=20)
    work.route(break_id=rows[0].pk, version=None, team=team, by=person, at=at)
    due = dict(TradeBreak.objects.values_list("pk", "due_at"))
    MigrationExecutor(connection).migrate([BEFORE])

    forward = MigrationExecutor(connection)
    forward.migrate(forward.loader.graph.leaf_nodes())

    assert dict(TradeBreak.objects.values_list("pk", "due_at")) == due
    clocks = Clocks()
    for row in TradeBreak.objects.all():
        spent = timedelta(microseconds=row.clock_spent_us)
        terms = clocks.of(row)
        assert terms.due(row.severity, row.clock_from, spent) == row.due_at
        assert row.sla_policy_id == terms.policy_id
    assert list(verify()) == []


def an_edit_moves_every_live_break_with_one_event():
    rows = two_breaks()
    policy = SlaPolicy.objects.get(retired_at=None)
    policy.critical_minutes, policy.medium_minutes, policy.high_minutes = 7, 8, 9

    change = sla.save_policy(policy=policy, by=factories.user("Administrator"), at=factories.NOW)

    assert (change.looked_at, change.moved) == (len(rows), len(rows))
    assert BreakEvent.objects.filter(kind=EventKind.DUE_MOVED).count() == len(rows)
    for row in TradeBreak.objects.all():
        length = timedelta(minutes=policy.minutes(row.severity))
        assert row.due_at == row.clock_from + length
        assert (row.version, row.sla_policy) == (2, policy)
    assert list(verify()) == []


test_on_sqlite, test_on_postgres = on_both(
    live_breaks_are_upgraded_with_the_due_times_they_have,
    an_edit_moves_every_live_break_with_one_event,
)
