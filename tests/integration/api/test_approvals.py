"""Approvals over the API: 202 instead of the act, and nobody checks what they made."""

import pytest

from breaks.models import ApprovalPolicy, ApprovalRequest
from breaks.services import work
from tests import factories
from tests.integration.breaks.asking import ACTS, Asking, dump

PATH = "/api/v1/approvals"


@pytest.fixture
def maker(db):
    return factories.user("Supervisor", username="maker")


@pytest.fixture(params=ACTS)
def asking(request, db) -> Asking:
    return Asking(request.param)


def decide(client, asked, verb, note="seen"):
    return client.post(f"{PATH}/{asked.pk}/{verb}", {"note": note}, format="json")


class TestAskingFirst:
    def check(self, answer):
        assert answer.status_code == 202, answer.content
        asked = ApprovalRequest.objects.get()
        assert answer.json() == {"approval_request_id": asked.pk, "status": "PENDING"}
        assert answer["Location"] == f"{PATH}/{asked.pk}"
        return asked

    def test_accepting(self, api_as, maker):
        asking = Asking("ACCEPT")
        answer = api_as(maker).post(
            f"/api/v1/breaks/{asking.row.pk}/accept", {"comment": "c"}, format="json",
            headers={"If-Match": '"1"'},
        )  # fmt: skip

        assert self.check(answer).trade_break == asking.row
        assert not asking.is_done()

    def test_pairing(self, api_as, maker):
        asking = Asking("PAIR")
        body = {
            "reconciliation": asking.desk.reconciliation.code,
            "source1_trades": [asking.left.pk],
            "source2_trades": [asking.right.pk],
            "reason": "r",
        }
        self.check(api_as(maker).post("/api/v1/matches", body, format="json"))

        assert not asking.is_done()

    def test_taking_apart(self, api_as, maker):
        asking = Asking("UNMATCH")
        self.check(api_as(maker).delete(f"/api/v1/matches/{asking.match.pk}?reason=r"))

        assert not asking.is_done()

    def test_a_stale_version_is_412_before_anything_is_asked(self, api_as, maker):
        asking = Asking("ACCEPT")
        work.claim(break_id=asking.row.pk, version=1, by=maker, at=factories.NOW)
        answer = api_as(maker).post(
            f"/api/v1/breaks/{asking.row.pk}/accept", {"comment": "c"}, format="json",
            headers={"If-Match": '"1"'},
        )  # fmt: skip

        assert answer.status_code == 412
        assert not ApprovalRequest.objects.exists()

    def test_the_same_key_asks_once(self, api_as, maker):
        asking = Asking("ACCEPT")
        client = api_as(maker)
        path = f"/api/v1/breaks/{asking.row.pk}/accept"
        headers = {"If-Match": '"1"', "Idempotency-Key": "k1"}
        answers = [
            client.post(path, {"comment": "c"}, format="json", headers=headers) for _ in range(2)
        ]

        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json() == answers[1].json()
        assert ApprovalRequest.objects.count() == 1


