"""Late breaks: each level once, with its event and its notice, whoever looks and how often."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from breaks.models import BreakEvent, SlaPolicy, TradeBreak
from breaks.services import history, work
from breaks.services.history import Entry, verify
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from workflows.models import Channel, Escalation, EscalationLevel, Notification
from workflows.services.escalation import check_sla
from workflows.tasks import check_sla_breaches

NOW = factories.NOW  # a Thursday, noon
HIGH = timedelta(hours=2)


def late_break(**over):
    """Make a break of two hours, due at noon, in the desk's own hours."""
    policy = SlaPolicy.objects.get(code="standard", retired_at=None)
    opened = NOW - HIGH
    return factories.trade_break(**{"opened_at": opened, "sla_policy": policy} | over)


def opened_break():
    """Make a late break whose history begins as a run's would."""
    row = late_break()
    opened = Entry(trade_break=row, kind="OPENED", to_status="OPEN")
    history.append([opened], at=row.opened_at)
    return row


def levels(row=None):
    rows = Escalation.objects.order_by("trade_break", "level")
    return list((rows.filter(trade_break=row) if row else rows).values_list("level", flat=True))


def told(kind="ESCALATION"):
    rows = Notification.objects.filter(kind=kind).order_by("pk")
    return [(row.person and row.person.username, row.trade_break_id) for row in rows]


@pytest.mark.django_db
class TestLevels:
    def test_fire_as_the_clock_runs_on_each_once(self):
        row = late_break()

        for late, fired in ((-1, []), (0, [1]), (59, [1]), (60, [1, 2]), (120, [1, 2, 3])):
            at = NOW + timedelta(minutes=late)
            check_sla(at=at)
            check_sla(at=at)
            assert levels(row) == fired, late

        row.refresh_from_db()
        assert row.status == "ESCALATED"
        events = list(row.events.order_by("sequence"))
        assert [(event.kind, event.detail["level"]) for event in events] == [
            ("ESCALATED", 1), ("ESCALATED", 2), ("ESCALATED", 3),
        ]  # fmt: skip
        assert (events[0].to_status, events[1].to_status) == ("", "ESCALATED")

    def test_count_the_clock_in_business_time(self):
        # Due at noon; half of 8 hours later is 16:00, all of it is 10:00 the next day.
        row = late_break(severity="MEDIUM", due_at=NOW)

        check_sla(at=NOW + timedelta(hours=7))
        assert levels(row) == [1, 2]
        check_sla(at=NOW + timedelta(hours=21, minutes=59))
        assert levels(row) == [1, 2]
        check_sla(at=NOW + timedelta(hours=22))
        assert levels(row) == [1, 2, 3]

    def test_that_were_slept_through_all_fire_at_the_next_look(self):
        row = late_break()

        check_sla(at=NOW + timedelta(days=3))

        assert levels(row) == [1, 2, 3]
        row.refresh_from_db()
        assert row.version == 4

    def test_a_paused_clock_fires_nothing(self):
        late_break(status="AWAITING_COUNTERPARTY", paused_at=NOW - timedelta(hours=1))

        assert not check_sla(at=NOW + timedelta(days=3))
        assert not Notification.objects.exists()

    @pytest.mark.parametrize("status", ["RESOLVED", "ACCEPTED"])
    def test_an_ended_break_fires_nothing(self, status):
        late_break(status=status)

        assert not check_sla(at=NOW + timedelta(days=3))

    def test_fire_anew_under_the_next_version_of_the_policy(self):
        row = late_break()
        check_sla(at=NOW)
        first = row.sla_policy
        SlaPolicy.objects.filter(pk=first.pk).update(retired_at=NOW)
        second = SlaPolicy.objects.create(code="standard", version=99, name="Standard clocks")
        TradeBreak.objects.update(sla_policy=second)

        check_sla(at=NOW)

        assert levels(row) == [1, 1]
        assert set(Escalation.objects.values_list("policy", flat=True)) == {first.pk, second.pk}

    def test_of_a_policy_of_its_own_replace_the_standard_ones(self):
        person = factories.user()
        own = SlaPolicy.objects.create(code="fast", name="Fast", break_type="PRICE")
        EscalationLevel.objects.create(policy_code="fast", number=1, after_pct=25, person=person)
        row = late_break(sla_policy=own)

        check_sla(at=NOW + timedelta(minutes=29))
        assert levels(row) == []
        check_sla(at=NOW + timedelta(days=1))

        assert levels(row) == [1]
        assert told() == [(person.username, row.pk)]

    def test_that_are_off_are_not_replaced(self):
        SlaPolicy.objects.create(code="quiet", name="Quiet", break_type="PRICE")
        EscalationLevel.objects.create(
            policy_code="quiet", number=1, tells_own_team=True, is_enabled=False
        )
        late_break(sla_policy=SlaPolicy.objects.get(code="quiet"))

        assert not check_sla(at=NOW + timedelta(days=1))

    def test_a_break_from_before_there_were_policies_has_the_current_one(self):
        row = late_break(sla_policy=None)

        check_sla(at=NOW)

        assert levels(row) == [1]

    def test_a_level_may_not_bring_a_resolved_break_back(self):
        """Whoever resolves it between the look and the write has won."""
        row = late_break()
        work.resolve(
            break_id=row.pk, version=None, reason_code="BOOKED", by=factories.user(), at=NOW
        )

        assert not check_sla(at=NOW)


