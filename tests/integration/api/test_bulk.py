"""One act on many breaks over HTTP."""

import pytest

from breaks.models import ActBatch, ApprovalPolicy, TradeBreak
from breaks.services import work
from tests import factories

BULK = "/api/v1/breaks/bulk"


def of(*rows, version=1):
    return [{"id": row.pk, "version": version} for row in rows]


def post(client, act, breaks, key=None, **given):
    headers = {"Idempotency-Key": key} if key else {}
    body = {"act": act, "breaks": breaks, **given}
    return client.post(BULK, body, format="json", headers=headers)


class TestBulk:
    def test_answers_row_by_row(self, analyst, api_as):
        done, ended, stale, theirs = (factories.trade_break() for _ in range(4))
        said = {"version": 1, "at": factories.NOW}
        work.resolve(break_id=ended.pk, reason_code="BOOKED", by=analyst, **said)
        chen = factories.user("Analyst", username="chen")
        work.comment(break_id=stale.pk, text="mine", by=chen, **said)
        TradeBreak.objects.filter(pk=theirs.pk).update(team=factories.team("equities"))
        breaks = [
            *of(done),
            *of(ended, version=2),
            *of(stale),
            *of(theirs),
            {"id": 404, "version": 1},
        ]

        answer = post(api_as(analyst), "escalate", breaks, reason="cut-off")

        assert answer.status_code == 200
        results = answer.json()["results"]
        assert results[0] == {
            "id": done.pk, "match": None, "act": "escalate", "outcome": "done", "version": 2,
            "refusal": "", "approval_request_id": None, "undone": None, "undo_refusal": "",
        }  # fmt: skip
        assert [row["outcome"] for row in results[1:]] == ["refused"] * 4
        assert "is resolved" in results[1]["refusal"]
        assert "was changed by chen meanwhile" in results[2]["refusal"]
        assert results[3]["refusal"] == f"There is no break {theirs.pk}."
        assert results[4]["refusal"] == "There is no break 404."

    @pytest.mark.parametrize(
        ("act", "given", "status"),
        [
            ("claim", {}, "IN_PROGRESS"),
            ("assign", {"assigned_to": None}, "OPEN"),
            ("route", {"team": "equities", "reason": "theirs"}, "OPEN"),
            ("comment", {"text": "said"}, "OPEN"),
            (
                "await",
                {"reason": "asked", "until": "2126-01-01T00:00:00Z"},
                "AWAITING_COUNTERPARTY",
            ),
            ("escalate", {"reason": "large"}, "ESCALATED"),
            ("resolve", {"reason_code": "BOOKED"}, "RESOLVED"),
            ("accept", {"comment": "small"}, "ACCEPTED"),
        ],
    )
    def test_each_act_takes_what_it_takes_on_one(self, supervisor, api_as, act, given, status):
        ApprovalPolicy.objects.update(is_enabled=False)
        factories.team("equities")
        rows = [factories.trade_break() for _ in range(2)]

        answer = post(api_as(supervisor), act, of(*rows), **given)

        assert answer.status_code == 200, answer.json()
        assert set(TradeBreak.objects.values_list("status", flat=True)) == {status}
        assert not any(row["refusal"] for row in answer.json()["results"])

    def test_reopens(self, analyst, api_as):
        row = factories.trade_break(status="RESOLVED")

        post(api_as(analyst), "reopen", of(row), reason="again")

        row.refresh_from_db()
        assert row.status == "OPEN"

    @pytest.mark.parametrize(
        ("act", "change"),
        [
            ("nothing", {}),
            (None, {}),
            ({"a": 1}, {}),
            ("undo", {}),
            ("resolve", {}),
            ("resolve", {"reason_code": "WRITE_OFF"}),
            ("resolve", {"reason_code": "NOT_A_BREAK"}),
            ("claim", {"reason": "no such key"}),
            ("assign", {"assigned_to": "nobody-of-that-name"}),
            ("claim", {"breaks": []}),
            ("claim", {"breaks": [{"id": 1}]}),
            ("claim", {"breaks": [{"id": 1, "version": 1}, {"id": 1, "version": 2}]}),
            ("claim", {"breaks": [{"id": 1, "version": "x"}]}),
            ("claim", {"breaks": [{"id": n, "version": 1} for n in range(1, 1002)]}),
            ("claim", {"breaks": "1:1"}),
        ],
    )
    def test_refuses_what_it_does_not_understand(self, analyst, api_as, act, change):
        row = factories.trade_break()
        body = {"act": act, "breaks": of(row)} | change

        answer = api_as(analyst).post(BULK, body, format="json")

        assert answer.status_code == 400
        assert answer.json()["errors"]
        assert not ActBatch.objects.exists()

    @pytest.mark.parametrize("body", ["[]", '"x"', "null", "1"])
    def test_a_body_that_is_no_object(self, analyst, api_as, body):
        answer = api_as(analyst).post(BULK, body, content_type="application/json")
        assert answer.status_code == 400

    def test_accepting_needs_its_own_permission(self, integration, api_as):
        row = factories.trade_break()

        assert post(api_as(integration), "accept", of(row), comment="x").status_code == 403
        assert post(api_as(integration), "claim", of(row)).status_code == 200

    def test_what_the_policy_guards_is_asked_for(self, analyst, api_as):
        ApprovalPolicy.objects.filter(act="ACCEPT").update(is_enabled=True, above=0)
        row = factories.trade_break()

        [result] = post(api_as(analyst), "accept", of(row), comment="x").json()["results"]

        assert result["outcome"] == "requested"
        assert result["approval_request_id"] == row.approvals.get().pk

    def test_a_key_sent_twice_acts_once(self, analyst, api_as):
        row = factories.trade_break()
        client = api_as(analyst)

        first = post(client, "claim", of(row), key="k1")
        again = post(client, "claim", of(row), key="k1")

        assert again.json() == first.json()
        assert ActBatch.objects.count() == 1
        assert post(client, "claim", of(row, version=2), key="k1").status_code == 422