class TestDeciding:
    def test_approving_does_it(self, asking, api_as, maker, supervisor):
        asked = asking.ask(maker)

        answer = decide(api_as(supervisor), asked, "approve")

        assert answer.status_code == 200, answer.content
        shown = answer.json()
        assert (shown["status"], shown["made_by"]) == ("APPROVED", "maker")
        assert (shown["decided_by"], shown["decision_note"]) == (supervisor.username, "seen")
        assert asking.is_done()

    @pytest.mark.parametrize("is_superuser", [False, True])
    @pytest.mark.parametrize("verb", ["approve", "reject"])
    def test_the_maker_is_never_the_checker(self, asking, api_as, maker, verb, is_superuser):
        maker.is_superuser = is_superuser
        maker.save()
        asked = asking.ask(maker)
        before = dump()

        answer = decide(api_as(maker), asked, verb)

        assert (answer.status_code, answer.json()["type"]) == (409, "urn:problem:refused")
        assert "yourself" in answer.json()["detail"]
        assert dump() == before

    def test_turning_down_says_why(self, asking, api_as, maker, supervisor):
        asked = asking.ask(maker)

        assert decide(api_as(supervisor), asked, "reject", "").status_code == 400
        answer = decide(api_as(supervisor), asked, "reject", "no confirm")

        assert answer.json()["status"] == "REJECTED"
        assert not asking.is_done()

    def test_a_maker_withdraws_and_nobody_else(self, asking, api_as, maker, superuser):
        asked = asking.ask(maker)

        assert decide(api_as(superuser), asked, "withdraw").status_code == 409
        assert decide(api_as(maker), asked, "withdraw", "").json()["status"] == "WITHDRAWN"
        assert decide(api_as(maker), asked, "withdraw", "").status_code == 409

    def test_what_was_overtaken_is_409_and_closed(self, api_as, maker, supervisor):
        asking = Asking("ACCEPT")
        asked = asking.ask(maker)
        work.escalate(break_id=asking.row.pk, version=None, reason="r", by=maker, at=factories.NOW)
        client = api_as(supervisor)
        overtaken = client.get(f"{PATH}/{asked.pk}").json()["overtaken_by"]

        answer = decide(client, asked, "approve")

        assert (answer.status_code, answer.json()["type"]) == (409, "urn:problem:overtaken")
        assert answer.json()["detail"] == overtaken
        assert "changed by maker" in overtaken
        shown = client.get(f"{PATH}/{asked.pk}").json()
        assert (shown["status"], shown["overtaken_by"]) == ("STALE", "")
        assert not asking.is_done()

    @pytest.mark.parametrize("verb", ["approve", "reject", "withdraw"])
    def test_a_request_about_another_team_s_break_is_not_there(self, api_as, maker, analyst, verb):
        asking = Asking("ACCEPT")
        asked = asking.ask(analyst)
        asking.row.team = factories.team("elsewhere")
        asking.row.save(update_fields=["team"])
        checker = factories.user("Analyst")
        checker.user_permissions.add(*_decide())

        assert decide(api_as(checker), asked, verb).status_code == 404
        assert api_as(checker).get(f"{PATH}/{asked.pk}").status_code == 404
        assert api_as(checker).get(PATH).json()["results"] == []


class TestReading:
    def test_a_row_says_who_asked_for_what_and_why(self, api_as, maker, auditor):
        asking = Asking("UNMATCH")
        asked = asking.ask(maker)

        (row,) = api_as(auditor).get(PATH).json()["results"]

        assert (row["id"], row["act"], row["status"]) == (asked.pk, "UNMATCH", "PENDING")
        assert (row["made_by"], row["reason"]) == ("maker", "looked at it")
        assert (row["match"], row["trade_break"]) == (asking.match.pk, asking.row.pk)
        assert row["exposure"] == "37500"
        assert row["given"]["match"] == asking.match.pk

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=PENDING", 2),
            ("status=REJECTED", 1),
            ("act=UNMATCH", 0),
            ("made_by=maker", 2),
            ("for_me=true", 1),
            ("for_me=false", 3),
            ("trade_break=999", 0),
        ],
    )
    def test_filters(self, api_as, maker, supervisor, query, found):
        from breaks.services import approvals

        for by in (maker, maker, supervisor):
            row = factories.trade_break()
            asked = approvals.accept(
                break_id=row.pk, version=1, comment="c", by=by, at=factories.NOW
            )
            if by == maker and ApprovalRequest.objects.count() == 1:
                approvals.turn_down(request_id=asked.pk, by=supervisor, at=factories.NOW, note="n")

        assert len(api_as(supervisor).get(f"{PATH}?{query}").json()["results"]) == found

    def test_costs_no_query_a_row(self, api_as, maker, django_assert_max_num_queries):
        from breaks.services import approvals

        for _ in range(30):
            row = factories.trade_break()
            approvals.accept(break_id=row.pk, version=1, comment="c", by=maker, at=factories.NOW)
        client = api_as(maker)

        with django_assert_max_num_queries(8):
            assert len(client.get(PATH).json()["results"]) == 30
        assert ApprovalPolicy.objects.exists()


def _decide():
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename="decide_approvalrequest")
