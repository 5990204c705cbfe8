"""Routing by two at once, in a fixed number of statements, and killed in the middle."""

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breaks.models import TradeBreak
from breaks.services.history import verify
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from tests.integration.workflows.test_routing import AT, opened
from workflows.models import Routing
from workflows.services.routing import many, route_open


def _team() -> None:
    people = [factories.user("Analyst", username=name) for name in ("anna", "bela", "chen")]
    factories.team("operations-analysts", *people)


def two_routers_route_each_break_once() -> None:
    _team()
    for _ in range(12):
        opened()

    at_once(*[lambda: route_open(at=AT) for _ in range(4)])
    route_open(at=AT)

    assert set(TradeBreak.objects.values_list("version", flat=True)) == {2}
    assert Routing.objects.count() == 12
    assert list(verify()) == []


def one_that_is_killed_is_gone_on_with() -> None:
    _team()
    keys = [opened().pk for _ in range(9)]
    chunk, write = many.CHUNK, many.write_routings
    many.CHUNK = 4
    calls = []

    def killed(plans, *, at):
        calls.append(len(plans))
        if len(calls) == 2:
            raise KeyboardInterrupt
        write(plans, at=at)

    many.write_routings = killed
    try:
        route_open(at=AT)
    except KeyboardInterrupt:
        pass
    finally:
        many.write_routings = write
    assert TradeBreak.objects.filter(version=2).count() == Routing.objects.count() == 4
    try:
        route_open(at=AT)
    finally:
        many.CHUNK = chunk

    given = dict(TradeBreak.objects.values_list("pk", "assigned_to__username"))
    assert [given[key] for key in keys] == ["anna", "bela", "chen"] * 3
    assert list(verify()) == []


def more_breaks_are_no_more_statements() -> None:
    _team()
    counts = []
    for many_of in (40, 80):
        for _ in range(many_of):
            opened()
        with CaptureQueriesContext(connection) as captured:
            route_open(at=AT)
        counts.append(len(captured))
    # What people are told makes some a person: the first few alone, then a digest.
    assert counts[1] <= counts[0] < 60
    assert User.objects.filter(username="anna").exists()


test_on_sqlite, test_on_postgres = on_both(
    two_routers_route_each_break_once,
    one_that_is_killed_is_gone_on_with,
    more_breaks_are_no_more_statements,
)
