from decimal import Decimal

import pytest

from breaks.choices import BreakStatus, BreakType, EventKind, ReasonCode, Severity
from breaks.models import TradeBreak
from breaks.services import work
from tests import factories
from trades.choices import TradeState


@pytest.fixture
def client(api_as, analyst):
    return api_as(analyst)


@pytest.fixture
def boss(api_as, supervisor):
    return api_as(supervisor)


@pytest.fixture
def price_break(db) -> TradeBreak:
    return factories.trade_break(
        BreakType.PRICE,
        left_value="187.50",
        right_value="189.26",
        difference="-1.7600000000",
        exposure="176.00",
    )


def act(client, trade_break, name, body=None, version=None, **headers):
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    path = f"/api/v1/breaks/{trade_break.pk}/{name}"
    return client.post(path, body or {}, format="json", headers=headers)


class TestOpenBreaks:
    def test_are_those_somebody_must_work_the_newest_first(self, client, db):
        old = factories.trade_break(opened_at=factories.NOW.replace(hour=8))
        new = factories.trade_break(opened_at=factories.NOW.replace(hour=9))
        for ended in (BreakStatus.RESOLVED, BreakStatus.ACCEPTED):
            factories.trade_break(status=ended)

        rows = client.get("/api/v1/breaks/open").json()["results"]

        assert [row["id"] for row in rows] == [new.pk, old.pk]
        assert len(client.get("/api/v1/breaks").json()["results"]) == 4

    def test_a_row_says_what_disagrees(self, client, price_break, analyst):
        TradeBreak.objects.update(assigned_to=analyst)
        (row,) = client.get("/api/v1/breaks/open").json()["results"]
        left, right = price_break.left_trade, price_break.right_trade

        expected = {
            "id": price_break.pk,
            "trade_id": left.source_trade_id,
            "break_type": "PRICE",
            "category": "ECONOMIC",
            "severity": "HIGH",
            "status": "OPEN",
            "assigned_to": analyst.username,
            "created_at": "2026-03-05T12:00:00Z",
            "reconciliation": "oms-custodian",
            "source1": "oms",
            "source2": "custodian",
            "source1_trade_id": left.source_trade_id,
            "source2_trade_id": right.source_trade_id,
            "source1_trade": left.pk,
            "source2_trade": right.pk,
            "difference": "-1.76",
            "exposure": "176",
            "currency": "USD",
            "version": 1,
        }
        assert row | expected == row

    def test_a_missing_trade_is_named_by_who_reported_it(self, client, db):
        missing = factories.trade_break(BreakType.MISSING_LEFT)
        (row,) = client.get("/api/v1/breaks/open").json()["results"]

        assert row["trade_id"] == row["source2_trade_id"] == missing.right_trade.source_trade_id
        assert row["source1_trade_id"] is None

    def test_a_group_names_all_its_trades(self, client, db):
        fills = [factories.trade(source="custodian", source_trade_id=name) for name in ("F2", "F1")]
        block = factories.trade(source_trade_id="B1")
        match = factories.match(left=[block], right=fills)
        factories.trade_break(BreakType.QUANTITY, match=match, left_trade=block, right_trade=None)
        (row,) = client.get("/api/v1/breaks/open").json()["results"]

        assert (row["source1_trade_id"], row["source2_trade_id"]) == ("B1", "F1;F2")

    def test_24_digits_survive(self, client, db):
        whole = "12345678901234.0123456789"
        factories.trade_break(exposure=whole, difference=f"-{whole}")
        (row,) = client.get("/api/v1/breaks/open").json()["results"]

        assert (row["exposure"], row["difference"]) == (whole, f"-{whole}")