class TestBatch:
    @pytest.fixture
    def rows(self, db):
        return [factories.trade_break() for _ in range(2)]

    @pytest.fixture
    def batch(self, rows, analyst, api_as):
        return post(api_as(analyst), "escalate", of(*rows), reason="late").json()

    def test_is_read_by_its_maker_and_who_sees_every_team(self, batch, analyst, auditor, api_as):
        path = f"/api/v1/batches/{batch['id']}"

        assert api_as(analyst).get(path).json() == batch
        assert api_as(auditor).get(path).json() == batch
        assert api_as(factories.user("Analyst")).get(path).status_code == 404

    def test_is_undone_once(self, batch, rows, analyst, api_as):
        client, path = api_as(analyst), f"/api/v1/batches/{batch['id']}/undo"
        work.comment(break_id=rows[1].pk, version=2, text="wait", by=analyst, at=factories.NOW)

        undone = client.post(path, {}, format="json")

        assert undone.status_code == 200
        assert [row["undone"] for row in undone.json()["results"]] == [True, False]
        assert "meanwhile (commented" in undone.json()["results"][1]["undo_refusal"]
        assert undone.json()["undone_by"] == analyst.username
        assert [row.status for row in TradeBreak.objects.order_by("pk")] == ["OPEN", "ESCALATED"]
        again = client.post(path, {}, format="json")
        assert (again.status_code, again.json()["detail"][:7]) == (409, f"Batch {batch['id']}"[:7])

    def test_of_somebody_else_is_not_found_or_refused(self, batch, integration, api_as):
        path = f"/api/v1/batches/{batch['id']}/undo"

        assert api_as(factories.user("Analyst")).post(path, {}, format="json").status_code == 404
        refused = api_as(integration).post(path, {}, format="json")
        assert refused.status_code == 409
        assert "ask" in refused.json()["detail"]
