"""Notifications on their way out: to a real mail server and a real webhook on loopback."""

import base64
import hashlib
import hmac
import json
import logging
import time
from datetime import timedelta

import httpx
import pytest

from tests import factories
from tests.integration.workflows.alerts.conftest import SECRET
from tests.processes import free_port
from tests.receivers import Answer
from workflows.models import Channel, Notification
from workflows.outward import posting
from workflows.outward.outcomes import Refused
from workflows.outward.retrying import MOST_ATTEMPTS
from workflows.services.notifications import Notice, notify, resend, send_due, send_test
from workflows.services.notifications.sending import LEASE, claim

pytestmark = pytest.mark.django_db
NOW = factories.NOW


def tell(kind="RUN_FAILED", key=None, at=NOW, **over):
    values = {"subject": "Run 7 failed", "text": "No rules."} | over
    notify([Notice(kind=kind, key=key or f"k{factories.number()}", **values)], at=at)
    return Notification.objects.order_by("pk").last()


def go(at=NOW):
    return send_due(now=lambda: at)


class TestSignedWebhook:
    def test_is_delivered_with_the_notices_id_and_a_signature_over_it(self, hook, receiver):
        row = tell(link="/x/")

        assert go().delivered == 1

        (posted,) = receiver.posted
        assert (posted.path, posted.headers["webhook-id"]) == ("/hook", str(row.uid))
        signed = f"{row.uid}.{int(NOW.timestamp())}.".encode() + posted.body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert posted.headers["webhook-signature"] == f"v1,{digest}"
        said = json.loads(posted.body)
        assert (said["type"], said["data"]["subject"]) == ("desk.run_failed", "Run 7 failed")
        row.refresh_from_db()
        assert (row.status, row.sent_at, row.attempts, row.last_error) == ("SENT", NOW, 1, "")

    def test_that_fails_once_is_sent_again_later_under_the_same_id(self, hook, receiver):
        receiver.answers = [Answer(500, b"busy"), Answer()]
        row = tell()

        assert go().put_off == 1
        row.refresh_from_db()
        assert (row.status, row.last_error) == ("QUEUED", "127.0.0.1 answered 500 busy")
        assert go(row.send_after - timedelta(seconds=1)).delivered == 0
        assert go(row.send_after).delivered == 1

        assert receiver.ids == [str(row.uid)] * 2
        row.refresh_from_db()
        assert (row.status, row.attempts, row.last_error) == ("SENT", 2, "")

    def test_that_never_succeeds_ends_as_a_dead_letter(self, hook, receiver):
        receiver.answers = [Answer(503, b"gone fishing")]
        row, at = tell(), NOW
        for _ in range(MOST_ATTEMPTS):
            go(at)
            row.refresh_from_db()
            at = row.send_after or at

        assert (row.status, len(receiver.posted)) == ("DEAD", MOST_ATTEMPTS)
        assert "gone fishing" in row.last_error
        assert go(at + timedelta(days=30)).delivered == 0

    @pytest.mark.parametrize("code", [400, 401, 404, 410, 422])
    def test_a_no_is_final(self, hook, receiver, code):
        receiver.answers = [Answer(code, b"no")]
        row = tell()

        assert go().dead == 1

        row.refresh_from_db()
        assert (row.status, row.last_error) == ("DEAD", f"127.0.0.1 answered {code} no")

    @pytest.mark.parametrize("code", [408, 429])
    @pytest.mark.parametrize(
        ("asked", "waits"),
        [("7200", timedelta(hours=2)), ("Thu, 05 Mar 2026 13:30:00 GMT", timedelta(minutes=90))],
    )
    def test_a_later_is_kept_to(self, hook, receiver, code, asked, waits):
        receiver.answers = [Answer(code, headers={"Retry-After": asked})]
        row = tell()

        go()

        row.refresh_from_db()
        assert (row.status, row.send_after) == ("QUEUED", NOW + waits)

    @pytest.mark.parametrize("asked", ["soon", "-5", "", "9" * 40])
    def test_a_later_that_says_nothing_usable_waits_as_usual(self, hook, receiver, asked):
        receiver.answers = [Answer(429, headers={"Retry-After": asked})]
        row = tell()

        go()

        row.refresh_from_db()
        assert row.status == "QUEUED"
        assert NOW < row.send_after <= NOW + timedelta(days=1)

    def test_a_redirect_is_not_followed(self, hook, receiver):
        receiver.answers = [Answer(307, headers={"Location": f"{receiver.url}/elsewhere"})]
        row = tell()

        go()

        row.refresh_from_db()
        assert (row.status, len(receiver.posted)) == ("DEAD", 1)
        assert "redirects are not followed" in row.last_error

    def test_a_receiver_that_does_not_answer_in_time_is_tried_later(
        self, hook, receiver, monkeypatch
    ):
        monkeypatch.setattr(posting, "_TIMEOUT", httpx.Timeout(0.2))
        receiver.answers = [Answer(wait=30)]
        row = tell()

        go()

        row.refresh_from_db()
        assert (row.status, row.last_error) == ("QUEUED", "127.0.0.1 did not answer in time.")

    def test_a_receiver_that_answers_byte_by_byte_holds_nobody_up(self, hook, receiver):
        receiver.answers = [Answer(body=b"x" * 100, pause=0.1)]
        began = time.monotonic()

        tell()

        assert go().delivered == 1
        assert time.monotonic() - began < 3

    def test_a_receiver_that_keeps_putting_off_holds_up_no_other(self, hook, receiver):
        receiver.answers = [Answer(503)]
        first = [tell() for _ in range(8)]
        room = Channel.objects.create(
            name="Room", kind="SLACK", url_env="ROOM_URL", kinds=["LATE_FILE"]
        )
        other = tell("LATE_FILE", channels=[room], at=NOW + timedelta(seconds=1))

        sent = go(NOW + timedelta(seconds=1))

        assert (sent.delivered, sent.put_off, sent.dead) == (0, 3, 1)
        assert len(receiver.posted) == 3
        other.refresh_from_db()
        assert other.last_error.startswith("ROOM_URL is not set")
        attempts = Notification.objects.filter(pk__in=[one.pk for one in first])
        assert sorted(attempts.values_list("attempts", flat=True)) == [0] * 5 + [1] * 3

    def test_a_receiver_that_is_down_is_tried_later(self, hook):
        Channel.objects.update(url=f"http://127.0.0.1:{free_port()}/hook")
        row = tell()

        go()

        row.refresh_from_db()
        assert row.status == "QUEUED"
        assert "could not be reached" in row.last_error

    @pytest.mark.parametrize(
        ("changed", "word"),
        [
            ({"url": "https://elsewhere.example.com/"}, "OUTBOUND_HOSTS"),
            ({"url": "https://169.254.169.254/"}, "OUTBOUND_HOSTS"),
            ({"url": "", "url_env": "NOT_THERE"}, "NOT_THERE is not set"),
            ({"secret_env": "NOT_THERE"}, "NOT_THERE is not set"),
            ({"secret_env": "SECRET_KEY"}, "the desk's own"),
            ({"url": "", "url_env": "DATABASE_URL"}, "the desk's own"),
            ({"url": "", "url_env": "DESK_HOOK_SECRET"}, "no URL"),
        ],
    )
    def test_what_may_not_be_spoken_to_is_not(self, hook, receiver, changed, word):
        Channel.objects.update(**changed)
        row = tell()

        go()

        row.refresh_from_db()
        assert (row.status, receiver.posted) == ("DEAD", [])
        assert word in row.last_error
        assert SECRET not in row.last_error

    def test_a_channel_that_is_off_keeps_what_waits(self, hook, receiver):
        row = tell()
        Channel.objects.update(is_enabled=False)

        assert go().delivered == 0
        Channel.objects.update(is_enabled=True)

        assert go().delivered == 1
        assert receiver.ids == [str(row.uid)]


