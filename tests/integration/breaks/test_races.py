"""Several at once, with real commits: on SQLite as it comes, and on Postgres."""

import pytest
from django.db import transaction

from breaks.models import BreakEvent, TradeBreak
from breaks.services import opening, work
from breaks.services.history import verify
from breaks.services.work import StaleBreak
from tests import factories
from tests.concurrency import at_once
from tests.integration.breaks.conftest import PRICE, Desk


def a_break(desk):
    desk.pair(PRICE)
    desk.run()
    return desk.only()


def one_of_many_claims_wins(desk):
    row = a_break(desk)
    people = [factories.user() for _ in range(6)]

    results = at_once(
        *(
            lambda by=by: work.claim(break_id=row.pk, version=1, by=by, at=factories.NOW)
            for by in people
        )
    )

    winners = [result for result in results if isinstance(result, TradeBreak)]
    assert len(winners) == 1
    assert sum(isinstance(result, StaleBreak) for result in results) == 5
    assert desk.only().assigned_to == winners[0].assigned_to
    assert BreakEvent.objects.count() == 2
    desk.check()


def comments_without_a_version_are_all_kept(desk):
    row = a_break(desk)
    people = [factories.user() for _ in range(3)]

    results = at_once(
        *(
            lambda by=by: work.comment(
                break_id=row.pk, version=None, by=by, at=factories.NOW, text="x"
            )
            for by in people
        )
    )

    assert all(isinstance(result, TradeBreak) for result in results), results
    assert row.comments.count() == 3
    assert desk.only().version == 4
    desk.check()


def a_person_and_a_run_never_undo_each_other(desk):
    row = a_break(desk)
    by = factories.user()
    desk.differ(row.match, right_value="100")
    run = factories.run(reconciliation=desk.reconciliation)
    at = desk.later()

    def see_it_again():
        with transaction.atomic():
            return opening.open_breaks(run=run, at=at)

    seen, claimed = at_once(
        see_it_again,
        lambda: work.claim(break_id=row.pk, version=None, by=by, at=factories.NOW),
    )

    assert seen == 1
    assert isinstance(claimed, TradeBreak)
    row.refresh_from_db()
    assert (row.status, row.assigned_to, row.right_value) == ("IN_PROGRESS", by, "100")
    assert (row.version, row.times_seen) == (3, 2)
    assert list(verify()) == []


RACES = (
    one_of_many_claims_wins,
    comments_without_a_version_are_all_kept,
    a_person_and_a_run_never_undo_each_other,
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("race", RACES)
def test_on_sqlite(race):
    race(Desk())


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgres")
@pytest.mark.parametrize("race", RACES)
def test_on_postgres(race):
    race(Desk())
