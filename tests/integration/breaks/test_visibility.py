"""What one team works, another never sees: in no list, page, act, search, count or answer."""

import re
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db.models import prefetch_related_objects
from django.urls import reverse

from breaks.admin.acts import ACTS
from breaks.models import TradeBreak
from tests import factories

pytestmark = pytest.mark.django_db

QUEUE = "/admin/breaks/tradebreak/"
ACT_ROUTES = ("claim", "assign", "comment", "await", "resolve", "reopen", "escalate")


@pytest.fixture
def ours(analyst):
    """Put the analyst into team A."""
    return factories.team("team-a", analyst)


@pytest.fixture
def theirs(ours, differing_match):
    """Make a break of team B, whose trades are in a match."""
    legs = {leg.side: leg.trade for leg in differing_match.legs.all()}
    return factories.trade_break(
        match=differing_match, left_trade=legs["left"], right_trade=legs["right"],
        team=factories.team("team-b", factories.user("Analyst")), exposure="12345.67",
        severity="CRITICAL",
    )  # fmt: skip


@pytest.fixture
def differing_match(db):
    return factories.match(
        left=[factories.trade(source_trade_id="SECRET-1")],
        right=[factories.trade(source="custodian")],
        differences=[{"field": "price", "kind": "PRICE", "difference": "0.25"}],
    )


class TestWhoSees:
    def test_their_teams_nobody_s_and_those_given_to_them(self, analyst, ours, theirs):
        mine = factories.trade_break(team=ours)
        free = factories.trade_break()
        given = factories.trade_break(team=theirs.team, assigned_to=analyst)

        seen = TradeBreak.objects.visible_to(analyst)

        assert set(seen) == {mine, free, given}

    @pytest.mark.parametrize("group", ["Supervisor", "Administrator", "Auditor", "Integration"])
    def test_who_may_see_every_team_sees_all(self, theirs, group):
        assert theirs in TradeBreak.objects.visible_to(factories.user(group))

    @pytest.mark.usefixtures("theirs")
    def test_nobody_who_is_not_signed_in(self):
        factories.trade_break()

        assert not TradeBreak.objects.visible_to(AnonymousUser()).exists()

    @pytest.mark.usefixtures("ours")
    def test_teams_that_were_fetched_are_not_asked_for_again(
        self, analyst, django_assert_num_queries
    ):
        analyst.has_perm("breaks.view_every_team")
        prefetch_related_objects([analyst], "teams")

        with django_assert_num_queries(1):
            list(TradeBreak.objects.visible_to(analyst))


