"""The queue's tabs, filters, search, pages, own views and rows that open."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breaks.admin import listing
from breaks.admin.words import age_cell, due_cell, worked
from breaks.models import ApprovalRequest, SavedView, TradeBreak
from tests import factories
from trades.admin import counting

pytestmark = pytest.mark.django_db

QUEUE = "/admin/breaks/tradebreak/"


@pytest.fixture
def browser(analyst, browser_as):
    return browser_as(analyst)


def _shown(response):
    assert response.status_code == 200
    return [row.pk for row in response.context["cl"].result_list]


def _asked_for(row, by):
    return ApprovalRequest.objects.create(
        act="ACCEPT", trade_break=row, summary="Accept it", reason="a cent", made_by=by,
        made_at=factories.NOW,
    )  # fmt: skip


class TestTabs:
    def test_count_what_they_lead_to(self, analyst, browser):
        ours = factories.team("ours", analyst)
        later = timezone.now() + timedelta(days=30)
        factories.trade_break(assigned_to=analyst, status="IN_PROGRESS", due_at=later)
        factories.trade_break(assigned_to=factories.user("Analyst"), team=ours)
        waiting = factories.trade_break(due_at=later)
        factories.trade_break(status="ACCEPTED")
        _asked_for(waiting, analyst)
        decided = _asked_for(factories.trade_break(due_at=later), analyst)
        decided.status, decided.decided_by = "REJECTED", factories.user("Supervisor")
        decided.decided_at = factories.NOW
        decided.save()

        tabs = browser.get(QUEUE).context["desk_tabs"]

        assert [(tab.label, tab.count) for tab in tabs] == [
            ("All open", "4"), ("Mine", "1"), ("My team", "1"), ("Unassigned", "2"),
            ("Overdue", "1"), ("Awaiting approval", "1"), ("All", "5"),
        ]  # fmt: skip
        led_to = [len(_shown(browser.get(QUEUE + tab.link))) for tab in tabs]
        assert led_to == [4, 1, 1, 2, 1, 1, 5]

    def test_count_no_further_than_they_say(self, browser, monkeypatch):
        monkeypatch.setattr(counting, "MOST", 3)
        for _ in range(4):
            factories.trade_break()

        assert browser.get(QUEUE).context["desk_tabs"][0].count == "2+"

    def test_whoever_is_in_no_team_has_none_there(self, browser):
        factories.trade_break()

        assert _shown(browser.get(f"{QUEUE}?view=team")) == []

    def test_all_shows_the_newest_first(self, browser):
        first = factories.trade_break(exposure="5")
        ended = factories.trade_break(status="RESOLVED", exposure="9")

        assert _shown(browser.get(f"{QUEUE}?view=all")) == [ended.pk, first.pk]

    def test_one_that_there_is_not_is_the_open_one(self, browser):
        row = factories.trade_break()
        factories.trade_break(status="RESOLVED")

        assert _shown(browser.get(f"{QUEUE}?view=nonsense")) == [row.pk]


class TestFilters:
    def _rows(self, analyst):
        team = factories.team("rates")
        bonds = factories.trade(asset_class="FIXED_INCOME", counterparty_name="Nordhavn Bank AB")
        return {
            "late": factories.trade_break(severity="CRITICAL", due_at=factories.NOW),
            "bond": factories.trade_break(
                left_trade=bonds, team=team, assigned_to=analyst, exposure="500",
                due_at=timezone.now() + timedelta(minutes=30),
            ),
            "other": factories.trade_break(
                "ACCOUNT", due_at=timezone.now() + timedelta(days=9),
                reconciliation=factories.reconciliation(
                    "broker", left_source="oms", right_source="prime"
                ),
            ),
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("severity__exact=CRITICAL", {"late"}),
            ("break_type__exact=ACCOUNT", {"other"}),
            ("category__exact=STATIC_DATA", {"other"}),
            ("due=over", {"late"}),
            ("due=hour", {"bond"}),
            ("due=day", {"bond"}),
            ("due=later", {"other"}),
            ("counterparty=nordhavn", {"bond"}),
            ("counterparty=nobody", set()),
            ("asset_class=FIXED_INCOME", {"bond"}),
            ("asset_class=FIXED_INCOME&asset_class=EQUITY", {"late", "bond", "other"}),
            ("assignee=none", {"late", "other"}),
            ("team=none", {"late", "other"}),
            ("exposure_from=100&exposure_to=600", {"bond"}),
            ("exposure_from=nonsense", {"late", "bond", "other"}),
            ("trade_date_from=2026-03-05", set()),
            ("trade_date_to=2026-03-05&due=over", {"late"}),
            ("assignee=none&due=later&severity__exact=HIGH", {"other"}),
            ("assignee=none&due=later&severity__exact=LOW", set()),
            ("assignee=nonsense&team=999999", {"late", "bond", "other"}),
            ("counterparty=%25", set()),
        ],
    )
    def test_keep_what_is_asked_for(self, supervisor, browser_as, query, names):
        rows = self._rows(supervisor)

        found = set(_shown(browser_as(supervisor).get(f"{QUEUE}?{query}")))

        assert found == {rows[name].pk for name in names}

    def test_by_the_rows_of_other_tables(self, supervisor, browser_as):
        rows = self._rows(supervisor)
        browser = browser_as(supervisor)
        bond, other = rows["bond"], rows["other"]
        prime = other.reconciliation.right_source_id

        for query, row in (
            (f"assignee={supervisor.pk}", bond),
            (f"team={bond.team_id}", bond),
            (f"reconciliation={other.reconciliation_id}", other),
            (f"source={prime}", other),
        ):
            assert _shown(browser.get(f"{QUEUE}?{query}")) == [row.pk], query

    def test_say_what_is_filtered_by(self, supervisor, browser_as):
        bond = self._rows(supervisor)["bond"]
        query = f"?team={bond.team_id}&counterparty=nord&due=hour&exposure_from=1&exposure_to=9"

        shown = browser_as(supervisor).get(QUEUE + query).context["desk_chips"]

        assert [chip["text"] for chip in shown] == [
            "Due: In the next hour", "Counterparty: nord", "Team: rates", "Exposure: from 1 to 9",
        ]  # fmt: skip


class TestSearch:
    @pytest.mark.parametrize(
        "wanted",
        ["T-77", "t-77", "ORD-5", "ord-5", "BL-3", "EX-9", "Nordhavn", "havn bank", "Zephyr"],
    )
    def test_finds_ids_references_and_names(self, browser, wanted):
        mine = factories.trade_break(
            left_trade=factories.trade(
                source_trade_id="T-77", order_ref="ORD-5", block_ref="BL-3", execution_ref="EX-9",
                counterparty_name="Nordhavn Bank AB",
                instrument=factories.instrument("", name="Zephyr Rail"),
            )
        )  # fmt: skip
        factories.trade_break()

        assert _shown(browser.get(f"{QUEUE}?q={wanted}")) == [mine.pk]

    def test_finds_a_break_by_its_number(self, browser):
        row, _ = factories.trade_break(), factories.trade_break()

        assert row.pk in _shown(browser.get(f"{QUEUE}?q=%23{row.pk}"))

    @pytest.mark.parametrize(
        "wanted", ["%25", "_", "99999999999999999999", "'; DROP TABLE", "\\", "  "]
    )
    def test_takes_any_text_for_text(self, browser, wanted):
        factories.trade_break()

        found = _shown(browser.get(QUEUE, {"q": wanted.replace("%25", "%")}))

        assert len(found) == (0 if wanted.strip() else 1)


class TestPages:
    @pytest.fixture
    def many(self, monkeypatch):
        monkeypatch.setattr("trades.admin.desk.DeskAdmin.list_per_page", 10)
        return [factories.trade_break(exposure=str(1000 - n)) for n in range(25)]

    def test_follow_each_other_without_a_gap(self, browser, many):
        pages = [_shown(browser.get(f"{QUEUE}?p={page}")) for page in (1, 2, 3)]

        assert [pk for page in pages for pk in page] == [row.pk for row in many]
        assert [len(page) for page in pages] == [10, 10, 5]

    def test_say_where_one_is(self, browser, many):
        pages = browser.get(f"{QUEUE}?p=2").context["cl"].paginator

        assert pages.words == "11 to 20 of 25"
        assert pages.links == [("First", "?p=1"), ("Previous", "?p=1"), ("Next", "?p=3"),
                               ("Last", "?p=3")]  # fmt: skip

    def test_are_found_beyond_what_is_counted_and_do_not_claim_to_know_more(
        self, browser, many, monkeypatch
    ):
        monkeypatch.setattr(listing, "TALLIED", 7)

        response = browser.get(f"{QUEUE}?p=3")

        assert _shown(response) == [row.pk for row in many[20:]]
        pages = response.context["cl"].paginator
        assert pages.words == "21 to 25 of more than 6"
        assert dict(pages.links)["Next"] == dict(pages.links)["Last"] == ""
        total = sum(1000 - n for n in range(7))
        assert response.context["desk_totals"] == [
            {"label": "Exposure of the first 7", "value": f"{total:,}.00 USD",
             "title": f"High {total:,}.00"}
        ]  # fmt: skip

    @pytest.mark.parametrize("page", ["4", "0", "-1", "9999999999999999999999", "x"])
    def test_that_there_are_not_lead_back(self, browser, many, page):
        response = browser.get(f"{QUEUE}?p={page}")

        if page == "x":
            assert len(_shown(response)) == 10
        else:
            assert response.status_code == 302
            assert response.url.endswith("?e=1")


class TestOwnViews:
    def _keep(self, browser, name="Big ones", query="exposure_from=100&p=3&view=mine"):
        return browser.post(f"{QUEUE}views/", {"name": name, "query": query})

    def test_are_kept_without_the_page_and_listed_for_their_owner_alone(self, browser, browser_as):
        response = self._keep(browser)

        assert response.url == f"{QUEUE}?exposure_from=100&view=mine"
        shown = browser.get(response.url).context["desk_views"]
        assert [(view["name"], view["active"]) for view in shown] == [("Big ones", True)]
        other = browser_as(factories.user("Analyst")).get(QUEUE)
        assert other.context["desk_views"] == []

    def test_a_second_of_the_same_name_replaces_the_first(self, browser):
        self._keep(browser)
        self._keep(browser, query="view=overdue")

        assert SavedView.objects.get().query == "view=overdue"

    def test_are_forgotten_by_their_owner_alone(self, browser, browser_as):
        self._keep(browser)
        view = SavedView.objects.get()
        address = reverse("admin:breaks_tradebreak_forget_view", args=[view.pk])

        assert browser_as(factories.user("Supervisor")).post(address).status_code == 404
        assert SavedView.objects.exists()
        assert browser.get(address).status_code == 405
        browser.post(address)
        assert not SavedView.objects.exists()

    @pytest.mark.parametrize(
        ("name", "query"), [("  ", "view=mine"), ("x" * 41, "view=mine"), ("x", "q=" + "y" * 2000)]
    )
    def test_refuse_what_cannot_be_kept_and_say_why(self, browser, name, query):
        response = browser.post(f"{QUEUE}views/", {"name": name, "query": query}, follow=True)

        assert [str(said) for said in response.context["messages"]]
        assert not SavedView.objects.exists()

    def test_lead_nowhere_but_to_the_queue(self, browser):
        response = self._keep(browser, query="https://evil.example/?view=mine")

        assert response.url.startswith(QUEUE + "?")

    def test_need_the_permission_to_look_at_breaks(self, browser_as):
        assert self._keep(browser_as(factories.user())).status_code == 403
        assert not SavedView.objects.exists()


class TestRowsThatOpen:
    def test_show_the_two_trades_and_what_differs(self, browser, differing_match):
        legs = {leg.side: leg.trade for leg in differing_match.legs.all()}
        row = factories.trade_break(
            match=differing_match, left_trade=legs["left"], right_trade=legs["right"]
        )
        address = reverse("admin:breaks_tradebreak_peek", args=[row.pk])

        assert address in browser.get(QUEUE).content.decode()
        shown = browser.get(address)

        lit = [line.label for line in shown.context["compared"]["lines"] if line.differs]
        assert lit == ["Price"]

    def test_show_every_leg_of_a_group(self, browser):
        fills = [factories.trade(source="custodian", quantity=n) for n in (600, 300)]
        match = factories.match(left=[factories.trade(quantity=1000)], right=fills)
        row = factories.trade_break("QUANTITY", match=match, left_trade=None, right_trade=None)

        page = browser.get(reverse("admin:breaks_tradebreak_peek", args=[row.pk])).content.decode()

        assert all(fill.source_trade_id in page for fill in fills)


class TestColumns:
    MONDAY = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)

    def _break(self, **over):
        return TradeBreak(opened_at=self.MONDAY - timedelta(days=3), due_at=self.MONDAY, **over)

    def test_age_is_in_business_time_and_the_calendar_s_in_the_title(self):
        # From Friday at nine to Monday at nine: nine hours of Friday and one of Monday.
        cell = str(age_cell(self._break(), now=self.MONDAY))

        assert ">10h 00m<" in cell
        assert "3d 0h ago by the calendar" in cell

    def test_age_of_an_ended_break_stands_still(self):
        ended = self._break(resolved_at=self.MONDAY - timedelta(days=3) + timedelta(hours=2))

        assert ">2h 00m<" in str(age_cell(ended, now=self.MONDAY))

    @pytest.mark.parametrize(
        ("minutes", "said", "kind"),
        [
            (-50, "50m", ""),
            # A quarter to eight in the morning: business begins at eight.
            (-75, "1h 00m", ""),
            (-20, "20m", "dk-soon"),
            (0, "0m", "dk-soon"),
            (61, "1h 01m late", "dk-late"),
        ],
    )
    def test_due_says_what_is_left_or_how_late_in_words(self, minutes, said, kind):
        cell = str(due_cell(self._break(), now=self.MONDAY + timedelta(minutes=minutes)))

        assert f">{said}<" in cell
        assert kind in cell
        assert ("Overdue" in cell) == ("late" in said)

    def test_due_of_a_team_is_in_its_hours(self):
        tokyo = factories.team("tokyo", timezone="Asia/Tokyo", opens_at="09:00", closes_at="17:00")
        tokyo.refresh_from_db()
        # Monday at nine in London is six in the evening in Tokyo: nothing was worked since.
        cell = str(due_cell(self._break(team=tokyo), now=self.MONDAY + timedelta(hours=3)))

        assert ">0m late<" in cell

    def test_an_ended_break_is_not_due(self):
        assert "late" not in str(due_cell(self._break(resolved_at=self.MONDAY), now=self.MONDAY))

    def test_long_times_are_whole_hours(self):
        assert worked(timedelta(hours=1234, minutes=30)) == "1,234h"


class TestCost:
    def test_sixty_rows_cost_no_more_queries_than_one(self, analyst, browser, queries):
        team = factories.team("ours", analyst)
        SavedView.objects.create(owner=analyst, name="Mine", query="view=mine")

        def add(count):
            for _ in range(count):
                factories.trade_break(team=team, assigned_to=analyst, exposure="7")

        add(1)
        browser.get(QUEUE)
        few = queries(browser, QUEUE), queries(browser, f"{QUEUE}?q=Goldman&due=over")
        add(59)

        assert (queries(browser, QUEUE), queries(browser, f"{QUEUE}?q=Goldman&due=over")) == few
        assert few == (11, 13)

    def test_a_row_that_opens_costs_the_same_however_many_there_are(
        self, browser, queries, differing_match
    ):
        row = factories.trade_break(match=differing_match)
        address = reverse("admin:breaks_tradebreak_peek", args=[row.pk])
        browser.get(QUEUE)

        assert queries(browser, address) <= 10
