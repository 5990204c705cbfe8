"""The inbox, the outbox, channels and levels, as people meet them."""

from datetime import timedelta

import pytest
from django.urls import reverse

from breaks.models import SlaPolicy
from tests import factories
from tests.receivers import Answer, webhook
from workflows.models import Channel, EscalationLevel, NoticePreference, Notification
from workflows.services.escalation import check_sla
from workflows.services.notifications import Notice, notify

pytestmark = pytest.mark.django_db
NOW = factories.NOW
INBOX = "/admin/workflows/notification/inbox/"


def tell(person, count=1, key="k", **over):
    values = {"kind": "ESCALATION", "subject": "Break 7 is late", "people": [person]} | over
    notify([Notice(key=f"{key}{n}", **values) for n in range(count)], at=NOW)
    return Notification.objects.filter(person=person, kind=values["kind"]).first()


def page(browser, address):
    response = browser.get(address, follow=True)
    assert response.status_code == 200
    return response.content.decode()


class TestInbox:
    @pytest.fixture
    def ann(self):
        return factories.user("Analyst", email="ann@example.com")

    @pytest.fixture
    def browser(self, browser_as, ann):
        return browser_as(ann)

    def test_everybody_has_one_that_is_empty_at_first(self, browser):
        assert "Nothing unread" in page(browser, INBOX)

    def test_shows_what_is_unread_and_how_many_on_every_page(self, browser, ann):
        tell(ann, 3)

        assert page(browser, INBOX).count("Break 7 is late</button>") == 0
        assert page(browser, INBOX).count("Break 7 is late</span>") == 3
        assert "Inbox" in page(browser, reverse("admin:index"))

    def test_opening_one_reads_it_and_leads_to_what_it_is_about(self, browser, ann):
        row = factories.trade_break()
        told = tell(ann, link=reverse("admin:breaks_tradebreak_change", args=[row.pk]))
        assert "dk-subject" in page(browser, INBOX)
        told.refresh_from_db()
        assert told.read_at is None

        response = browser.post(f"{INBOX}{told.pk}/open/")

        assert response.url == told.link
        told.refresh_from_db()
        assert told.read_at

    def test_reads_and_unreads_one_and_all(self, browser, ann):
        first = tell(ann, 3)
        browser.post(f"{INBOX}{first.pk}/read/", {"back": INBOX})
        assert Notification.objects.filter(read_at=None).count() == 2
        browser.post(f"{INBOX}{first.pk}/unread/")
        assert Notification.objects.filter(read_at=None).count() == 3
        browser.post(f"{INBOX}read/")
        assert not Notification.objects.filter(read_at=None).exists()

    def test_what_came_after_the_page_was_shown_stays_unread(self, browser, ann):
        tell(ann, 2)
        shown = browser.get(INBOX)
        assert f'name="newest" value="{shown.context["newest"]}"' in shown.content.decode()
        late = tell(ann, key="late")

        browser.post(f"{INBOX}read/", {"newest": shown.context["newest"]})

        assert list(Notification.objects.filter(read_at=None)) == [late]

    @pytest.mark.parametrize("do", ["open", "read", "unread"])
    def test_nobody_reads_anothers_and_no_get_changes_anything(self, browser, browser_as, ann, do):
        told = tell(ann)

        assert (
            browser_as(factories.user("Supervisor")).post(f"{INBOX}{told.pk}/{do}/").status_code
            == 404
        )
        assert browser.get(f"{INBOX}{told.pk}/{do}/").status_code == 405
        told.refresh_from_db()
        assert told.read_at is None

    @pytest.mark.parametrize("back", ["https://evil.example.com/", "//evil.example.com", "x:y"])
    def test_leads_nobody_away(self, browser, ann, back):
        told = tell(ann)

        assert browser.post(f"{INBOX}{told.pk}/read/", {"back": back}).url == INBOX

    def test_a_flood_is_one_line_that_lists_the_rest(self, browser, ann):
        tell(ann, 9)
        digest = Notification.objects.get(kind="DIGEST")

        assert "4 more: escalation" in page(browser, INBOX)
        response = browser.post(f"{INBOX}{digest.pk}/open/")
        assert page(browser, response.url).count("Break 7 is late") >= 4

    def test_keeps_how_one_wants_to_be_told(self, browser, ann):
        address = f"{INBOX}preferences/"
        assert "ann@example.com" in page(browser, address)
        given = {kind: how.value for kind, how in NoticePreference.DEFAULTS.items()}

        browser.post(address, given | {"LATE_FILE": "INBOX"})
        kept = NoticePreference.objects.values_list("person", "kind", "how")
        assert list(kept) == [(ann.pk, "LATE_FILE", "INBOX")]
        browser.post(address, given)
        assert not NoticePreference.objects.exists()
        assert browser.post(address, given | {"LATE_FILE": "SHOUT"}).status_code == 200

    def test_costs_as_much_with_forty_as_with_one(self, browser, ann, queries):
        tell(ann)
        page(browser, INBOX)
        few = queries(browser, INBOX)
        for n in range(40):
            notice = Notice(kind="LATE_FILE", key=f"q{n}", subject="x", people=[ann])
            notify([notice], at=NOW + timedelta(hours=n))

        assert queries(browser, INBOX) == few


