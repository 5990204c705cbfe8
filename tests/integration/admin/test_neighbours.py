"""The way from a break to the next one of the view one came from."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from breaks.admin import neighbours
from breaks.models import TradeBreak
from breaks.services import work
from tests import factories

QUEUE = reverse("admin:breaks_tradebreak_changelist")


def page_of(row, view="", name="change"):
    query = f"?{urlencode({neighbours.FILTERS: view})}" if view else ""
    return reverse(f"admin:breaks_tradebreak_{name}", args=[row.pk]) + query


@pytest.fixture
def desk(analyst, browser_as):
    return browser_as(analyst)


def shown(desk, row, view=""):
    return desk.get(page_of(row, view)).context["navigation"]


def breaks(*exposures, **over):
    return [factories.trade_break(exposure=str(one), **over) for one in exposures]


def in_order(desk, view):
    return [row.pk for row in desk.get(f"{QUEUE}?{view}").context["cl"].result_list]


class TestTheQueuesOwnOrder:
    def test_leads_from_the_dearest_to_the_cheapest_and_back(self, desk):
        cheap, dear, middle = breaks(1, 100_000, 5_000)

        top, between, last = (shown(desk, row) for row in (dear, middle, cheap))

        assert (top["previous"], top["next"]) == ("", page_of(middle))
        assert (between["previous"], between["next"]) == (page_of(dear), page_of(cheap))
        assert (last["previous"], last["next"]) == (page_of(middle), "")
        assert [one["position"] for one in (top, between, last)] == ["1 of 3", "2 of 3", "3 of 3"]

    def test_breaks_of_one_rank_are_walked_one_by_one(self, desk):
        rows = breaks(7, 7, 7, 7)
        assert len({row.rank for row in rows}) == 1
        walked, address = [], page_of(rows[-1])

        while address:
            answer = desk.get(address)
            walked.append(answer.context["original"].pk)
            address = answer.context["navigation"]["next"]

        assert walked == in_order(desk, "")

    def test_only_the_view_one_came_from_is_walked(self, desk, analyst):
        mine = breaks(10, 30, assigned_to=analyst)
        breaks(20)

        navigation = shown(desk, mine[1], "view=mine")

        assert navigation["next"] == page_of(mine[0], "view=mine")
        assert navigation["queue"] == f"{QUEUE}?view=mine"
        assert navigation["position"] == "1 of 2"

    def test_the_lists_own_links_carry_the_view(self, desk, analyst):
        (row,) = breaks(10, assigned_to=analyst)

        page = desk.get(f"{QUEUE}?view=mine").content.decode()

        assert page_of(row, "view=mine") in page

    def test_a_break_that_left_the_view_still_knows_the_way_on(self, desk, analyst):
        cheap, gone, dear = breaks(1, 50, 1_000)
        work.resolve(
            break_id=gone.pk, version=1, reason_code="BOOKED", by=analyst, at=factories.NOW
        )

        navigation = shown(desk, gone)

        assert navigation["left"]
        assert navigation["position"] == ""
        assert (navigation["previous"], navigation["next"]) == (page_of(dear), page_of(cheap))

    def test_what_cannot_be_seen_is_passed_over(self, desk):
        cheap, hidden, dear = breaks(1, 50, 1_000)
        TradeBreak.objects.filter(pk=hidden.pk).update(team=factories.team("others"))

        assert shown(desk, dear)["next"] == page_of(cheap)

    def test_counts_only_so_far(self, desk, monkeypatch):
        monkeypatch.setattr(neighbours, "MOST_COUNTED", 2)
        rows = breaks(6, 5, 4, 3, 2, 1)

        positions = [shown(desk, row)["position"] for row in rows]

        assert positions == ["1 of 3+", "2 of 4+", "3 of 5+", "", "", ""]

    @pytest.mark.parametrize("view", ["severity__exact=HIGH&no_such=1", "o=x", "view=%00", "p=9e9"])
    def test_a_view_that_is_none_is_the_queue(self, desk, view):
        _, dear = breaks(1, 2)

        assert desk.get(page_of(dear, view)).status_code == 200


class TestOtherOrders:
    """The links look once they are followed, for no index may lead to what is beside."""

    def walk(self, desk, row, view, name):
        walked = [row.pk]
        while len(walked) < 20:
            answer = desk.get(page_of(row, view, name), follow=True)
            found = answer.context["original"]
            if found.pk == walked[-1]:
                assert "of the view" in str(list(answer.context["messages"])[-1])
                return walked
            walked.append(found.pk)
            row = found
        raise AssertionError(walked)

    @pytest.fixture
    def mixed(self, analyst):
        return [
            factories.trade_break(**over)
            for over in (
                {"exposure": "5", "severity": "LOW", "difference": "-2"},
                {"exposure": None, "severity": "HIGH", "difference": None},
                {"exposure": "12345678901234567.0000000001", "severity": "HIGH"},
                {"exposure": "12345678901234567.0000000002", "severity": "CRITICAL"},
                {"exposure": "5", "severity": "LOW", "assigned_to": analyst, "difference": "10"},
            )
        ]

    @pytest.mark.thorough
    def test_walk_as_the_list_is_sorted_by_each_column_and_back(self, desk, mixed):
        columns = desk.get(QUEUE).context["cl"].list_display
        sorted_ones = 0
        for number in range(1, len(columns)):
            for sign in ("", "-"):
                view = f"o={sign}{number}"
                expected = in_order(desk, view)
                first, last = (TradeBreak.objects.get(pk=expected[at]) for at in (0, -1))

                assert self.walk(desk, first, view, "next") == expected, columns[number]
                if not sign:
                    back = self.walk(desk, last, view, "previous")
                    assert back == expected[::-1], columns[number]
                sorted_ones += expected != in_order(desk, "")
        assert sorted_ones > 8

    def test_walk_what_was_searched_for(self, desk):
        named = [
            factories.trade_break(
                exposure=str(n), left_trade=factories.trade(counterparty_name="Zephyr")
            )
            for n in (3, 1)
        ]
        breaks(2)

        navigation = shown(desk, named[0], "q=Zephyr")
        answer = desk.get(navigation["next"])

        assert answer.headers["Location"] == page_of(named[1], "q=Zephyr")


class TestAndNext:
    def test_an_act_leads_to_the_next_one(self, desk):
        cheap, dear = breaks(1, 2)
        view = "severity__exact=HIGH"

        answer = desk.post(
            page_of(dear, view, "resolve"),
            {"version": 1, "reason_code": "BOOKED", "then_next": "1"},
        )

        assert answer.headers["Location"] == page_of(cheap, view)

    def test_without_it_one_stays_with_the_view_at_hand(self, desk):
        dear, _ = breaks(2, 1)

        answer = desk.post(
            page_of(dear, "view=open", "resolve"), {"version": 1, "reason_code": "BOOKED"}
        )

        assert answer.headers["Location"] == page_of(dear, "view=open")

    def test_a_dialog_goes_on_too(self, desk):
        cheap, dear = breaks(1, 2)

        answer = desk.post(
            page_of(dear, "", "escalate"),
            {"version": 1, "reason": "late", "then_next": "1"},
            headers={"HX-Request": "true"},
        )

        assert answer.headers["HX-Redirect"] == page_of(cheap)

    def test_is_offered_only_where_there_is_a_next(self, desk):
        cheap, dear = breaks(1, 2)

        assert "Resolve and next" in desk.get(page_of(dear, "", "resolve")).content.decode()
        assert "and next" not in desk.get(page_of(cheap, "", "resolve")).content.decode()
        assert "and next" not in desk.get(page_of(dear, "", "comment")).content.decode()

    def test_a_refusal_goes_nowhere(self, desk):
        dear, _ = breaks(2, 1)

        answer = desk.post(
            page_of(dear, "", "resolve"), {"version": 1, "reason_code": "", "then_next": "1"}
        )

        assert answer.status_code == 200
