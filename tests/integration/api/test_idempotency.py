from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from breaks.models import BreakComment
from matching.models import ReconciliationRun
from recon_project.api import idempotency
from recon_project.models import IdempotencyKey
from tests import factories

PATH = "/api/v1/reconciliation/run"
BODY = {"trade_date": "2026-03-04", "source1": "oms", "source2": "custodian"}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch, db):
    monkeypatch.setattr("workflows.services.starting.wake_run", lambda _run_id: None)


@pytest.fixture
def client(api_as, analyst):
    return api_as(analyst)


def start(client, key="K1", body=BODY, path=PATH):
    return client.post(path, body, format="json", headers={"Idempotency-Key": key})


class TestTheSameKey:
    def test_and_body_is_given_the_first_answer(self, client):
        first, again = start(client), start(client)

        assert (first.status_code, again.status_code) == (202, 202)
        assert again.json() == first.json()
        assert again["Location"] == first["Location"]
        assert again["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first
        assert ReconciliationRun.objects.count() == 1

    def test_and_another_order_of_its_keys_is_the_same(self, client):
        first = start(client)

        assert start(client, body=dict(reversed(BODY.items()))).json() == first.json()

    def test_and_another_body_is_422(self, client):
        start(client)
        answer = start(client, body=BODY | {"trade_date": "2026-03-05"})

        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:problem:idempotency-key-reused"
        assert ReconciliationRun.objects.count() == 1

    def test_of_another_caller_is_another_key(self, client, api_as, supervisor):
        start(client)

        assert start(api_as(supervisor)).status_code == 409  # the scope is busy: it was tried

    def test_on_another_path_is_another_key(self, client):
        start(client)
        one = factories.trade_break()
        path = f"/api/v1/breaks/{one.pk}/comment"

        assert start(client, path=path, body={"text": "Asked"}).status_code == 200

    def test_after_a_refusal_tries_again(self, client):
        assert start(client, body=BODY | {"x": 1}).status_code == 400
        assert not IdempotencyKey.objects.exists()
        assert start(client).status_code == 202

    def test_while_the_first_is_at_work_is_409(self, client, analyst):
        body_digest = idempotency.digest(b'{"text": "Asked"}')
        one = factories.trade_break()
        path = f"/api/v1/breaks/{one.pk}/comment"
        idempotency.claim(
            user=analyst, key="K1", path=path, body_digest=body_digest, at=factories.NOW
        )
        with time_machine.travel(factories.NOW + timedelta(minutes=59)):
            answer = start(client, path=path, body={"text": "Asked"})
            assert answer.status_code == 409
            assert answer.json()["type"] == "urn:problem:in-progress"
        with time_machine.travel(factories.NOW + timedelta(minutes=61)):
            assert start(client, path=path, body={"text": "Asked"}).status_code == 200

        assert BreakComment.objects.count() == 1

    def test_is_forgotten_after_a_week(self, client):
        with time_machine.travel(factories.NOW):
            start(client)
        with time_machine.travel(factories.NOW + timedelta(days=8)):
            assert start(client, body=BODY | {"trade_date": "2026-03-05"}).status_code == 202

        assert IdempotencyKey.objects.count() == 1

    def test_is_free_again_after_a_fault_of_ours(self, analyst, monkeypatch):
        def fault(**_):
            raise KeyError("ours")

        client = Client(raise_request_exception=False)
        client.force_login(analyst)
        with monkeypatch.context() as broken:
            broken.setattr("workflows.api.views.start_reconciliation", fault)
            answer = client.post(
                PATH, BODY, content_type="application/json", headers={"Idempotency-Key": "K1"}
            )
        assert answer.status_code == 500
        assert not IdempotencyKey.objects.exists()


class TestWhatIsDoneOnce:
    def test_a_comment_sent_twice_is_one(self, client):
        one = factories.trade_break()
        for _ in range(2):
            start(client, path=f"/api/v1/breaks/{one.pk}/comment", body={"text": "Asked"})

        assert one.comments.count() == 1

    def test_a_write_sent_twice_keeps_its_etag(self, client):
        one = factories.trade_break()
        headers = {"Idempotency-Key": "K", "If-Match": '"1"'}
        path = f"/api/v1/breaks/{one.pk}/claim"
        first = client.post(path, {}, format="json", headers=headers)
        again = client.post(path, {}, format="json", headers=headers)

        assert (again.status_code, again["ETag"]) == (200, first["ETag"])

    def test_without_a_key_each_request_counts(self, client):
        one = factories.trade_break()
        for _ in range(2):
            client.post(f"/api/v1/breaks/{one.pk}/comment", {"text": "a"}, format="json")

        assert one.comments.count() == 2
        assert not IdempotencyKey.objects.exists()


def test_who_may_not_call_leaves_no_key(api_as, auditor):
    assert start(api_as(auditor)).status_code == 403
    assert not IdempotencyKey.objects.exists()


def test_a_key_that_is_none_is_400(client):
    assert start(client, key=" ").status_code == 400
    assert start(client, key="k" * 300).status_code == 400
