"""Teams in the admin: who may change them, and what a change of members does."""

import pytest
from django.urls import reverse

from breaks.models import Team
from tests import factories

pytestmark = pytest.mark.django_db

LIST = reverse("admin:breaks_team_changelist")


def _data(*members, **over):
    given = {"name": "Rates", "code": "rates", "timezone": "Europe/London"}
    given |= {"members": [one.pk for one in members], "opens_at": "07:30", "closes_at": "16:00"}
    return given | over


def test_an_administrator_makes_one_with_members(administrator, analyst, browser_as):
    browser_as(administrator).post(reverse("admin:breaks_team_add"), _data(analyst))

    team = Team.objects.get(code="rates")
    assert list(team.members.all()) == [analyst]
    assert str(team.opens_at) == "07:30:00"


def test_whoever_leaves_a_team_sees_its_breaks_no_more(administrator, analyst, browser_as):
    team = factories.team("rates", analyst)
    row = factories.trade_break(team=team)
    queue = reverse("admin:breaks_tradebreak_changelist")
    browser = browser_as(analyst)
    assert browser.get(queue).context["cl"].result_list == [row]

    browser_as(administrator).post(reverse("admin:breaks_team_change", args=[team.pk]), _data())

    assert browser.get(queue).context["cl"].result_list == []


def test_a_time_zone_that_there_is_not_is_refused(administrator, browser_as):
    response = browser_as(administrator).post(
        reverse("admin:breaks_team_add"), _data(timezone="Europe/Atlantis")
    )

    assert "Europe/London" in response.context["adminform"].form.errors["timezone"][0]
    assert not Team.objects.filter(code="rates").exists()


def test_nor_can_one_that_is_there_be_moved_to_it(administrator, browser_as):
    team = factories.team("rates")
    address = reverse("admin:breaks_team_change", args=[team.pk])

    response = browser_as(administrator).post(address, _data(timezone="Europe/Atlantis"))

    assert "Europe/London" in response.context["adminform"].form.errors["timezone"][0]
    team.refresh_from_db()
    assert team.timezone == "UTC"


@pytest.mark.parametrize("group", ["Analyst", "Supervisor", "Auditor"])
def test_others_look_and_change_nothing(browser_as, group):
    person = factories.user(group)
    team = factories.team("rates")
    browser = browser_as(person)

    assert browser.get(LIST).status_code == 200
    address = reverse("admin:breaks_team_change", args=[team.pk])
    assert browser.post(address, _data(person)).status_code == 403
    assert not team.members.exists()


def test_a_team_with_breaks_is_not_deleted(administrator, browser_as):
    team = factories.trade_break(team=factories.team("rates")).team

    browser_as(administrator).post(
        reverse("admin:breaks_team_delete", args=[team.pk]), {"post": "yes"}
    )

    assert Team.objects.filter(pk=team.pk).exists()