class TestFilters:
    @pytest.fixture
    def rows(self, db):
        other = factories.reconciliation("oms-prime", right_source="prime_broker")
        kim = factories.user(username="kim")
        return {
            "price": factories.trade_break(BreakType.PRICE, exposure="50", assigned_to=kim),
            "side": factories.trade_break(
                BreakType.SIDE, severity=Severity.CRITICAL, exposure="9", reconciliation=other
            ),
            "missing": factories.trade_break(
                BreakType.MISSING_RIGHT,
                severity=Severity.LOW,
                status=BreakStatus.RESOLVED,
                left_trade=factories.trade(
                    source_trade_id="NEEDLE-1", trade_date=factories.TRADE_DATE.replace(day=2)
                ),
            ),
        }

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("status=OPEN", {"price", "side"}),
            ("status=OPEN&status=RESOLVED", {"price", "side", "missing"}),
            ("severity=CRITICAL&severity=LOW", {"side", "missing"}),
            ("break_type=PRICE", {"price"}),
            ("category=ECONOMIC", {"price", "side", "missing"}),
            ("reconciliation=oms-prime", {"side"}),
            ("source=prime_broker", {"side"}),
            ("source=oms", {"price", "side", "missing"}),
            ("trade_date=2026-03-02", {"missing"}),
            ("from_date=2026-03-03&to_date=2026-03-31", {"price", "side"}),
            ("opened_since=2026-03-05T12:00:00Z", {"price", "side", "missing"}),
            ("opened_before=2026-03-05T12:00:00Z", set()),
            ("assigned_to=kim", {"price"}),
            ("is_assigned=false", {"side", "missing"}),
            ("is_assigned=true", {"price"}),
            ("min_exposure=10", {"price"}),
            ("search=needle", {"missing"}),
            ("search=AAPL", {"price", "side", "missing"}),
        ],
    )
    def test_keep_what_is_asked(self, client, rows, query, names):
        found = {row["id"] for row in client.get(f"/api/v1/breaks?{query}").json()["results"]}

        assert found == {rows[name].pk for name in names}

    @pytest.mark.parametrize(
        ("ordering", "names"),
        [
            ("severity", ["missing", "price", "side"]),
            ("-severity", ["side", "price", "missing"]),
            ("-exposure", ["price", "side", "missing"]),  # unknown comes last
            ("exposure", ["side", "price", "missing"]),
            ("trade_date,-severity", ["missing", "side", "price"]),
            ("id", ["price", "side", "missing"]),
        ],
    )
    def test_order_as_asked(self, client, rows, ordering, names):
        answer = client.get(f"/api/v1/breaks?ordering={ordering}").json()

        assert [row["id"] for row in answer["results"]] == [rows[name].pk for name in names]

    def test_find_a_trade_by_its_id(self, client, rows):
        trade = rows["price"].left_trade_id
        (row,) = client.get(f"/api/v1/breaks?trade={trade}").json()["results"]

        assert row["id"] == rows["price"].pk


class TestOneBreak:
    def test_shows_trades_explanation_and_timeline(self, client, analyst):
        left = factories.trade()
        right = factories.trade(source="custodian", price="189.26")
        match = factories.match(left=[left], right=[right])
        one = factories.trade_break(match=match, left_trade=left, right_trade=right)
        work.comment(break_id=one.pk, version=None, text="Asked", by=analyst, at=factories.NOW)

        answer = client.get(f"/api/v1/breaks/{one.pk}")
        shown = answer.json()

        assert answer["ETag"] == f'"{shown["version"]}"'
        assert [trade["price"] for trade in shown["trades"]["source2"]] == ["189.26"]
        assert "raw" not in shown["trades"]["source1"][0]
        scores = {score["field"]: score for score in shown["explanation"]}
        assert scores["side"]["similarity"] == 1
        assert scores["price"]["similarity"] < 1
        assert [event["reason"] for event in shown["timeline"]] == ["Asked"]

    def test_a_missing_trade_has_no_pair_to_explain(self, client, db):
        one = factories.trade_break(BreakType.MISSING_RIGHT)
        shown = client.get(f"/api/v1/breaks/{one.pk}").json()

        assert (shown["explanation"], shown["trades"]["source2"]) == ([], [])

    def test_history_is_in_order_with_its_chain(self, client, analyst, price_break):
        work.claim(break_id=price_break.pk, version=None, by=analyst, at=factories.NOW)
        work.comment(
            break_id=price_break.pk, version=None, text="Asked", by=analyst, at=factories.NOW
        )

        first, second = client.get(f"/api/v1/breaks/{price_break.pk}/history").json()["results"]

        assert (first["kind"], first["to_status"]) == (EventKind.STATUS_CHANGED, "IN_PROGRESS")
        assert (second["kind"], second["by"]) == (EventKind.COMMENTED, analyst.username)
        assert second["previous_digest"] == first["digest"]

    def test_history_of_no_break_is_404(self, client):
        assert client.get("/api/v1/breaks/77/history").status_code == 404


