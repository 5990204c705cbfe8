"""What every list does alike: pages, links, and queries that do not grow with the rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breaks.choices import BreakType
from breaks.services import work
from tests import factories


def _break() -> None:
    """A break of each shape: a pair, a missing trade, a group."""
    user = factories.user("Analyst")
    factories.trade_break(assigned_to=user)
    factories.trade_break(BreakType.MISSING_LEFT)
    fills = [factories.trade(source="custodian") for _ in range(2)]
    block = factories.trade()
    match = factories.match(left=[block], right=fills)
    factories.trade_break(BreakType.QUANTITY, match=match, left_trade=block, right_trade=None)


def _match() -> None:
    user = factories.user("Analyst")
    factories.match(
        left=[factories.trade()],
        right=[factories.trade(source="custodian")],
        decided_by=user,
        decided_at=factories.NOW,
    )


def _delivery() -> None:
    feed = factories.feed()
    factories.delivery(feed=feed, layout=factories.layout(), requested_by=factories.user("Analyst"))


MAKE = {
    "trades": factories.trade,
    "deliveries": _delivery,
    "reconciliation/runs": lambda: factories.run(requested_by=factories.user("Analyst")),
    "matches": _match,
    "breaks": _break,
    "breaks/open": _break,
}


@pytest.fixture
def client(api_as, supervisor):
    return api_as(supervisor)


def queries(client, path: str) -> tuple[int, int]:
    """Return how many rows a list shows and how many queries that took."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = client.get(f"/api/v1/{path}?page_size=1000")
    assert answer.status_code == 200
    return len(answer.json()["results"]), len(asked)


class TestQueries:
    @pytest.mark.parametrize("path", sorted(MAKE))
    def test_do_not_grow_with_the_rows(self, client, path):
        for _ in range(5):
            MAKE[path]()
        queries(client, path)  # whatever is read once and cached
        few, asked_for_few = queries(client, path)
        for _ in range(35):
            MAKE[path]()
        many, asked_for_many = queries(client, path)

        assert many == 8 * few
        assert asked_for_many == asked_for_few <= 6

    def test_nor_do_those_of_rejected_rows(self, client, supervisor):
        delivery = factories.delivery(rejected=40)
        decided = {"decided_by": supervisor, "decided_at": factories.NOW, "status": "DISCARDED"}
        counts = []
        for line in range(40):
            factories.rejected_row(delivery=delivery, line_number=line, **decided)
            if line in (4, 5, 39):
                counts.append(queries(client, f"deliveries/{delivery.pk}/rejected"))

        assert [rows for rows, _ in counts] == [5, 6, 40]
        assert counts[1][1] == counts[2][1]

    def test_nor_do_those_of_a_history(self, client, supervisor):
        one = factories.trade_break()
        counts = []
        for turn in range(40):
            work.comment(break_id=one.pk, version=None, text="x", by=supervisor, at=factories.NOW)
            if turn in (4, 5, 39):
                counts.append(queries(client, f"breaks/{one.pk}/history"))

        assert [rows for rows, _ in counts] == [5, 6, 40]
        assert counts[1][1] == counts[2][1]

    @pytest.mark.parametrize("fills", [2, 20])
    def test_a_break_of_a_large_group_is_one_read(self, client, fills):
        block = factories.trade()
        parts = [
            factories.trade(source="custodian", counterparty_name=f"Bank {number}")
            for number in range(fills)
        ]
        match = factories.match(left=[block], right=parts)
        one = factories.trade_break(
            BreakType.QUANTITY, match=match, left_trade=block, right_trade=None
        )
        with CaptureQueriesContext(connection) as asked:
            shown = client.get(f"/api/v1/breaks/{one.pk}").json()

        assert len(shown["trades"]["source2"]) == fills
        # Of the trades one query, one of each table of reference data that names them, and one of
        # the hours of the teams.
        assert len(asked) == 13


class TestPages:
    @pytest.fixture
    def trades(self, db):
        return [factories.trade(source_trade_id=f"T{number}") for number in range(5)]

    def test_lead_through_every_row_once_and_back(self, client, trades):
        seen, pages, url = [], [], "/api/v1/trades?page_size=2&ordering=source_trade_id"
        while url:
            page = client.get(url).json()
            seen += [row["source_trade_id"] for row in page["results"]]
            pages.append(page)
            url = page["next"]

        assert seen == ["T0", "T1", "T2", "T3", "T4"]
        assert [len(page["results"]) for page in pages] == [2, 2, 1]
        assert "ordering=source_trade_id" in pages[0]["next"]
        back = client.get(client.get(pages[2]["previous"]).json()["previous"]).json()
        assert back["results"] == pages[0]["results"]
        assert back["previous"] is None

    def test_a_full_last_page_has_no_next(self, client, trades):
        page = client.get("/api/v1/trades?page_size=5").json()

        assert (len(page["results"]), page["next"]) == (5, None)

    def test_past_the_end_is_empty(self, client, trades):
        page = client.get("/api/v1/trades?page=9").json()

        assert (page["results"], page["next"]) == ([], None)

    def test_count_only_where_it_is_asked_for(self, client, trades):
        assert "count" not in client.get("/api/v1/trades").json()
        assert client.get("/api/v1/trades?count=true&page_size=1").json()["count"] == 5

    def test_rows_that_tie_keep_their_order(self, client, trades):
        rows = client.get("/api/v1/trades?ordering=-trade_date").json()["results"]

        assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