class TestTheAdmin:
    @pytest.mark.parametrize(
        "query", ["", "?view=all", "?view=overdue", "?view=unassigned", "?q=SECRET", "?p=1",
                  "?team={team}", "?severity__exact=CRITICAL"]
    )  # fmt: skip
    def test_lists_none_of_theirs(self, analyst, browser_as, theirs, query):
        context = browser_as(analyst).get(QUEUE + query.format(team=theirs.team_id)).context

        assert context["cl"].result_list == []
        assert context["desk_totals"] == []
        assert {str(tab.count) for tab in context["desk_tabs"]} == {"0"}

    @pytest.mark.parametrize("page", ["change", "peek", "history", "delete"])
    def test_has_no_page_of_theirs(self, analyst, browser_as, theirs, page):
        response = browser_as(analyst).get(
            reverse(f"admin:breaks_tradebreak_{page}", args=[theirs.pk])
        )

        assert response.status_code in (302, 403, 404)
        assert "SECRET" not in response.content.decode()
        if response.status_code == 302:
            assert response.url == reverse("admin:index")

    @pytest.mark.parametrize("act", [act.name for act in ACTS])
    def test_lets_nobody_act_on_theirs(self, analyst, browser_as, theirs, act):
        address = reverse(f"admin:breaks_tradebreak_{act}", args=[theirs.pk])
        browser = browser_as(analyst)
        before = TradeBreak.objects.values().get(pk=theirs.pk)

        assert browser.get(address).status_code == 404
        assert browser.post(address, {"version": 1, "reason": "x", "text": "x"}).status_code == 404
        assert TradeBreak.objects.values().get(pk=theirs.pk) == before

    def test_takes_theirs_out_of_what_was_selected(self, analyst, browser_as, theirs):
        data = {"action": "claim_selected", "_selected_action": [theirs.pk], "select_across": "1"}

        browser_as(analyst).post(f"{QUEUE}?view=all", data, follow=True)

        theirs.refresh_from_db()
        assert theirs.assigned_to is None

    @pytest.mark.usefixtures("theirs")
    def test_counts_none_of_theirs_on_the_overview_and_in_the_navigation(
        self, analyst, supervisor, browser_as
    ):
        pages = [
            browser_as(person).get(reverse("admin:index")).content.decode()
            for person in (analyst, supervisor)
        ]

        counts = [re.search(r'severity__exact=CRITICAL">\s*(\d+)\s*<', page)[1] for page in pages]
        assert counts == ["0", "1"]
        assert ["12,345.67" in page for page in pages] == [False, True]

    def test_finds_none_of_theirs_from_anywhere(self, analyst, supervisor, browser_as, theirs):
        address = reverse("admin:search") + f"?s={theirs.pk}&extended=1"

        ours, all_of_it = (
            browser_as(person).get(address).content.decode() for person in (analyst, supervisor)
        )

        link = reverse("admin:breaks_tradebreak_change", args=[theirs.pk])
        assert link not in ours
        assert link in all_of_it

    @pytest.mark.parametrize("page", ["match", "trade"])
    def test_names_none_of_theirs_on_the_pages_of_matches_and_trades(
        self, analyst, supervisor, browser_as, theirs, page
    ):
        address = {
            "match": reverse("admin:matching_match_change", args=[theirs.match_id]),
            "trade": reverse("admin:trades_trade_change", args=[theirs.left_trade_id]),
        }[page]
        link = reverse("admin:breaks_tradebreak_change", args=[theirs.pk])

        assert link not in browser_as(analyst).get(address).content.decode()
        assert link in browser_as(supervisor).get(address).content.decode()


class TestTheApi:
    @pytest.mark.parametrize("path", ["breaks", "breaks/open", "breaks?search=SECRET"])
    def test_lists_none_of_theirs(self, analyst, supervisor, api_as, theirs, path):
        ours, all_of_it = (
            api_as(person).get(f"/api/v1/{path}").json()["results"]
            for person in (analyst, supervisor)
        )

        assert ours == []
        assert [row["id"] for row in all_of_it] == [theirs.pk]

    @pytest.mark.parametrize("path", ["", "/history"])
    def test_knows_no_break_of_theirs(self, analyst, api_as, theirs, path):
        response = api_as(analyst).get(f"/api/v1/breaks/{theirs.pk}{path}")

        assert response.status_code == 404

    @pytest.mark.parametrize("act", ACT_ROUTES)
    def test_lets_nobody_act_on_theirs(self, analyst, api_as, theirs, act):
        response = api_as(analyst).post(
            f"/api/v1/breaks/{theirs.pk}/{act}", {}, format="json", headers={"If-Match": '"1"'}
        )

        assert response.status_code == 404
        assert not theirs.events.exists()

    def test_answers_as_if_there_were_none(self, analyst, api_as, theirs):
        client = api_as(analyst)

        hidden = client.get(f"/api/v1/breaks/{theirs.pk}").content.decode()
        absent = client.get("/api/v1/breaks/999999").content.decode()

        assert hidden.replace(f"/{theirs.pk}", "/999999") == absent


class TestTheCommand:
    @pytest.mark.usefixtures("theirs")
    def test_which_has_no_user_writes_all(self):
        written = StringIO()

        call_command("export_breaks", stdout=written)

        assert "SECRET-1" in written.getvalue()