@pytest.mark.django_db
class TestWhoIsTold:
    def test_the_assignee_and_the_team_then_those_above(self):
        ann, bob = factories.user("Analyst"), factories.user("Analyst")
        boss = factories.user("Supervisor")
        team = factories.team("trade-support", bob)
        factories.team("senior-operations", boss)
        row = late_break(team=team, assigned_to=ann)

        check_sla(at=row.due_at)
        assert sorted(told()) == sorted([(ann.username, row.pk), (bob.username, row.pk)])
        check_sla(at=row.due_at + HIGH)

        assert told()[2:3] == [(boss.username, row.pk)]

    def test_each_person_once_a_level(self):
        ann = factories.user("Analyst")
        row = late_break(team=factories.team("trade-support", ann), assigned_to=ann)

        check_sla(at=row.due_at)

        assert told() == [(ann.username, row.pk)]

    def test_a_level_that_reaches_nobody_goes_to_supervisors(self, supervisor):
        row = late_break()

        check_sla(at=NOW)

        assert told() == [(supervisor.username, row.pk)]
        assert Escalation.objects.get().told == "supervisors, for want of others"

    def test_that_nobody_at_all_was_there_is_said(self):
        late_break()

        check_sla(at=NOW)

        assert Escalation.objects.get().told.startswith("nobody")

    def test_a_channel(self):
        room = Channel.objects.create(name="Room", kind="SLACK", url_env="X")
        EscalationLevel.objects.filter(number=1).update(channel=room, tells_own_team=False)
        row = late_break(exposure="10")

        check_sla(at=NOW)

        sent = Notification.objects.get(channel=room)
        assert (sent.status, sent.trade_break) == ("QUEUED", row)
        assert "10.00 USD" in sent.subject

    def test_whoever_may_not_see_the_break_hears_no_more_than_that_it_is_late(self):
        outsider = factories.user("Analyst")
        team = factories.team("trade-support", name="Trade support")
        factories.team("senior-operations", outsider)
        EscalationLevel.objects.exclude(number=2).delete()
        row = late_break(team=team, exposure="123456")

        check_sla(at=row.due_at + HIGH)

        said = Notification.objects.get(person=outsider)
        assert "123,456" not in said.subject + said.text
        assert (said.link, "Trade support" in said.subject) == ("", True)

    def test_the_dearest_are_told_one_by_one_and_the_rest_in_a_digest(self):
        ann = factories.user("Analyst")
        team = factories.team("trade-support", ann, opens_at="00:00", closes_at="00:00")
        rows = [late_break(team=team, exposure=str(10**n)) for n in range(9)]

        check_sla(at=NOW)

        alone = Notification.objects.filter(person=ann, status="INBOX", kind="ESCALATION")
        assert {row.trade_break_id for row in alone} == {row.pk for row in rows[-5:]}
        assert Notification.objects.get(kind="DIGEST").folded == 4


@pytest.mark.django_db
class TestFaces:
    def test_the_command_says_what_it_did(self, capsys):
        late_break(opened_at=NOW - timedelta(days=30))

        call_command("check_sla", "--json")
        assert json.loads(capsys.readouterr().out) == {
            "breaks": 1, "levels": {"1": 1, "2": 1, "3": 1},
        }  # fmt: skip
        call_command("check_sla")
        assert capsys.readouterr().out == "Escalated 0 breaks.\n"

    def test_the_task_has_its_name_and_a_second_changes_nothing(self):
        late_break(opened_at=NOW - timedelta(days=30))

        assert check_sla_breaches.name == "tasks.check_sla_breaches"
        check_sla_breaches()
        check_sla_breaches()

        assert levels() == [1, 2, 3]

    def test_a_look_costs_no_query_a_break(self):
        factories.team("senior-operations", factories.user("Supervisor"))
        for _ in range(10):
            late_break()
        with CaptureQueriesContext(connection) as few:
            check_sla(at=NOW + timedelta(days=1))
        for _ in range(60):
            late_break()
        with CaptureQueriesContext(connection) as many:
            check_sla(at=NOW + timedelta(days=2))

        # SQLite takes so many rows in one statement: 180 escalations, events and notices.
        assert len(many) <= len(few) + 3 * 180 // 40


