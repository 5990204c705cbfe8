"""``exceptions/{id}/auto-remediate``: applied by a policy, asked for, or only said."""

import pytest

from breaks.models import ApprovalRequest
from tests import factories
from tests.integration.breaks.conftest import Desk
from tests.integration.workflows.remediation import making


@pytest.fixture
def desk(db):
    return Desk()


def post(client, row, body=None, **headers):
    row.refresh_from_db()
    headers = {"If-Match": f'"{row.version}"'} | headers
    return client.post(
        f"/api/v1/exceptions/{row.pk}/auto-remediate", body or {}, format="json", headers=headers
    )


class TestAutoRemediate:
    def test_applies_what_the_policy_lets(self, api_as, analyst, desk):
        row = making.rounding(desk)
        answer = post(api_as(analyst), row)

        assert answer.status_code == 200, answer.json()
        shown = answer.json()
        row.refresh_from_db()
        assert (row.status, shown["applied"], shown["break_id"]) == ("ACCEPTED", True, row.pk)
        assert shown["suggestion"]["action"] == "ACCEPT_ROUNDING"
        assert shown["suggestion"]["auto_executable"] is True
        assert shown["suggestion"]["policy"] == "Rounding differences"
        assert "approval_request_id" not in shown
        assert answer.headers["ETag"] == f'"{row.version}"'

    def test_asks_for_everything_else(self, api_as, analyst, desk):
        row = making.missing(desk)
        shown = post(api_as(analyst), row).json()

        request = ApprovalRequest.objects.get()
        assert (shown["applied"], shown["approval_request_id"]) == (False, request.pk)
        assert (request.made_by, request.act) == (analyst, "REMEDIATE")

    def test_a_second_call_asks_for_nothing_new(self, api_as, analyst, desk):
        row = making.missing(desk)
        first = post(api_as(analyst), row).json()
        second = post(api_as(analyst), row).json()

        assert second["approval_request_id"] == first["approval_request_id"]
        assert ApprovalRequest.objects.count() == 1

    def test_a_dry_run_only_says(self, api_as, analyst, desk):
        row = making.rounding(desk)
        before = making.dump()
        shown = post(api_as(analyst), row, {"dry_run": True}).json()

        assert (shown["suggestion"]["auto_executable"], shown["applied"]) == (True, False)
        assert making.dump() == before

    def test_nothing_known_is_null(self, api_as, analyst, db):
        row = factories.trade_break("STATE")
        assert post(api_as(analyst), row).json()["suggestion"] is None

    def test_a_stale_version_is_refused(self, api_as, analyst, desk):
        row = making.rounding(desk)
        assert post(api_as(analyst), row, **{"If-Match": '"99"'}).status_code == 412
        assert post(api_as(analyst), row, **{"If-Match": ""}).status_code == 428

    def test_a_break_of_another_team_is_not_there(self, api_as, analyst, desk):
        row = making.rounding(desk)
        row.team = factories.team("elsewhere")
        row.save()
        for body in ({}, {"dry_run": True}):
            assert post(api_as(analyst), row, body).status_code == 404

    def test_whoever_only_reads_may_not(self, api_as, auditor, desk):
        assert post(api_as(auditor), making.rounding(desk)).status_code == 403

    def test_a_repeated_key_gets_the_first_answer(self, api_as, analyst, desk):
        row = making.rounding(desk)
        key = {"Idempotency-Key": "once", "If-Match": f'"{row.version}"'}
        first = post(api_as(analyst), row, **key)
        again = post(api_as(analyst), row, **key)

        assert again.json() == first.json()
        assert len([e for e in making.events(row) if e.kind == "REMEDIATED"]) == 1

    def test_an_unknown_word_is_refused(self, api_as, analyst, desk):
        assert post(api_as(analyst), making.rounding(desk), {"force": True}).status_code == 400


class TestReverse:
    @pytest.fixture
    def applied(self, api_as, analyst, desk):
        row = making.rounding(desk)
        post(api_as(analyst), row)
        row.refresh_from_db()
        return row

    def listed(self, client, row):
        return client.get(f"/api/v1/exceptions/{row.pk}/remediations").json()["results"]

    def reverse(self, client, key, version, body=None):
        return client.post(
            f"/api/v1/remediations/{key}/reverse",
            {"reason": "not a rounding"} if body is None else body,
            format="json",
            headers={"If-Match": f'"{version}"'} if version else {},
        )

    def test_takes_back_what_was_applied(self, api_as, analyst, applied):
        client = api_as(analyst)
        (before,) = self.listed(client, applied)
        answer = self.reverse(client, before["id"], applied.version)

        assert answer.status_code == 200, answer.json()
        applied.refresh_from_db()
        assert (applied.status, answer.headers["ETag"]) == ("OPEN", f'"{applied.version}"')
        (after,) = self.listed(client, applied)
        assert (before["status"], after["status"]) == ("APPLIED", "REVERSED")
        assert (after["break_id"], after["reversed_by"]) == (applied.pk, analyst.get_username())
        assert answer.json() == after

    def test_a_second_time_is_refused(self, api_as, analyst, applied):
        client = api_as(analyst)
        (row,) = self.listed(client, applied)
        self.reverse(client, row["id"], applied.version)
        applied.refresh_from_db()
        again = self.reverse(client, row["id"], applied.version)

        assert again.status_code == 409
        assert "only an applied one is reversed" in again.json()["detail"]

    def test_without_a_reason_or_version_or_with_a_stale_one_nothing_happens(
        self, api_as, analyst, applied
    ):
        client = api_as(analyst)
        (row,) = self.listed(client, applied)
        before = making.dump()

        assert self.reverse(client, row["id"], applied.version, {}).status_code == 400
        assert self.reverse(client, row["id"], None).status_code == 428
        assert self.reverse(client, row["id"], 99).status_code == 412
        assert making.dump() == before

    def test_of_another_teams_break_it_is_not_there(self, api_as, analyst, applied):
        client = api_as(analyst)
        (row,) = self.listed(client, applied)
        applied.team = factories.team("elsewhere")
        applied.save()

        assert self.reverse(client, row["id"], applied.version).status_code == 404
        assert client.get(f"/api/v1/exceptions/{applied.pk}/remediations").status_code == 404