class TestOutbox:
    def test_shows_why_something_did_not_arrive_and_sends_it_again(self, administrator, browser_as):
        room = Channel.objects.create(name="Room", kind="SLACK", url_env="X", kinds=["LATE_FILE"])
        dead = Notification.objects.create(
            kind="LATE_FILE", key="k", channel=room, subject="Late", created_at=NOW,
            status="DEAD", last_error="127.0.0.1 answered 404", attempts=1, is_listed=False,
        )  # fmt: skip
        browser = browser_as(administrator)
        address = reverse("admin:workflows_notification_changelist")

        assert "answered 404" in page(browser, f"{address}?view=dead")
        assert str(dead.uid) in page(browser, f"{address}{dead.pk}/change/")
        said = browser.post(
            f"{address}?view=dead",
            {"action": "send_again", "_selected_action": [dead.pk]},
            follow=True,
        ).content.decode()

        assert "1 queued again" in said
        dead.refresh_from_db()
        assert (dead.status, dead.attempts) == ("QUEUED", 0)

    def test_one_is_sent_again_from_its_page(self, administrator, browser_as):
        row = Notification.objects.create(
            kind="LATE_FILE", key="k", person=administrator, subject="Late", created_at=NOW,
            status="DEAD", last_error="x",
        )  # fmt: skip
        browser_as(administrator).post(
            reverse("admin:workflows_notification_resend", args=[row.pk])
        )

        row.refresh_from_db()
        assert row.status == "QUEUED"

    @pytest.mark.parametrize(("group", "may"), [("Auditor", 403), ("Analyst", 403)])
    def test_only_administrators_send_again(self, browser_as, group, may):
        row = Notification.objects.create(
            kind="LATE_FILE", key="k", person=factories.user(), subject="Late", created_at=NOW,
            status="DEAD", last_error="x",
        )  # fmt: skip
        address = reverse("admin:workflows_notification_resend", args=[row.pk])

        assert browser_as(factories.user(group)).post(address).status_code == may

    def test_is_not_for_analysts(self, analyst, browser_as):
        address = reverse("admin:workflows_notification_changelist")

        assert browser_as(analyst).get(address).status_code == 403