class TestSlack:
    @pytest.fixture
    def room(self, receiver, monkeypatch):
        monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{receiver.url}/services/T0/secret")
        return Channel.objects.create(
            name="Room", kind="SLACK", url_env="SLACK_WEBHOOK_URL", kinds=["RUN_FAILED"]
        )

    def test_is_told_in_words_that_mean_nothing_else(self, room, receiver, settings):
        settings.DESK_URL = "https://desk.example.com"
        tell(subject="<!channel> A & B", text="*x* <y>", link="/run/7/")

        assert go().delivered == 1

        said = json.loads(receiver.posted[0].body)
        assert said == {
            "text": "*&lt;!channel&gt; A &amp; B*\n*x* &lt;y&gt;\n<https://desk.example.com/run/7/>"
        }

    def test_its_address_is_never_shown(self, room, receiver, monkeypatch):
        monkeypatch.setenv("SLACK_WEBHOOK_URL", f"http://127.0.0.1:{free_port()}/T0/secret")
        row = tell()
        go()
        row.refresh_from_db()
        assert row.last_error
        assert "secret" not in row.last_error

    def test_its_address_is_never_logged(self, room, receiver, caplog):
        tell()
        with caplog.at_level(logging.INFO):
            assert go().delivered == 1

        assert receiver.posted[0].path == "/services/T0/secret"
        assert "secret" not in caplog.text


