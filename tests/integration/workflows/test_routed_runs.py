"""What a run finds is routed when it has ended."""

from datetime import timedelta

import pytest

from breaks.models import TradeBreak
from matching.services.runs import request_run
from tests import factories
from workflows.models import Routing
from workflows.services.reconciling import reconcile

pytestmark = pytest.mark.django_db


def run(between, at=factories.NOW):
    day = factories.TRADE_DATE
    queued = request_run(reconciliation=between, from_date=day, to_date=day, by=None, at=at)
    return reconcile(run_id=queued.pk, at=at)


def test_new_ones_go_to_a_team_and_stay_there_on_the_next_run():
    anna = factories.user("Analyst", username="anna")
    support = factories.team("trade-support", anna)
    factories.trade()
    between = factories.reconciliation()

    run(between)

    row = TradeBreak.objects.get()
    assert (row.break_type, row.team, row.assigned_to) == ("MISSING_RIGHT", support, anna)
    run(between, at=factories.NOW + timedelta(hours=1))
    again = TradeBreak.objects.get()
    assert (again.version, again.times_seen, again.team) == (row.version, 2, support)


def test_without_people_in_teams_they_are_everybodys():
    factories.trade()

    run(factories.reconciliation())

    row = TradeBreak.objects.get()
    assert (row.team, row.assigned_to, row.version) == (None, None, 1)
    assert Routing.objects.get().outcome == "TEAM_IS_EMPTY"


def test_what_a_killed_worker_left_is_found_by_the_schedule(monkeypatch):
    from workflows.services import reconciling
    from workflows.tasks import route_breaks

    def killed(**_):
        raise KeyboardInterrupt

    factories.team("trade-support", factories.user("Analyst"))
    factories.trade()
    monkeypatch.setattr(reconciling, "route_run", killed)
    with pytest.raises(KeyboardInterrupt):
        run(factories.reconciliation())
    assert TradeBreak.objects.get().team is None

    route_breaks()

    assert TradeBreak.objects.get().team.code == "trade-support"