class TestActs:
    @pytest.mark.parametrize(
        ("name", "body", "status"),
        [
            ("claim", {}, BreakStatus.IN_PROGRESS),
            ("comment", {"text": "Asked"}, BreakStatus.OPEN),
            ("await", {"reason": "Asked them"}, BreakStatus.AWAITING_COUNTERPARTY),
            ("await", {"reason": "r", "until": "2100-01-01T00:00Z"}, "AWAITING_COUNTERPARTY"),
            ("escalate", {"reason": "Late"}, BreakStatus.ESCALATED),
            ("resolve", {"reason_code": "SOURCE_CORRECTED"}, BreakStatus.RESOLVED),
            ("resolve", {"reason_code": "NOT_A_BREAK", "comment": "Same"}, BreakStatus.RESOLVED),
            ("accept", {"comment": "Too small"}, BreakStatus.ACCEPTED),
            ("assign", {"assigned_to": None}, BreakStatus.OPEN),
        ],
    )
    @pytest.mark.usefixtures("unguarded")
    def test_answer_with_the_break(self, boss, price_break, name, body, status):
        answer = act(boss, price_break, name, body, version=1)

        assert answer.status_code == 200, answer.content
        shown = answer.json()
        assert (shown["id"], shown["status"]) == (price_break.pk, status)
        assert answer["ETag"] == f'"{shown["version"]}"'
        price_break.refresh_from_db()
        assert (price_break.status, price_break.version) == (status, shown["version"])

    def test_claiming_makes_it_mine(self, client, analyst, price_break):
        assert (
            act(client, price_break, "claim", version=1).json()["assigned_to"] == analyst.username
        )

    def test_assigning_gives_it_to_a_colleague(self, client, supervisor, price_break):
        body = {"assigned_to": supervisor.username, "reason": "Knows them"}
        answer = act(client, price_break, "assign", body, version=1)

        assert answer.json()["assigned_to"] == supervisor.username

    def test_an_ended_break_re_opens(self, client, db):
        ended = factories.trade_break(status=BreakStatus.RESOLVED)
        answer = act(client, ended, "reopen", {"reason": "Still there"}, version=1)

        assert (answer.json()["status"], answer.json()["reason_code"]) == ("OPEN", "")

    @pytest.mark.parametrize(
        ("name", "body", "field"),
        [
            ("claim", {"version": 1}, "version"),
            ("assign", {}, "assigned_to"),
            ("assign", {"assigned_to": "nobody"}, "assigned_to"),
            ("comment", {"text": " "}, "text"),
            ("await", {}, "reason"),
            ("await", {"reason": "r", "until": "soon"}, "until"),
            ("escalate", {"reason": ""}, "reason"),
            ("resolve", {}, "reason_code"),
            ("resolve", {"reason_code": "AUTO_CLEARED"}, "reason_code"),
            ("resolve", {"reason_code": "WRITE_OFF"}, "reason_code"),
            ("resolve", {"reason_code": "NOT_A_BREAK"}, "comment"),
            ("resolve", {"reason_code": "BOOKED", "status": "OPEN"}, "status"),
            ("accept", {}, "comment"),
            ("reopen", {}, "reason"),
        ],
    )
    def test_a_wrong_body_is_400_and_changes_nothing(self, boss, price_break, name, body, field):
        answer = act(boss, price_break, name, body, version=1)

        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        price_break.refresh_from_db()
        assert (price_break.version, price_break.status) == (1, BreakStatus.OPEN)

    def test_an_arrow_the_lifecycle_lacks_is_409(self, client, price_break):
        answer = act(client, price_break, "reopen", {"reason": "r"}, version=1)

        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:problem:transition-not-allowed"

    def test_what_a_colleague_works_on_is_409(self, client, supervisor, price_break):
        work.claim(break_id=price_break.pk, version=None, by=supervisor, at=factories.NOW)
        answer = act(client, price_break, "claim", version=2)

        assert answer.status_code == 409
        assert supervisor.username in answer.json()["detail"]


class TestVersions:
    def test_a_stale_write_is_412_with_what_changed(self, client, supervisor, price_break):
        work.escalate(
            break_id=price_break.pk, version=None, reason="Late", by=supervisor, at=factories.NOW
        )

        answer = act(client, price_break, "resolve", {"reason_code": "BOOKED"}, version=1)

        assert answer.status_code == 412
        problem = answer.json()
        assert (problem["current"]["status"], problem["current"]["version"]) == ("ESCALATED", 2)
        assert problem["changed_by"] == supervisor.username
        assert problem["changed_at"] == "2026-03-05T12:00:00Z"
        price_break.refresh_from_db()
        assert price_break.reason_code == ""

    @pytest.mark.parametrize(
        "name", ["claim", "assign", "await", "resolve", "accept", "reopen", "escalate"]
    )
    def test_a_write_without_a_version_is_428(self, api_as, supervisor, price_break, name):
        answer = act(api_as(supervisor), price_break, name)

        assert answer.status_code == 428
        assert "If-Match" in answer.json()["detail"]

    def test_a_comment_goes_without_but_heeds_one(self, client, price_break):
        assert act(client, price_break, "comment", {"text": "a"}).status_code == 200
        assert act(client, price_break, "comment", {"text": "b"}, version=1).status_code == 412
        assert price_break.comments.count() == 1

    def test_a_star_writes_over_any_version(self, client, supervisor, price_break):
        work.comment(
            break_id=price_break.pk, version=None, text="x", by=supervisor, at=factories.NOW
        )
        body = {"reason_code": ReasonCode.BOOKED}

        answer = act(client, price_break, "resolve", body, **{"If-Match": "*"})

        assert answer.status_code == 200

    def test_no_version_at_all_is_400(self, client, price_break):
        assert act(client, price_break, "claim", **{"If-Match": "new"}).status_code == 400


def test_a_cancelled_trade_is_seen_in_the_detail(client, db):
    one = factories.trade_break(
        BreakType.STATE,
        right_trade=factories.trade(source="custodian", state=TradeState.CANCELLED),
    )
    shown = client.get(f"/api/v1/breaks/{one.pk}").json()

    assert shown["trades"]["source2"][0]["state"] == "CANCELLED"
    assert Decimal(shown["trades"]["source2"][0]["quantity"]) == 100
    assert shown["match"] is None
