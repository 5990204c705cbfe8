"""The reports' rows over HTTP: figures of what the caller may see, and refusals that help."""

from datetime import timedelta

import pytest

from breaks.choices import BreakStatus, BreakType, Severity
from breaks.models import TradeBreak
from tests import factories
from tests.factories import NOW, TRADE_DATE

REPORTS = ["summary", "aging", "runs", "root-cause"]


@pytest.fixture
def boss(api_as, supervisor):
    return api_as(supervisor)


def report(client, name, **query):
    return client.get(f"/api/v1/reports/{name}", query)


class TestSummary:
    def test_tells_the_figures_of_the_scope(self, boss, time_machine):
        time_machine.move_to(NOW + timedelta(hours=3), tick=False)
        factories.run(left_trades=6, right_trades=4, matched_left=4, matched_right=4,
                      auto_matched=3, manual_review=1)  # fmt: skip
        factories.trade_break(exposure="100.50", due_at=NOW)
        factories.trade_break(exposure="0.25", due_at=NOW + timedelta(days=1))
        factories.trade_break(exposure=None, due_at=NOW + timedelta(days=1))
        for hours, due in ((1, 2), (3, 2)):
            factories.trade_break(
                status=BreakStatus.RESOLVED, resolved_at=NOW + timedelta(hours=hours),
                due_at=NOW + timedelta(hours=due), opened_at=NOW,
            )  # fmt: skip

        # Each break came with two trades of its own, which the run's counts know nothing of.
        assert report(boss, "summary").json() == {
            "timestamp": "2026-03-05T15:00:00Z",
            "total_trades": 10,
            "total_breaks": 5,
            "open_breaks": 3,
            "resolved_breaks": 2,
            "match_rate": 0.8,
            "auto_match_rate": 0.75,
            "overdue_breaks": 1,
            "open_exposure": "100.75",
            "open_exposure_by_currency": {"USD": "100.75"},
            "open_exposure_unknown": 1,
            "mean_time_to_resolve_seconds": 7200.0,
            "sla_met_pct": 50.0,
        }

    def test_of_nothing_there_is_no_rate(self, boss):
        told = report(boss, "summary").json()

        assert (told["total_trades"], told["total_breaks"], told["open_exposure"]) == (0, 0, "0")
        rates = ("match_rate", "auto_match_rate", "mean_time_to_resolve_seconds", "sla_met_pct")
        assert [told[name] for name in rates] == [None] * 4

    def test_several_currencies_are_not_added_up(self, boss):
        factories.trade_break(exposure="1", currency="USD")
        factories.trade_break(exposure="2", currency="EUR")

        told = report(boss, "summary").json()

        assert told["open_exposure"] is None
        assert told["open_exposure_by_currency"] == {"EUR": "2", "USD": "1"}

    def test_an_analyst_s_figures_are_of_what_they_may_see(self, api_as, analyst):
        ours, theirs = factories.team("ours", analyst), factories.team("theirs")
        for team in (ours, theirs, theirs, None):
            factories.trade_break(team=team, exposure="1")

        told = report(api_as(analyst), "summary").json()

        assert (told["open_breaks"], told["open_exposure"]) == (2, "2")
        assert report(api_as(analyst), "summary", team="theirs").json()["open_breaks"] == 0

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({"from_date": TRADE_DATE.isoformat()}, 2),
            ({"to_date": TRADE_DATE.isoformat()}, 2),
            ({"from_date": "2026-03-05"}, 1),
            ({"reconciliation": "oms-custodian"}, 2),
            ({"source": "exchange"}, 1),
            ({"source": "oms"}, 3),
            ({"team": "night"}, 1),
        ],
    )
    def test_narrows_by_what_is_asked(self, boss, query, count):
        other = factories.reconciliation("oms-exchange", right_source="exchange")
        factories.trade_break(trade_date=TRADE_DATE - timedelta(days=1))
        factories.trade_break(trade_date=TRADE_DATE, team=factories.team("night"))
        factories.trade_break(trade_date=TRADE_DATE + timedelta(days=1), reconciliation=other)

        assert report(boss, "summary", **query).json()["open_breaks"] == count


