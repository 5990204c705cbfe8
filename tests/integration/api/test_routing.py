"""Routing one break by the rules over HTTP."""

import pytest
from django.urls import reverse

from breaks.services import work
from tests import factories
from workflows.models import RoutingRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def critical():
    from breaks.choices import BreakStatus, EventKind
    from breaks.services import history

    row = factories.trade_break("SIDE", severity="CRITICAL")
    entry = history.Entry(trade_break=row, kind=EventKind.OPENED, to_status=BreakStatus.OPEN)
    history.append([entry], at=factories.NOW)
    return row


def post(client, row, data=None, **headers):
    return client.post(
        reverse("route-by-rules", args=[row.pk]), data or {}, format="json", headers=headers
    )


def test_answers_where_it_went_by_which_rule_and_until_when(critical, analyst, api_as):
    RoutingRule.objects.update(chosen_by="LEFT_FOR_CLAIMING")
    factories.team("senior-operations", analyst)

    answer = post(api_as(analyst), critical)

    critical.refresh_from_db()
    assert answer.status_code == 200, answer.data
    assert answer.data == {
        "break_id": critical.pk,
        "assigned_to": None,
        "team": "senior-operations",
        "rule": "Critical",
        "why": "Critical: Critical; left for claiming.",
        "escalation_time": critical.due_at.isoformat().replace("+00:00", "Z"),
    }
    assert answer.headers["ETag"] == '"2"'
    assert critical.events.last().by == analyst


def test_a_team_that_nobody_is_in_leaves_it_to_everybody(critical, analyst, api_as):
    answer = post(api_as(analyst), critical)

    assert answer.data["team"] is None
    assert answer.data["rule"] == "Critical"
    assert "nobody is in Senior operations yet" in answer.data["why"]


def test_one_somebody_may_not_see_is_not_there(critical, analyst, api_as):
    critical.team = factories.team("elsewhere")
    critical.save()

    assert post(api_as(analyst), critical).status_code == 404


@pytest.mark.parametrize("group", ["Auditor", ""])
def test_whoever_may_not_work_may_not(critical, group, api_as):
    assert post(api_as(factories.user(group)), critical).status_code == 403


def test_a_stale_version_is_refused(critical, analyst, supervisor, api_as):
    work.comment(break_id=critical.pk, version=1, text="x", by=supervisor, at=factories.NOW)

    answer = post(api_as(analyst), critical, **{"If-Match": '"1"'})

    assert answer.status_code == 412
    assert answer.data["changed_by"] == supervisor.username


def test_an_ended_one_is_refused(analyst, api_as):
    answer = post(api_as(analyst), factories.trade_break(status="RESOLVED"))

    assert answer.status_code == 409
    assert "Re-open it first" in answer.data["detail"]


def test_an_unknown_key_is_refused(critical, analyst, api_as):
    assert post(api_as(analyst), critical, {"team": "operations"}).status_code == 400
