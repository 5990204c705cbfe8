"""What is told to whom: once, folded where it is too much, as each person prefers."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from breaks.models import TradeBreak
from breaks.services import approvals, work
from matching.models import ReconciliationRun
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from workflows.models import Channel, NoticePreference, Notification
from workflows.services.notifications import (
    Notice,
    notify,
    send_due,
    tell_failed_runs,
    tell_late_file,
)

NOW = factories.NOW


def tell(people=(), kind="ESCALATION", count=1, at=NOW, key="k", **over):
    notices = [
        Notice(kind=kind, key=f"{key}{n}", subject=f"Subject {n}", people=people, **over)
        for n in range(count)
    ]
    notify(notices, at=at)


def of(person):
    return Notification.objects.filter(person=person).order_by("pk")


@pytest.fixture
def ann(db) -> User:
    return factories.user("Analyst", email="ann@example.com")


@pytest.mark.django_db
class TestTelling:
    def test_the_same_thing_twice_is_one_notice(self, ann):
        tell([ann, ann])
        tell([ann])

        assert of(ann).count() == 1

    def test_is_undone_with_what_it_tells_of(self, ann):
        def fail():
            with transaction.atomic():
                tell([ann])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert not of(ann).exists()

    def test_without_a_mail_server_it_is_in_the_inbox_only(self, ann):
        tell([ann])

        row = of(ann).get()
        assert (row.status, row.channel, row.is_listed) == ("INBOX", None, True)
        assert send_due(now=lambda: NOW).delivered == 0

    def test_goes_to_channels_that_tell_of_its_kind_and_to_no_other(self, ann):
        rooms = [
            Channel.objects.create(name=name, kind="SLACK", url_env="X", **more)
            for name, more in {
                "yes": {"kinds": ["LATE_FILE"]},
                "other kind": {"kinds": ["ESCALATION"]},
                "off": {"kinds": ["LATE_FILE"], "is_enabled": False},
            }.items()
        ]
        tell(kind="LATE_FILE")
        tell(kind="LATE_FILE")

        row = Notification.objects.get()
        assert (row.channel, row.person, row.is_listed) == (rooms[0], None, False)

    def test_somebody_who_left_is_not_told(self, ann):
        User.objects.update(is_active=False)
        ann.refresh_from_db()
        tell([ann])

        assert not of(ann).exists()


@pytest.mark.django_db
class TestFloods:
    def test_the_first_five_stand_alone_and_the_rest_are_one_digest(self, ann, mailbox):
        tell([ann], count=40)

        alone, digest = of(ann).filter(status="QUEUED"), of(ann).get(kind="DIGEST")
        assert [row.subject for row in alone] == [f"Subject {n}" for n in range(5)]
        assert (digest.status, digest.folded, digest.members.count()) == ("COLLECTING", 35, 35)
        assert of(ann).filter(is_listed=True).count() == 6

        assert send_due(now=lambda: NOW).delivered == 5
        assert send_due(now=lambda: digest.send_after).delivered == 1

        said = mailbox.taken[-1].get_payload(decode=True).decode()
        assert mailbox.taken[-1]["Subject"] == "35 notices: escalation"
        assert "Subject 5" in said
        assert "Subject 39" in said
        assert len(mailbox.taken) == 6
        assert send_due(now=lambda: NOW + timedelta(days=1)).delivered == 0

    def test_what_follows_within_the_window_joins_the_digest(self, ann):
        tell([ann], count=6)
        tell([ann], count=3, key="more", at=NOW + timedelta(minutes=1))

        assert of(ann).get(kind="DIGEST").folded == 4

    def test_a_digest_is_unread_again_when_something_joins(self, ann):
        tell([ann], count=6)
        of(ann).update(read_at=NOW)
        tell([ann], key="more", at=NOW + timedelta(minutes=1))

        assert of(ann).get(kind="DIGEST").read_at is None

    def test_once_the_window_is_past_they_stand_alone_again(self, ann):
        tell([ann], count=6)
        tell([ann], key="later", at=NOW + timedelta(minutes=11))

        assert of(ann).last().digest is None

    def test_a_digest_that_was_closed_takes_nothing_more(self, ann, mailbox):
        tell([ann], count=6)
        first = of(ann).get(kind="DIGEST")
        send_due(now=lambda: first.send_after)
        # By a clock that is behind.
        tell([ann], key="more", at=NOW)

        second = of(ann).filter(kind="DIGEST").exclude(pk=first.pk).get()
        assert (second.status, second.folded, first.members.count()) == ("COLLECTING", 1, 1)

    def test_kinds_and_recipients_do_not_count_for_each_other(self, ann):
        bob = factories.user()
        for kind in ("ESCALATION", "LATE_FILE"):
            tell([ann, bob], kind=kind, count=5, key=kind)

        assert not Notification.objects.filter(kind="DIGEST").exists()

    def test_a_channel_says_how_many_are_too_many(self, db):
        Channel.objects.create(
            name="Room", kind="SLACK", url_env="X", kinds=["LATE_FILE"], digest_above=2,
            digest_minutes=60,
        )  # fmt: skip
        tell(kind="LATE_FILE", count=10)

        digest = Notification.objects.get(kind="DIGEST")
        assert (digest.folded, digest.person) == (8, None)
        assert digest.send_after == NOW + timedelta(hours=1)

    def test_a_thousand_cost_no_query_each(self, ann, mailbox):
        tell([ann], count=10, key="warm")
        with CaptureQueriesContext(connection) as few:
            tell([ann], count=10, key="ten", at=NOW + timedelta(hours=1))
        with CaptureQueriesContext(connection) as many:
            tell([ann], count=1000, key="thousand", at=NOW + timedelta(hours=2))

        # SQLite takes so many rows in one statement.
        assert len(many) <= len(few) + 1000 // 40


@pytest.mark.django_db
class TestPreferences:
    @pytest.mark.parametrize(
        ("how", "status", "channel"),
        [("AT_ONCE", "QUEUED", True), ("INBOX", "INBOX", False), ("DIGEST", "FOLDED", True)],
    )
    def test_decide_how_a_person_hears(self, ann, mailbox, how, status, channel):
        NoticePreference.objects.create(person=ann, kind="ESCALATION", how=how)
        tell([ann])

        row = of(ann).exclude(kind="DIGEST").get()
        assert (row.status, row.channel is not None, row.is_listed) == (status, channel, True)

    def test_one_mail_an_hour_has_them_all_and_the_inbox_each(self, ann, mailbox):
        NoticePreference.objects.create(person=ann, kind="ESCALATION", how="DIGEST")
        tell([ann], count=3)
        tell([ann], key="more", at=NOW + timedelta(minutes=59))

        assert send_due(now=lambda: NOW + timedelta(minutes=59)).delivered == 0
        assert send_due(now=lambda: NOW + timedelta(hours=1)).delivered == 1

        assert mailbox.taken[0]["Subject"] == "4 notices: escalation"
        assert of(ann).filter(is_listed=True).count() == 4

    def test_a_digest_of_one_is_that_one(self, ann, mailbox):
        NoticePreference.objects.create(person=ann, kind="ESCALATION", how="DIGEST")
        tell([ann], link="/x/")
        send_due(now=lambda: NOW + timedelta(hours=1))

        assert mailbox.taken[0]["Subject"] == "Subject 0"

    def test_without_an_address_there_is_only_the_inbox(self, mailbox):
        person = factories.user()
        tell([person])

        assert of(person).get().status == "INBOX"


@pytest.mark.django_db
class TestWhatIsTold:
    def test_an_assignment_to_whoever_it_was_given_to(self, ann, supervisor):
        row = factories.trade_break(exposure="1200.5")
        work.assign(
            break_id=row.pk, version=None, to=ann, by=supervisor, at=NOW, reason="You know it"
        )

        told = of(ann).get()
        assert told.kind == "ASSIGNMENT"
        assert told.subject == f"Assigned to you: high break {row.pk}, price, 1,200.50 USD"
        assert f"{supervisor}: You know it" in told.text
        assert told.trade_break == row

    def test_no_assignment_to_oneself_and_none_taken_away(self, ann):
        row = factories.trade_break()
        work.claim(break_id=row.pk, version=None, by=ann, at=NOW)
        work.assign(break_id=row.pk, version=None, to=None, by=ann, at=NOW)
        work.assign(break_id=row.pk, version=None, to=ann, by=ann, at=NOW)

        assert not Notification.objects.exists()

    def test_a_request_to_those_who_may_decide_and_see_its_break(self, ann):
        team = factories.team()
        row = factories.trade_break(exposure="500", team=team, assigned_to=ann)
        maker, checker = factories.user("Supervisor"), factories.user("Supervisor")
        approvals.accept(break_id=row.pk, version=None, comment="Small", by=maker, at=NOW)

        told = Notification.objects.filter(kind="APPROVAL_ASKED")
        assert [one.person for one in told] == [checker]
        assert "Small" in told[0].text

    @pytest.mark.parametrize(
        ("decide", "word"), [("approve", "approved"), ("turn_down", "turned down")]
    )
    def test_a_decision_to_whoever_asked(self, decide, word):
        row = factories.trade_break(exposure="500")
        maker, checker = factories.user("Supervisor"), factories.user("Supervisor")
        approvals.accept(break_id=row.pk, version=None, comment="Small", by=maker, at=NOW)
        asked = row.approvals.get()
        getattr(approvals, decide)(request_id=asked.pk, by=checker, at=NOW, note="Seen")

        told = Notification.objects.get(kind="APPROVAL_DECIDED")
        assert told.person == maker
        assert f"was {word}" in told.subject
        assert "Seen" in told.text

    def test_a_refused_act_tells_nobody(self, ann):
        row = factories.trade_break(status="RESOLVED")
        with pytest.raises(work.WorkRefused if hasattr(work, "WorkRefused") else Exception):
            work.assign(break_id=row.pk, version=None, to=ann, by=ann, at=NOW)
        assert not Notification.objects.exists()

    def test_a_failed_run_to_administrators_once(self, administrator, ann):
        factories.run(status="FAILED", error="No rules.", finished_at=NOW)
        factories.run(status="FAILED", error="Old.", finished_at=NOW - timedelta(days=9),
                      from_date=factories.TRADE_DATE - timedelta(days=9))  # fmt: skip
        for _ in range(3):
            tell_failed_runs(at=NOW)

        told = Notification.objects.get()
        assert (told.person, told.kind) == (administrator, "RUN_FAILED")
        assert "No rules." in told.text
        assert ReconciliationRun.objects.count() == 2

    def test_a_late_file_once_a_date_and_who_is_told(self, administrator, ann):
        feed = factories.feed("prime")
        given = {"feed": feed, "business_date": factories.TRADE_DATE, "at": NOW}
        names = tell_late_file(sentence="Due at 06:00.", **given)

        assert names == [administrator.get_username()]
        assert tell_late_file(sentence="Due at 06:00.", people=[ann], **given) == [str(ann)]
        assert Notification.objects.count() == 2


def many_who_tell_the_same_write_it_once():
    people = [factories.user() for _ in range(3)]

    results = at_once(*(lambda: tell(people, count=8) for _ in range(12)))

    assert results == [None] * 12
    for person in people:
        rows = Notification.objects.filter(person=person)
        assert rows.exclude(kind="DIGEST").count() == 8
        digests = rows.filter(kind="DIGEST")
        send_due(now=lambda: NOW + timedelta(hours=1))
        assert sum(digest.folded for digest in digests.all()) == rows.exclude(digest=None).count()


def a_digest_is_closed_with_all_that_was_folded_into_it():
    person = factories.user()
    tell([person], count=6)
    digest = Notification.objects.get(kind="DIGEST")

    at_once(
        *(lambda n=n: tell([person], key=f"x{n}-", at=NOW) for n in range(8)),
        *(lambda: send_due(now=lambda: digest.send_after) for _ in range(4)),
    )

    send_due(now=lambda: NOW + timedelta(hours=1))
    folded = Notification.objects.filter(status="FOLDED")
    assert folded.count() == 9
    assert set(folded.values_list("digest__status", flat=True)) == {"INBOX"}
    counted = Notification.objects.filter(kind="DIGEST").values_list("folded", flat=True)
    assert sum(counted) == 9
    assert TradeBreak.objects.count() == 0


test_on_sqlite, test_on_postgres = on_both(
    many_who_tell_the_same_write_it_once, a_digest_is_closed_with_all_that_was_folded_into_it
)