class TestMail:
    def test_goes_to_the_persons_address_with_the_notices_id(self, mailbox, settings):
        settings.DESK_URL = "https://desk.example.com"
        person = factories.user("Analyst", email="ann@example.com")
        row = tell("ESCALATION", people=[person], subject="Overdue: é\n1", link="/b/1/")

        assert go().delivered == 1

        (message,) = mailbox.taken
        assert mailbox.to == [["ann@example.com"]]
        assert mailbox.ids == [str(row.uid)]
        assert message["Message-ID"] == f"<{row.uid}@example.com>"
        assert "https://desk.example.com/b/1/" in message.get_payload(decode=True).decode()

    def test_of_a_channel_goes_to_its_addresses(self, mailbox):
        Channel.objects.create(
            name="Ops", kind="EMAIL", addresses="a@example.com\nb@example.com", kinds=["LATE_FILE"]
        )
        tell("LATE_FILE")

        go()

        assert mailbox.to == [["a@example.com", "b@example.com"]]

    @pytest.mark.parametrize(
        ("verb", "answer", "status"),
        [
            ("RCPT", "550 5.1.1 no such user", "DEAD"),
            ("RCPT", "450 4.2.0 later", "QUEUED"),
            ("MAIL", "451 4.3.0 later", "QUEUED"),
            ("BODY", "554 5.7.1 spam", "DEAD"),
            ("BODY", "452 4.3.1 full", "QUEUED"),
        ],
    )
    def test_a_no_of_the_server_is_final_and_a_later_is_not(self, mailbox, verb, answer, status):
        mailbox.refuse[verb] = [answer]
        row = tell("ESCALATION", people=[factories.user(email="ann@example.com")])

        go()

        row.refresh_from_db()
        assert row.status == status
        assert answer[4:] in row.last_error
        if status == "QUEUED":
            assert go(row.send_after).delivered == 1
            assert mailbox.ids == [str(row.uid)]

    def test_a_server_that_is_down_is_tried_later(self, mailbox, settings):
        settings.EMAIL_PORT = free_port()
        row = tell("ESCALATION", people=[factories.user(email="ann@example.com")])

        go()

        row.refresh_from_db()
        assert row.status == "QUEUED"
        assert "could not be reached" in row.last_error

    def test_one_notice_that_cannot_be_sent_holds_up_no_other(self, mailbox):
        mailbox.refuse["RCPT"] = ["550 no"]
        tell("ESCALATION", people=[factories.user(email="a@example.com")])
        tell("ESCALATION", people=[factories.user(email="b@example.com")])

        sent = go()

        assert (sent.delivered, sent.dead) == (1, 1)


class TestLeases:
    def test_a_notice_is_one_workers_until_its_lease_runs_out(self, hook, receiver):
        row = tell()

        assert claim(pk=row.pk, at=NOW).attempts == 1
        assert claim(pk=row.pk, at=NOW) is None
        assert go(NOW + LEASE - timedelta(seconds=1)).delivered == 0
        assert go(NOW + LEASE).delivered == 1

    def test_whoever_comes_too_late_marks_nothing(self, hook, receiver):
        row = tell()
        from workflows.services.notifications.sending import send

        lost = claim(pk=row.pk, at=NOW)
        go(NOW + LEASE)
        receiver.answers = [Answer(400, b"no")]
        send(lost, now=lambda: NOW + LEASE)

        row.refresh_from_db()
        assert (row.status, row.attempts) == ("SENT", 2)

    def test_what_outlives_every_worker_is_given_up(self, hook, receiver):
        row, at = tell(), NOW
        for _ in range(MOST_ATTEMPTS):
            assert claim(pk=row.pk, at=at)
            at += LEASE

        assert go(at).dead == 1
        row.refresh_from_db()
        assert row.status == "DEAD"
        assert "given up" in row.last_error

    def test_a_dead_letter_sent_again_keeps_its_id(self, hook, receiver, administrator):
        receiver.answers = [Answer(404), Answer()]
        row = tell()
        go()

        assert resend(pks=[row.pk], by=administrator, at=NOW) == 1
        assert resend(pks=[row.pk], by=administrator, at=NOW) == 0
        go()

        row.refresh_from_db()
        assert (row.status, row.attempts) == ("SENT", 1)
        assert receiver.ids == [str(row.uid)] * 2


class TestOfAChannel:
    def test_says_what_the_receiver_answered_and_leaves_no_row(self, hook, receiver, administrator):
        receiver.answers = [Answer(202, b"thanks")]

        assert send_test(channel=hook, by=administrator, at=NOW) == "127.0.0.1 answered 202 thanks"
        assert json.loads(receiver.posted[0].body)["type"] == "desk.test"
        assert not Notification.objects.exists()

    def test_says_why_it_did_not_arrive(self, hook, receiver, administrator):
        receiver.answers = [Answer(403, b"who are you")]

        with pytest.raises(Refused, match="403 who are you"):
            send_test(channel=hook, by=administrator, at=NOW)