class TestAging:
    def test_rows_are_the_oldest_first_with_the_totals_of_all(self, boss, supervisor, time_machine):
        time_machine.move_to(NOW + timedelta(days=2), tick=False)
        new = factories.trade_break(opened_at=NOW + timedelta(hours=36), severity=Severity.LOW)
        old = factories.trade_break(opened_at=NOW, assigned_to=supervisor)
        factories.trade_break(status=BreakStatus.RESOLVED)

        told = report(boss, "aging", page_size=1).json()

        (row,) = told["results"]
        deadline = row.pop("sla_deadline")
        assert row == {
            "break_id": old.pk, "break_type": "PRICE", "status": "OPEN", "severity": "HIGH",
            "assigned_to": supervisor.username, "age_hours": 48.0,
            "business_age_hours": row["business_age_hours"],
        }  # fmt: skip
        assert deadline == old.due_at.isoformat().replace("+00:00", "Z")
        assert 0 < row["business_age_hours"] < 48
        assert told["next"]
        assert [bucket["total"] for bucket in told["buckets"]] == [1, 1, 0, 0, 0]
        assert told["buckets"][0]["by_severity"] == {
            "CRITICAL": 0, "HIGH": 0, "MEDIUM": 0, "LOW": 1,
        }  # fmt: skip
        young = report(boss, "aging", severity="LOW").json()
        assert [row["break_id"] for row in young["results"]] == [new.pk]
        assert sum(bucket["total"] for bucket in young["buckets"]) == 1

    def test_costs_no_query_a_row(self, boss, django_assert_max_num_queries):
        factories.trade_break()
        report(boss, "aging")
        for _ in range(5):
            factories.trade_break(assigned_to=factories.user("Analyst"))

        with django_assert_max_num_queries(9):
            assert len(report(boss, "aging").json()["results"]) == 6


class TestRuns:
    def test_a_row_is_what_the_run_kept(self, boss):
        old = factories.run(requested_at=NOW - timedelta(days=1), status="FAILED", error="No rules")
        new = factories.run(
            left_trades=3, right_trades=3, matched_left=2, matched_right=1, breaks_identified=3,
            started_at=NOW, finished_at=NOW + timedelta(seconds=2.5),
        )  # fmt: skip

        rows = report(boss, "runs").json()["results"]

        assert rows[0] == {
            "id": new.pk, "run_date": "2026-03-05", "reconciliation": "oms-custodian",
            "from_date": "2026-03-04", "to_date": "2026-03-04", "status": "SUCCEEDED",
            "total_trades": 6, "matched_trades": 3, "breaks_identified": 3, "match_rate": 0.5,
            "duration_seconds": 2.5, "error_message": "",
        }  # fmt: skip
        assert (rows[1]["id"], rows[1]["error_message"]) == (old.pk, "No rules")
        assert report(boss, "runs", from_date="2026-03-05").json()["results"] == []

    def test_runs_are_of_no_team(self, boss):
        told = report(boss, "runs", team="x")

        assert told.status_code == 400
        assert told.json()["errors"][0]["field"] == "team"


class TestRootCause:
    def test_names_what_holds_the_most(self, boss, analyst):
        for kind, count in ((BreakType.PRICE, 3), (BreakType.QUANTITY, 1)):
            for _ in range(count):
                factories.trade_break(kind, assigned_to=analyst)
        factories.trade_break(BreakType.MISSING_LEFT, status=BreakStatus.RESOLVED)

        assert report(boss, "root-cause").json() == {
            "top_break_types": [
                {"break_type": "PRICE", "breaks": 3, "open_breaks": 3},
                {"break_type": "MISSING_LEFT", "breaks": 1, "open_breaks": 0},
                {"break_type": "QUANTITY", "breaks": 1, "open_breaks": 1},
            ],
            "top_fields": [
                {"field": "price", "breaks": 3, "open_breaks": 3},
                {"field": "quantity", "breaks": 1, "open_breaks": 1},
            ],
            "top_assignees": [{"assigned_to": analyst.username, "breaks": 4, "open_breaks": 4}],
            "findings": [],
        }


@pytest.mark.parametrize("name", REPORTS)
class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "field", "says"),
        [
            ({"from_date": "04/03/2026"}, "from_date", "YYYY-MM-DD"),
            ({"from_date": "2026-03-05", "to_date": "2026-03-04"}, "to_date", "swap the two"),
            ({"reconciliation": "nope"}, "reconciliation", "There is no reconciliation 'nope'"),
            ({"source": "nope"}, "source", "custodian"),
            ({"colour": "red"}, "colour", "Unknown"),
        ],
    )
    def test_what_makes_no_sense_is_named(self, boss, name, query, field, says):
        factories.reconciliation()
        answer = report(boss, name, **query)

        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        (error,) = answer.json()["errors"]
        assert error["field"] == field
        assert says in error["detail"]

    def test_reading_changes_nothing(self, boss, name):
        factories.trade_break()
        before = list(TradeBreak.objects.values())

        assert report(boss, name).status_code == 200
        assert list(TradeBreak.objects.values()) == before