@pytest.mark.django_db
class TestOverdueList:
    ADDRESS = "/api/v1/exceptions/overdue"

    def rows(self, client, query=""):
        answer = client.get(self.ADDRESS + query)
        assert answer.status_code == 200, answer.json()
        return answer.json()["results"]

    def test_says_how_late_and_how_far_escalated(self, api_as, supervisor):
        row = late_break(opened_at=NOW - timedelta(days=30))
        check_sla(at=row.due_at)

        (found,) = self.rows(api_as(supervisor))

        assert (found["id"], found["escalation_level"]) == (row.pk, 1)
        assert found["overdue_seconds"] >= 29 * 86_400
        assert 0 < found["overdue_business_seconds"] < found["overdue_seconds"]

    def test_reading_escalates_nothing(self, api_as, supervisor):
        late_break(opened_at=NOW - timedelta(days=30))

        (found,) = self.rows(api_as(supervisor))

        assert found["escalation_level"] is None
        assert not Escalation.objects.exists()
        assert not BreakEvent.objects.exists()

    def test_leaves_out_what_is_not_late_or_ended(self, api_as, supervisor):
        late = late_break(opened_at=NOW - timedelta(days=30))
        old = {"opened_at": NOW - timedelta(days=30)}
        waits = {"status": "AWAITING_COUNTERPARTY"}
        late_break(due_at=NOW + timedelta(days=365_0))
        late_break(paused_at=late.due_at - timedelta(minutes=1), **waits, **old)
        late_break(status="RESOLVED", **old)

        assert [row["id"] for row in self.rows(api_as(supervisor))] == [late.pk]

    def test_what_was_late_when_its_clock_was_paused_is_as_late_as_it_was(self, api_as, supervisor):
        row = late_break(opened_at=NOW - timedelta(days=30), status="AWAITING_COUNTERPARTY")
        TradeBreak.objects.update(paused_at=row.due_at + timedelta(minutes=5))

        (found,) = self.rows(api_as(supervisor))

        assert (found["id"], found["overdue_seconds"]) == (row.pk, 300)

    def test_shows_nobody_what_they_may_not_see(self, api_as, analyst):
        late_break(opened_at=NOW - timedelta(days=30), team=factories.team())

        assert self.rows(api_as(analyst)) == []

    def test_is_filtered_ordered_and_paged(self, api_as, supervisor):
        rows = [
            late_break(opened_at=NOW - timedelta(days=n), severity=severity)
            for n, severity in ((30, "HIGH"), (40, "LOW"), (50, "HIGH"))
        ]
        client = api_as(supervisor)

        assert [row["id"] for row in self.rows(client)] == [row.pk for row in reversed(rows)]
        assert len(self.rows(client, "?severity=HIGH")) == 2
        assert self.rows(client, "?ordering=-due_at&page_size=1")[0]["id"] == rows[0].pk
        assert client.get(self.ADDRESS + "?nonsense=1").status_code == 400

    def test_costs_no_query_a_row(self, api_as, supervisor, django_assert_num_queries):
        client = api_as(supervisor)
        late_break(opened_at=NOW - timedelta(days=30))
        self.rows(client)
        with CaptureQueriesContext(connection) as few:
            self.rows(client)
        for _ in range(20):
            late_break(opened_at=NOW - timedelta(days=30), team=factories.team())
        with django_assert_num_queries(len(few)):
            assert len(self.rows(client)) == 21

    def test_is_where_the_design_says(self):
        assert reverse("overdue-breaks") == self.ADDRESS


def fifty_looks_at_once_fire_each_level_once():
    person = factories.user("Supervisor")
    factories.team("senior-operations", person)
    rows = [opened_break() for _ in range(3)]

    results = at_once(*(lambda: check_sla(at=NOW + timedelta(minutes=60)) for _ in range(50)))

    assert sum(len(result.breaks) for result in results) == 3, results
    for row in rows:
        assert levels(row) == [1, 2]
        row.refresh_from_db()
        assert (row.version, row.status) == (3, "ESCALATED")
        assert row.events.count() == 3
    # Level 1 finds no team and goes to the supervisor; level 2 to the same as a senior.
    notices = Notification.objects.filter(kind="ESCALATION", person=person)
    assert notices.count() == 6
    assert len(set(notices.values_list("key", flat=True))) == 6
    assert list(verify()) == []


def a_look_and_a_person_never_undo_each_other():
    row = opened_break()
    by = factories.user("Analyst")

    at_once(
        lambda: check_sla(at=NOW + timedelta(hours=2)),
        lambda: work.claim(break_id=row.pk, version=None, by=by, at=NOW),
        lambda: work.comment(break_id=row.pk, version=None, by=by, at=NOW, text="x"),
        lambda: check_sla(at=NOW + timedelta(hours=2)),
    )

    assert levels(row) == [1, 2, 3]
    assert row.events.count() == 6
    assert list(verify()) == []


test_on_sqlite, test_on_postgres = on_both(
    fifty_looks_at_once_fire_each_level_once, a_look_and_a_person_never_undo_each_other
)
