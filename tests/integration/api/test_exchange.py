import csv
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from breaks.models import ActBatch, ApprovalPolicy, ApprovalRequest
from breaks.services import work
from tests import factories
from tests.sheets import edited, exported

EXPORT, IMPORT = "/api/v1/breaks/export", "/api/v1/breaks/import"


@pytest.fixture
def free(db):
    ApprovalPolicy.objects.update(is_enabled=False)


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def send(client, text: str, query: str = ""):
    return client.generic("POST", f"{IMPORT}{query}", text.encode(), content_type="text/csv")


class TestExport:
    def test_has_the_lists_filters_and_order(self, api_as, auditor):
        rows = [factories.trade_break(exposure=n, severity=s)
                for n, s in (("1", "HIGH"), ("3", "HIGH"), ("2", "LOW"))]  # fmt: skip

        found = rows_of(api_as(auditor).get(f"{EXPORT}?severity=HIGH&ordering=-exposure"))

        assert [row["id"] for row in found] == [str(rows[1].pk), str(rows[0].pk)]

    def test_is_exact_unless_asked_to_be_safe(self, api_as, auditor):
        factories.trade_break(left_value="=1")
        client = api_as(auditor)

        [exact], [safe] = rows_of(client.get(EXPORT)), rows_of(client.get(f"{EXPORT}?mode=safe"))

        assert (exact["left_value"], safe["left_value"]) == ("=1", "'=1")

    def test_may_be_asked_for_as_csv_and_a_refusal_is_a_problem(self, api_as, auditor):
        client = api_as(auditor)

        assert rows_of(client.get(EXPORT, headers={"accept": "text/csv"})) == []
        for query in ("?mode=funny", "?page=2", "?no_such=1", "?ordering=x"):
            answer = client.get(f"{EXPORT}{query}", headers={"accept": "text/csv"})
            assert answer.status_code == 400
            assert json.loads(answer.content)["type"] == "urn:problem:invalid-request"

    def test_holds_only_what_the_caller_may_see(self, api_as, analyst):
        factories.trade_break(team=factories.team("others"))

        assert rows_of(api_as(analyst).get(EXPORT)) == []


class TestImport:
    def test_looks_first_unless_told_otherwise(self, api_as, analyst):
        chen = factories.user("Analyst", username="chen")
        rows = [factories.trade_break(exposure="10") for _ in range(4)]
        before = exported()
        work.claim(break_id=rows[1].pk, version=1, by=chen, at=factories.NOW)
        cells = {rows[0].pk: {"assigned_to": "chen"}, rows[1].pk: {"comment": "x"},
                 rows[2].pk: {"act": "fly"}}  # fmt: skip

        answer = send(api_as(analyst), edited(before, cells))

        assert answer.status_code == 200
        body = answer.json()
        assert (body["dry_run"], body["unchanged"], body["exposure"]) == (True, 1, "10")
        changed, stale, refused = body["rows"]
        assert changed == {
            "line": 2, "id": rows[0].pk, "outcome": "changed", "acts": ["assign"],
            "changes": [{"column": "assigned_to", "before": "", "after": "chen"}],
            "refusals": [], "since": [],
        }  # fmt: skip
        assert (stale["outcome"], stale["since"][0]["by"]) == ("stale", "chen")
        assert (refused["line"], refused["outcome"]) == (4, "refused")
        assert not ActBatch.objects.exists()

    @pytest.mark.usefixtures("free")
    def test_does_what_can_be_done(self, api_as, analyst):
        rows = [factories.trade_break() for _ in range(2)]
        text = edited(exported(), {rows[0].pk: {"comment": "x"}, rows[1].pk: {"act": "fly"}})
        file = SimpleUploadedFile("mine.csv", text.encode(), content_type="text/csv")

        answer = api_as(analyst).post(f"{IMPORT}?dry_run=false", {"file": file}, format="multipart")

        body = answer.json()
        assert [row["outcome"] for row in body["rows"]] == ["applied", "refused"]
        batch = ActBatch.objects.get()
        assert (body["batch"], batch.file_name) == (batch.pk, "mine.csv")
        assert rows[0].comments.get().text == "x"

    def test_becomes_a_request_where_policy_says_so(self, api_as, analyst):
        ApprovalPolicy.objects.filter(act="IMPORT").update(is_enabled=True, above=0)
        row = factories.trade_break()
        text = edited(exported(), {row.pk: {"comment": "x"}})
        client = api_as(analyst)

        unsaid = send(client, text, "?dry_run=false")
        answer = send(client, text, "?dry_run=false&reason=month+end&file_name=a.csv")

        assert (unsaid.status_code, answer.status_code) == (409, 202)
        [request] = ApprovalRequest.objects.all()
        assert answer.json()["approval_request_id"] == request.pk
        assert answer.json()["rows"][0]["outcome"] == "requested"
        assert not row.comments.exists()

    @pytest.mark.parametrize(
        ("content", "query", "why"),
        [
            ("a,b\n", "", "needs the columns id and version"),
            ("", "", "Send a file"),
            ("id,version\n", "?dry_run=perhaps", "dry_run"),
            ("id,version\n", "?dry=1", "Unknown key"),
        ],
    )
    def test_refuses_what_it_cannot_read(self, api_as, analyst, content, query, why):
        answer = send(api_as(analyst), content, query)

        assert answer.status_code == 400
        assert why in answer.json()["detail"]

    def test_takes_csv_and_nothing_else(self, api_as, analyst):
        client = api_as(analyst)

        assert client.post(IMPORT, {"x": 1}, format="json").status_code == 415
        assert client.post(IMPORT, {"x": "1"}, format="multipart").status_code == 400

    def test_has_a_limit(self, api_as, analyst, monkeypatch):
        monkeypatch.setattr("trades.api.parsing.Csv.most", 10)

        assert send(api_as(analyst), "id,version\n1,1\n").status_code == 400