class TestChannels:
    ADD = "/admin/workflows/channel/add/"

    def given(self, **over):
        return {"name": "Room", "kind": "SLACK", "is_enabled": "on", "kinds": ["LATE_FILE"],
                "addresses": "", "url": "", "url_env": "SLACK_WEBHOOK_URL", "secret_env": "",
                "digest_above": 5, "digest_minutes": 10} | over  # fmt: skip

    def test_is_made_in_the_admin(self, administrator, browser_as):
        browser_as(administrator).post(self.ADD, self.given())

        room = Channel.objects.get(name="Room")
        assert (room.kinds, room.url_env) == (["LATE_FILE"], "SLACK_WEBHOOK_URL")

    @pytest.mark.parametrize(
        ("over", "word"),
        [
            ({"url_env": ""}, "Name the variable that holds the room"),
            ({"url_env": "https://hooks.slack.com/services/T0/B0/secret"}, "no name of a variable"),
            ({"url": "https://x.example.com"}, "has none; clear it"),
            ({"kind": "WEBHOOK"}, "secret it is signed with"),
            ({"kind": "WEBHOOK", "url": "https://x", "secret_env": "S"}, "one of the two"),
            ({"kind": "WEBHOOK", "url_env": "", "url": "x", "secret_env": "S"}, "whole address"),
            (
                {"kind": "WEBHOOK", "url_env": "", "url": "https://a b.example", "secret_env": "S"},
                "whole address",
            ),
            (
                {"kind": "WEBHOOK", "url_env": "", "url": "https://u:p@x.io", "secret_env": "S"},
                "It holds a password",
            ),
            ({"kind": "EMAIL", "url_env": "", "addresses": "nobody"}, "no e-mail address"),
            ({"kind": "EMAIL", "url_env": ""}, "own addresses already"),
            ({"digest_above": 0}, "greater than or equal to 1"),
            ({"kinds": ["NOISE"]}, "NOISE"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_a_sentence(
        self, administrator, browser_as, over, word
    ):
        response = browser_as(administrator).post(self.ADD, self.given(**over))

        assert response.status_code == 200
        assert word in response.content.decode()
        assert not Channel.objects.filter(name="Room").exists()

    def test_a_test_shows_what_the_receiver_answers(
        self, administrator, browser_as, settings, monkeypatch
    ):
        settings.OUTBOUND_HOSTS = ["127.0.0.1"]
        room = Channel.objects.create(name="Room", kind="SLACK", url_env="ROOM_URL")
        browser = browser_as(administrator)
        address = reverse("admin:workflows_channel_send_a_test", args=[room.pk])
        with webhook() as receiver:
            monkeypatch.setenv("ROOM_URL", receiver.url)
            receiver.answers = [Answer(403, b"no token"), Answer(200, b"hello")]

            assert "URL in ROOM_URL" in page(browser, address)
            assert receiver.posted == []
            refused = browser.post(address).content.decode()
            arrived = browser.post(address, follow=True).content.decode()

        assert "It did not arrive. 127.0.0.1 answered 403 no token" in refused
        assert "It arrived: 127.0.0.1 answered 200 hello" in arrived
        assert not Notification.objects.exists()

    def test_who_may_only_look_sends_no_test(self, auditor, browser_as):
        room = Channel.objects.create(name="Room", kind="SLACK", url_env="ROOM_URL")
        address = reverse("admin:workflows_channel_send_a_test", args=[room.pk])

        assert browser_as(auditor).post(address).status_code == 403


class TestEscalations:
    @pytest.fixture
    def late(self):
        policy = SlaPolicy.objects.get(code="standard", retired_at=None)
        row = factories.trade_break(sla_policy=policy, opened_at=NOW - timedelta(days=9))
        check_sla(at=NOW)
        return row

    def test_stand_in_the_breaks_timeline(self, late, supervisor, browser_as):
        shown = page(
            browser_as(supervisor), reverse("admin:breaks_tradebreak_change", args=[late.pk])
        )

        assert "Escalated to level 1, due; told" in shown
        assert "Escalated to level 2, late by 50% of its clock; told" in shown

    def test_are_listed_for_those_who_see_the_break(self, late, analyst, supervisor, browser_as):
        address = reverse("admin:workflows_escalation_changelist")
        assert "late by 50%" in page(browser_as(analyst), address)
        late.team = factories.team()
        late.save()

        assert "late by 50%" not in page(browser_as(analyst), address)
        assert "late by 50%" in page(browser_as(supervisor), address)

    def test_the_policys_page_shows_its_levels(self, administrator, browser_as):
        policy = SlaPolicy.objects.get(code="standard", retired_at=None)
        shown = page(
            browser_as(administrator), reverse("admin:breaks_slapolicy_change", args=[policy.pk])
        )

        assert "+50% of the clock" in shown
        assert "Add a level" in shown

    def test_a_level_is_added_and_who_did_it_is_kept(self, administrator, browser_as):
        given = {"policy_code": "standard", "number": 4, "after_pct": 200, "is_enabled": "on",
                 "person": administrator.pk}  # fmt: skip
        browser = browser_as(administrator)
        browser.post("/admin/workflows/escalationlevel/add/", given)

        level = EscalationLevel.objects.get(number=4)
        assert level.person == administrator
        assert level.history.get().history_user == administrator

    @pytest.mark.parametrize(
        ("over", "word"),
        [
            ({"number": 1}, "has this level already"),
            ({"person": ""}, "Say who is told"),
            ({"policy_code": "nowhere"}, "nowhere"),
            ({"after_pct": -1}, "greater than or equal to 0"),
        ],
    )
    def test_a_level_that_makes_no_sense_is_refused(self, administrator, browser_as, over, word):
        given = {"policy_code": "standard", "number": 4, "after_pct": 200, "is_enabled": "on",
                 "person": administrator.pk} | over  # fmt: skip
        response = browser_as(administrator).post("/admin/workflows/escalationlevel/add/", given)

        assert word in response.content.decode()
        assert EscalationLevel.objects.count() == 3
