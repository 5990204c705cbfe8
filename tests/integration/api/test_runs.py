import pytest

from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun, RuleSet
from tests import factories

DAY = {"trade_date": "2026-03-04"}
SOURCES = {"source1": "oms", "source2": "custodian"}
WAIT = {"Prefer": "wait"}


@pytest.fixture
def client(api_as, integration):
    return api_as(integration)


@pytest.fixture(autouse=True)
def woken(monkeypatch, db) -> list[int]:
    """Return the ids of runs a worker was woken for; no broker is touched."""
    ids: list[int] = []
    monkeypatch.setattr("workflows.services.starting.wake_run", ids.append)
    return ids


def start(client, body, **headers):
    return client.post("/api/v1/reconciliation/run", body, format="json", headers=headers)


class TestStarting:
    def test_queues_a_run_for_a_worker(self, client, integration, woken):
        answer = start(client, DAY | SOURCES)

        run = ReconciliationRun.objects.get()
        assert answer.status_code == 202
        assert answer.json() == {"run_id": run.pk, "status": "QUEUED"}
        assert answer["Location"] == f"/api/v1/reconciliation/runs/{run.pk}"
        assert (run.requested_by, woken) == (integration, [run.pk])

    def test_runs_inline_for_who_waits(self, client, woken):
        factories.trade(source_trade_id="T1")
        factories.trade(source="custodian", price="189.26")
        factories.trade(source_trade_id="T3", isin="US5949181045", symbol="MSFT")

        answer = start(client, DAY | SOURCES, **WAIT)

        assert answer.status_code == 200, answer.content
        assert answer["Preference-Applied"] == "wait"
        figures = answer.json()
        expected = {
            "status": "SUCCEEDED",
            "auto_matched": 1,
            "manual_review": 0,
            "breaks_identified": 2,
            "unmatched_source1": 1,
            "unmatched_source2": 0,
            "match_rate": 0.6667,
            "reconciliation": "oms-custodian",
        }
        assert figures | expected == figures
        assert figures["duration_seconds"] >= 0
        assert woken == []

    def test_takes_a_range_and_a_name(self, client):
        factories.reconciliation("block", left_source="oms", right_source="prime_broker")
        body = {"from_date": "2026-03-02", "to_date": "2026-03-04", "reconciliation": "block"}

        assert start(client, body).status_code == 202
        run = ReconciliationRun.objects.get()
        assert (str(run.from_date), str(run.to_date)) == ("2026-03-02", "2026-03-04")
        assert run.reconciliation.code == "block"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "trade_date"),
            (SOURCES, "trade_date"),
            (DAY, "reconciliation"),
            (DAY | {"source1": "oms"}, "source2"),
            (SOURCES | {"from_date": "2026-03-04"}, "to_date"),
            (SOURCES | {"from_date": "2026-03-04", "to_date": "2026-03-03"}, "to_date"),
            (SOURCES | DAY | {"to_date": "2026-03-04"}, "to_date"),
            (DAY | SOURCES | {"reconciliation": "x"}, "source1"),
            (DAY | {"reconciliation": "nope"}, "reconciliation"),
            (DAY | {"source1": "oms", "source2": "oms"}, "source2"),
            (DAY | {"source1": "oms", "source2": "nope"}, "source2"),
            (SOURCES | {"trade_date": "4/3/2026"}, "trade_date"),
            (DAY | SOURCES | {"partitions": 4}, "partitions"),
        ],
    )
    def test_a_wrong_body_is_400_and_starts_nothing(self, client, body, field):
        before = Reconciliation.objects.count()
        answer = start(client, body)

        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert not ReconciliationRun.objects.exists()
        assert Reconciliation.objects.count() == before

    @pytest.mark.parametrize("headers", [{}, WAIT])
    def test_the_same_scope_is_409(self, client, headers):
        busy = factories.run(status=RunStatus.RUNNING)
        answer = start(client, DAY | {"reconciliation": busy.reconciliation.code}, **headers)

        assert answer.status_code == 409
        assert answer.json()["run_id"] == busy.pk
        assert answer.json()["type"] == "urn:problem:scope-busy"
        assert ReconciliationRun.objects.count() == 1

    def test_without_active_rules_is_409(self, client):
        RuleSet.objects.update(status="RETIRED")
        answer = start(client, DAY | SOURCES)

        assert answer.status_code == 409
        assert "activate" in answer.json()["detail"]


class TestReading:
    def test_a_running_one_tells_how_far_it_is(self, client, analyst):
        run = factories.run(
            status=RunStatus.RUNNING, step="Pairing", progress_pct=25, requested_by=analyst
        )
        shown = client.get(f"/api/v1/reconciliation/runs/{run.pk}").json()

        assert (shown["status"], shown["step"], shown["progress_pct"]) == ("RUNNING", "Pairing", 25)
        assert shown["requested_by"] == analyst.username
        assert (shown["match_rate"], shown["duration_seconds"]) == (None, None)

    def test_a_failed_one_tells_why(self, client):
        run = factories.run(status=RunStatus.FAILED, error="The rules are wrong.")

        shown = client.get(f"/api/v1/reconciliation/runs/{run.pk}").json()

        assert (shown["status"], shown["error"]) == ("FAILED", "The rules are wrong.")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["late", "early"]),
            ("?status=FAILED", ["late"]),
            ("?source2=custodian", ["late", "early"]),
            ("?source1=custodian", []),
            ("?reconciliation=oms-custodian", ["late", "early"]),
            ("?trade_date=2026-03-04", ["early"]),
            ("?requested_since=2026-03-06T00:00:00Z", ["late"]),
            ("?ordering=id", ["early", "late"]),
        ],
    )
    def test_the_list_is_the_newest_first(self, client, query, found):
        early = factories.run()
        late = factories.run(
            status=RunStatus.FAILED,
            error="x",
            from_date=factories.TRADE_DATE.replace(day=6),
            requested_at=factories.NOW.replace(day=6),
        )
        names = {early.pk: "early", late.pk: "late"}

        rows = client.get(f"/api/v1/reconciliation/runs{query}").json()["results"]

        assert [names[row["run_id"]] for row in rows] == found
