"""Every refusal is a problem document, whoever makes it."""

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from breaks.api import views
from tests import factories

MEMBERS = {"type", "title", "status", "detail", "errors"}


def problem(answer, status: int) -> dict:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document.keys() >= MEMBERS
    assert document["status"] == status
    assert document["detail"]
    return document


class TestWithoutACaller:
    def test_says_how_to_come_in(self, api, db):
        answer = api.get("/api/v1/breaks")

        assert "create_token" in problem(answer, 401)["detail"]
        assert answer["WWW-Authenticate"] == "Token"

    @pytest.mark.parametrize("header", ["Token abc", "Token ", "Token a b", "Token é"])
    def test_a_wrong_token_is_401(self, api, db, header):
        answer = api.get("/api/v1/breaks", HTTP_AUTHORIZATION=header.encode().decode("latin-1"))

        problem(answer, 401)

    def test_an_unknown_path_is_404_and_no_page(self, api, db):
        document = problem(api.get("/api/v1/exceptions/nothing"), 404)

        assert "/api/v1/exceptions/nothing" in document["detail"]

    @pytest.mark.parametrize("path", ["/api/v2/breaks", "/api/", "/api/v1/", "/api/v1/breaks/x"])
    def test_so_is_any_other(self, api, db, path):
        problem(api.post(path), 404)

    def test_a_slash_too_many_is_named(self, api, db):
        assert "/api/v1/breaks" in problem(api.get("/api/v1/breaks/"), 404)["detail"]


class TestToken:
    def test_lets_in_until_it_expires_or_its_user_leaves(self, analyst):
        _, token = AuthToken.objects.create(analyst)
        client = APIClient(HTTP_AUTHORIZATION=f"Token {token}")
        assert client.get("/api/v1/breaks").status_code == 200

        User.objects.filter(pk=analyst.pk).update(is_active=False)
        problem(client.get("/api/v1/breaks"), 401)

        User.objects.filter(pk=analyst.pk).update(is_active=True)
        AuthToken.objects.update(expiry=factories.NOW)
        problem(client.get("/api/v1/breaks"), 401)


class TestSession:
    def test_reads_with_a_cookie(self, browser_as, analyst):
        assert browser_as(analyst).get("/api/v1/breaks").status_code == 200

    def test_writes_only_with_the_csrf_token(self, analyst):
        client = Client(enforce_csrf_checks=True)
        client.force_login(analyst)

        answer = client.post("/api/v1/reconciliation/run", {}, content_type="application/json")

        assert "CSRF" in problem(answer, 403)["detail"]


class TestWithACaller:
    def test_names_the_permission_that_lacks(self, api_as, auditor):
        answer = api_as(auditor).post("/api/v1/matches", {}, format="json")

        assert "matching.decide_match" in problem(answer, 403)["detail"]

    @pytest.mark.parametrize("verb", ["put", "patch", "delete", "options"])
    def test_a_method_that_is_not_there(self, api_as, analyst, verb):
        answer = getattr(api_as(analyst), verb)("/api/v1/breaks")

        problem(answer, 405)
        assert "GET" in answer["Allow"]

    def test_a_body_that_is_not_json(self, api_as, analyst):
        client = api_as(analyst)

        broken = client.post("/api/v1/matches", "{", content_type="application/json")
        form = client.post("/api/v1/matches", {"reason": "x"})

        assert "JSON" in problem(broken, 400)["detail"]
        assert "application/json" in problem(form, 415)["detail"]

    def test_an_answer_we_do_not_make(self, api_as, analyst):
        problem(api_as(analyst).get("/api/v1/breaks", HTTP_ACCEPT="text/csv"), 406)

    def test_a_row_that_is_not_there(self, api_as, analyst):
        assert (
            "/api/v1/breaks/77" in problem(api_as(analyst).get("/api/v1/breaks/77"), 404)["detail"]
        )

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("sevrity=HIGH", "sevrity"),
            ("severity=HUGE", "severity"),
            ("page=0", "page"),
            ("page=two", "page"),
            ("page_size=100000", "page_size"),
            ("count=maybe", "count"),
            ("ordering=colour", "ordering"),
            ("trade_date=04/03/2026", "trade_date"),
            ("trade=abc", "trade"),
            ("trade=1.5", "trade"),
            (f"match={2**63}", "match"),
            ("opened_since=9999-12-31T23:59:59-14:00", "opened_since"),
        ],
    )
    def test_a_parameter_that_is_wrong_is_named(self, api_as, analyst, query, field):
        document = problem(api_as(analyst).get(f"/api/v1/breaks?{query}"), 400)

        assert [error["field"] for error in document["errors"]] == [field]

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("reconciliation/run", {"source1": "oms", "source2": "custodian"}),
            ("ingestion/run", {}),
        ],
    )
    @pytest.mark.parametrize("days", [("0001-01-01", "0001-01-01"), ("2026-03-04", "9999-12-31")])
    def test_a_day_at_the_end_of_the_calendar(self, api_as, analyst, path, body, days):
        window = {"from_date": days[0], "to_date": days[1]}
        answer = api_as(analyst).post(f"/api/v1/{path}", body | window, format="json")

        assert "1970-01-01 to 2199-12-31" in problem(answer, 400)["detail"]

    def test_an_id_no_database_holds(self, api_as, analyst):
        body = {"reconciliation": "x", "source1_trades": [2**63], "source2_trades": [1]}
        answer = api_as(analyst).post("/api/v1/matches", body | {"reason": "x"}, format="json")

        assert "source1_trades.0" in problem(answer, 400)["detail"]

    @pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "deep"}])
    def test_a_body_nested_too_deeply(self, api_as, analyst, key):
        deep = "[" * 100_000 + "]" * 100_000
        answer = api_as(analyst).post(
            "/api/v1/reconciliation/run", deep, content_type="application/json", **key
        )

        assert "nested" in problem(answer, 400)["detail"]

    def test_a_database_that_is_busy_is_503(self, api_as, analyst, monkeypatch):
        def busy():
            raise OperationalError("database is locked")

        monkeypatch.setattr(views, "breaks_to_show", busy)
        answer = api_as(analyst).get("/api/v1/breaks")

        assert "locked" not in problem(answer, 503)["detail"]
        assert answer["Retry-After"] == "5"

    def test_a_fault_of_ours_says_nothing_of_itself(self, analyst, monkeypatch):
        def fault():
            raise KeyError("secret detail")

        monkeypatch.setattr(views, "breaks_to_show", fault)
        client = Client(raise_request_exception=False)
        client.force_login(analyst)

        answer = client.get("/api/v1/breaks")

        problem(answer, 500)
        assert b"secret" not in answer.content
