"""Files of a break, and giving it to a team, over the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breaks.models import BreakAttachment, TradeBreak
from breaks.services.attaching import LARGEST
from tests import factories


@pytest.fixture
def client(api_as, analyst):
    return api_as(analyst)


@pytest.fixture
def row(db):
    return factories.trade_break()


def path(row, *more):
    return "/".join(["/api/v1/breaks", str(row.pk), *map(str, more)])


def send(client, row, name="confirm.pdf", content=b"%PDF-1.7", **headers):
    sent = SimpleUploadedFile(name, content, "application/pdf")
    return client.post(
        path(row, "attachments"), {"file": sent}, format="multipart", headers=headers
    )


class TestAttachments:
    def test_one_is_sent_listed_and_saved(self, client, analyst, row):
        made = send(client, row, "../a\u202eb.pdf", **{"If-Match": '"1"'})

        assert made.status_code == 201
        one = made.json()
        assert one["name"] == "ab.pdf"
        assert (one["size"], one["by"]) == (8, analyst.username)
        assert client.get(path(row, "attachments")).json()["results"] == [one]
        answer = client.get(made["Location"])
        assert b"".join(answer.streaming_content) == b"%PDF-1.7"
        assert answer["Content-Disposition"] == 'attachment; filename="ab.pdf"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Type"] == "application/octet-stream"
        assert row.events.get().detail["digest"] == one["digest"]

    def test_the_same_key_keeps_it_once(self, client, row):
        body = (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
            b"x\r\n--b--\r\n"
        )
        answers = [
            client.generic(
                "POST", path(row, "attachments"), body, "multipart/form-data; boundary=b",
                headers={"Idempotency-Key": "k1"},
            )
            for _ in range(2)
        ]  # fmt: skip

        assert [answer.status_code for answer in answers] == [201, 201]
        assert BreakAttachment.objects.count() == 1

    @pytest.mark.parametrize("content", [b"", b"x" * (LARGEST + 1)])
    def test_what_is_empty_or_too_large_is_refused(self, client, row, content):
        assert send(client, row, content=content).status_code in (400, 409)
        assert not BreakAttachment.objects.exists()

    def test_a_stale_one_is_refused(self, client, row):
        assert send(client, row, **{"If-Match": '"7"'}).status_code == 412
        assert not BreakAttachment.objects.exists()

    def test_unknown_parts_are_refused(self, client, row):
        sent = {"file": SimpleUploadedFile("a.txt", b"x"), "folder": "/etc"}

        answer = client.post(path(row, "attachments"), sent, format="multipart")

        assert answer.status_code == 400
        assert [one["field"] for one in answer.json()["errors"]] == ["folder"]

    def test_those_of_a_break_one_may_not_see_are_not_there(self, client, row):
        kept = send(client, row).json()["id"]
        TradeBreak.objects.update(team=factories.team("others"))

        assert client.get(path(row, "attachments")).status_code == 404
        assert client.get(path(row, "attachments", kept)).status_code == 404
        assert send(client, row).status_code == 404

    def test_one_of_another_break_is_not_there(self, client, row):
        kept = send(client, row).json()["id"]

        assert client.get(path(factories.trade_break(), "attachments", kept)).status_code == 404

    def test_the_list_costs_the_same_however_many_and_reads_no_content(self, client, row):
        def read():
            with CaptureQueriesContext(connection) as captured:
                client.get(path(row, "attachments"))
            return [one["sql"] for one in captured]

        send(client, row)
        few = read()
        for _ in range(5):
            send(client, row)
        many = read()

        assert len(many) == len(few)
        assert not [sql for sql in many if '"content",' in sql]


class TestRoute:
    def post(self, client, row, body, version=1):
        return client.post(
            path(row, "route"), body, format="json", headers={"If-Match": f'"{version}"'}
        )

    def test_a_break_goes_to_a_team_and_back(self, client, analyst, row):
        team = factories.team("night", analyst)

        answer = self.post(client, row, {"team": "night", "reason": "theirs"})

        row.refresh_from_db()
        assert answer.status_code == 200
        assert (row.team, row.events.get().reason) == (team, "theirs")
        assert self.post(client, row, {"team": None}, 2).status_code == 200
        row.refresh_from_db()
        assert row.team is None

    def test_to_a_team_one_is_not_of_it_is_gone_from_sight(self, client, row):
        factories.team("others")

        assert self.post(client, row, {"team": "others"}).status_code == 200
        assert self.post(client, row, {"team": None}, 2).status_code == 404

    @pytest.mark.parametrize("body", [{}, {"team": "none"}, {"team": 1.5}, {"team": "a", "x": 1}])
    def test_what_names_no_team_is_refused(self, client, row, body):
        assert self.post(client, row, body).status_code == 400
        row.refresh_from_db()
        assert row.version == 1

    def test_needs_the_version(self, client, row):
        answer = client.post(path(row, "route"), {"team": None}, format="json")

        assert answer.status_code == 428

    @pytest.mark.parametrize("name", ["claim", "assign", "route", "comment", "resolve"])
    def test_no_act_reaches_a_break_one_may_not_see(self, client, row, name):
        TradeBreak.objects.update(team=factories.team("others"))

        answer = client.post(path(row, name), {}, format="json", headers={"If-Match": "*"})

        assert answer.status_code == 404
