import pytest

from breaks.choices import BreakStatus, BreakType, ReasonCode
from breaks.models import TradeBreak
from matching.choices import MatchStatus
from matching.models import Match, MatchLeg
from tests import factories


@pytest.fixture
def client(api_as, analyst):
    return api_as(analyst)


@pytest.fixture
def pair(db):
    return factories.trade(), factories.trade(source="custodian", price="189.26")


@pytest.fixture
def proposal(pair):
    left, right = pair
    return factories.match(left=[left], right=[right], status=MatchStatus.PROPOSED)


def pair_by_hand(client, left, right, **over):
    body = {
        "reconciliation": factories.reconciliation().code,
        "source1_trades": [left.pk],
        "source2_trades": [right.pk],
        "reason": "Same order",
    }
    return client.post("/api/v1/matches", body | over, format="json")


class TestReading:
    def test_a_row_has_its_legs(self, client, pair):
        left, right = pair
        match = factories.match(left=[left], right=[right])
        (row,) = client.get("/api/v1/matches").json()["results"]

        assert (row["id"], row["kind"], row["status"]) == (match.pk, "1:1", "MATCHED")
        assert [(leg["side"], leg["trade"], leg["source"]) for leg in row["legs"]] == [
            ("source1", left.pk, "oms"),
            ("source2", right.pk, "custodian"),
        ]

    def test_one_has_differences_candidates_and_why(self, client, pair):
        left, right = pair
        other = factories.trade(source="custodian")
        difference = {
            "field": "price",
            "kind": "PRICE",
            "left_value": "187.5",
            "right_value": "189.26",
            "difference": "-1.76",
        }
        match = factories.match(
            left=[left], right=[right], differences=[difference], alternatives=[other]
        )
        shown = client.get(f"/api/v1/matches/{match.pk}").json()

        assert shown["differences"] == [difference | {"tolerance": ""}]
        assert [(one["side"], one["trade"]["id"]) for one in shown["alternatives"]] == [
            ("source2", other.pk)
        ]
        assert [leg["trade"]["price"] for leg in shown["legs"]] == ["187.5", "189.26"]
        assert {"side", "quantity", "price"} <= {score["field"] for score in shown["explanation"]}

    def test_a_group_is_explained_by_what_its_legs_come_to(self, client, pair):
        left, right = pair
        match = factories.match(left=[left], right=[right, factories.trade(source="custodian")])

        scores = client.get(f"/api/v1/matches/{match.pk}").json()["explanation"]

        (quantity,) = [score for score in scores if score["field"] == "quantity"]
        assert (quantity["left"], quantity["right"]) == ("100", "200")

    def test_rules_that_no_longer_run_do_not_hide_the_match(self, client, pair):
        left, right = pair
        broken = factories.rule_set("broken", definition={"fields": "gone"})
        match = factories.match(left=[left], right=[right], rule_set=broken)

        answer = client.get(f"/api/v1/matches/{match.pk}")

        assert (answer.status_code, answer.json()["explanation"]) == (200, [])

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=PROPOSED", {"proposed"}),
            ("decision=AUTO", {"made"}),
            ("kind=1:1", {"made", "proposed"}),
            ("reconciliation=oms-custodian", {"made", "proposed"}),
            ("reconciliation=other", set()),
            ("trade_date=2026-03-04", {"made", "proposed"}),
            ("search=needle", {"made"}),
            ("pass_name=reference", {"made", "proposed"}),
        ],
    )
    def test_filters_keep_what_is_asked(self, client, proposal, query, found):
        needle = factories.trade(source_trade_id="NEEDLE")
        made = factories.match(left=[needle], right=[factories.trade(source="custodian")])
        names = {made.pk: "made", proposal.pk: "proposed"}

        rows = client.get(f"/api/v1/matches?{query}").json()["results"]

        assert {names[row["id"]] for row in rows} == found

    def test_find_the_match_of_a_trade(self, client, proposal, pair):
        rows = client.get(f"/api/v1/matches?trade={pair[1].pk}").json()["results"]

        assert [row["id"] for row in rows] == [proposal.pk]


