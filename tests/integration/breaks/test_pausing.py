"""The clock stands while the counterparty is waited for, where the policy says so."""

from datetime import timedelta

import pytest

from breaks.models import SlaPolicy, TradeBreak
from breaks.services import work
from breaks.services.undoing import undo

STATE = ("status", "due_at", "clock_from", "clock_spent_us", "paused_at", "rank", "sla_policy")


@pytest.fixture
def pausing():
    SlaPolicy.objects.update(pauses_while_awaiting=True)


def awaiting(row, by, at):
    given = {"version": None, "reason": "asked", "by": by, "at": at}
    return work.await_counterparty(break_id=row.pk, **given)


def test_the_due_time_moves_on_by_the_business_time_of_the_pause(price_break, analyst, pausing):
    due, at = price_break.due_at, price_break.opened_at + timedelta(hours=1)

    paused = awaiting(price_break, analyst, at)
    assert (paused.paused_at, paused.due_at) == (at, due)
    # Thursday 13:01 to 15:01; a night is no business time.
    back = work.claim(break_id=price_break.pk, version=None, by=analyst, at=at + timedelta(hours=2))

    assert (back.paused_at, back.due_at) == (None, due + timedelta(hours=2))
    assert back.rank < paused.rank


def test_it_runs_on_where_the_policy_does_not_pause(price_break, analyst):
    row = awaiting(price_break, analyst, price_break.opened_at)

    assert (row.paused_at, row.due_at) == (None, price_break.due_at)


def test_nothing_becomes_overdue_while_it_stands(price_break, analyst, pausing):
    due, much_later = price_break.due_at, price_break.due_at + timedelta(days=30)
    assert list(TradeBreak.objects.overdue(due - timedelta(seconds=1))) == []
    assert list(TradeBreak.objects.overdue(due)) == [price_break]
    assert list(TradeBreak.objects.overdue(much_later)) == [price_break]

    awaiting(price_break, analyst, due - timedelta(minutes=1))
    assert list(TradeBreak.objects.overdue(much_later)) == []


def test_what_was_late_stays_as_late_as_it_was(price_break, analyst, pausing):
    due = price_break.due_at
    awaiting(price_break, analyst, due + timedelta(minutes=5))
    later = due + timedelta(days=9)
    assert list(TradeBreak.objects.overdue(later)) == [price_break]
    # Nobody is told again of what waits for somebody else.
    assert list(TradeBreak.objects.running_late(later)) == []

    back = work.claim(
        break_id=price_break.pk, version=None, by=analyst, at=due + timedelta(minutes=35)
    )

    assert back.due_at == due + timedelta(minutes=30)


def test_undone_it_is_as_if_it_had_never_stood(price_break, analyst, pausing):
    before = TradeBreak.objects.values(*STATE).get(pk=price_break.pk)
    at = price_break.opened_at + timedelta(hours=1)
    awaiting(price_break, analyst, at)

    undo(break_id=price_break.pk, version=None, by=analyst, at=at + timedelta(hours=1))

    assert TradeBreak.objects.values(*STATE).get(pk=price_break.pk) == before


def test_resolved_while_it_stands_it_was_in_time(price_break, analyst, pausing):
    at = price_break.opened_at + timedelta(hours=1)
    awaiting(price_break, analyst, at)

    row = work.resolve(
        break_id=price_break.pk, version=None, reason_code="BOOKED", by=analyst,
        at=price_break.due_at + timedelta(days=4),
    )  # fmt: skip

    assert row.paused_at is None
    assert row.resolved_at < row.due_at