class TestPairingByHand:
    def test_makes_a_match_and_opens_what_still_disagrees(self, client, analyst, pair):
        answer = pair_by_hand(client, *pair)

        assert answer.status_code == 201, answer.content
        shown = answer.json()
        assert answer["Location"] == f"/api/v1/matches/{shown['id']}"
        assert (shown["decision"], shown["decided_by"]) == ("MANUAL", analyst.username)
        assert [difference["kind"] for difference in shown["differences"]] == ["PRICE"]
        assert TradeBreak.objects.live().get(match=shown["id"]).break_type == BreakType.PRICE

    def test_refuses_a_trade_that_is_matched(self, client, pair):
        left, right = pair
        factories.match(left=[left], right=[right])

        answer = pair_by_hand(client, left, factories.trade(source="custodian"))

        assert answer.status_code == 409
        assert Match.objects.count() == 1

    def test_refuses_a_trade_of_the_wrong_side(self, client, pair):
        left, right = pair

        assert pair_by_hand(client, right, left).status_code == 409

    @pytest.mark.parametrize(
        ("over", "field"),
        [
            ({"reconciliation": "none"}, "reconciliation"),
            ({"source1_trades": []}, "source1_trades"),
            ({"source2_trades": ["x"]}, "source2_trades.0"),
            ({"reason": ""}, "reason"),
            ({"legs": [1]}, "legs"),
        ],
    )
    def test_a_wrong_body_is_400(self, client, pair, over, field):
        answer = pair_by_hand(client, *pair, **over)

        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert not Match.objects.exists()


class TestDeciding:
    def test_confirming_makes_the_match(self, client, proposal):
        answer = client.post(f"/api/v1/matches/{proposal.pk}/confirm", {}, format="json")

        assert (answer.status_code, answer.json()["status"]) == (200, "MATCHED")

    def test_rejecting_frees_the_trades(self, client, proposal):
        body = {"reason": "Two orders"}
        answer = client.post(f"/api/v1/matches/{proposal.pk}/reject", body, format="json")

        assert (answer.status_code, answer.json()["status"]) == (200, "REJECTED")
        assert answer.json()["decision_note"] == "Two orders"
        assert not MatchLeg.objects.filter(is_live=True).exists()

    def test_rejecting_says_why(self, client, proposal):
        answer = client.post(f"/api/v1/matches/{proposal.pk}/reject", {}, format="json")

        assert answer.status_code == 400

    @pytest.mark.parametrize("name", ["confirm", "reject"])
    def test_what_is_decided_is_409(self, client, pair, name):
        match = factories.match(left=[pair[0]], right=[pair[1]])
        answer = client.post(f"/api/v1/matches/{match.pk}/{name}", {"reason": "r"}, format="json")

        assert answer.status_code == 409
        assert "not proposed" in answer.json()["detail"]


class TestTakingApart:
    @pytest.mark.parametrize("where", ["body", "query"])
    def test_clears_the_breaks_of_the_match(self, client, pair, where):
        shown = pair_by_hand(client, *pair).json()
        path = f"/api/v1/matches/{shown['id']}"
        answer = (
            client.delete(path, {"reason": "Two orders"}, format="json")
            if where == "body"
            else client.delete(f"{path}?reason=Two+orders")
        )

        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "UNMATCHED"
        old = TradeBreak.objects.get(break_type=BreakType.PRICE)
        assert (old.status, old.reason_code) == (BreakStatus.RESOLVED, ReasonCode.AUTO_CLEARED)

    def test_says_why_once(self, client, pair):
        path = f"/api/v1/matches/{pair_by_hand(client, *pair).json()['id']}"

        assert client.delete(path).status_code == 400
        assert client.delete(f"{path}?reason=a", {"reason": "b"}, format="json").status_code == 400
        assert Match.objects.get().status == MatchStatus.MATCHED

    def test_a_proposal_is_not_taken_apart(self, client, proposal):
        answer = client.delete(f"/api/v1/matches/{proposal.pk}?reason=r")

        assert answer.status_code == 409
