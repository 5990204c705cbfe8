"""Many decide, or ask, at the same moment: one wins, and nobody waits for another for ever."""

import pytest

from breaks.models import ApprovalRequest, BreakEvent
from breaks.services import approvals, work
from breaks.services.approvals import ApprovalRefused
from breaks.services.history import verify
from breaks.services.lifecycle import WorkRefused
from tests import factories
from tests.concurrency import at_once
from tests.integration.breaks.asking import ACTS, Asking

MANY = 20


def _decide(name, asked, by):
    return lambda: getattr(approvals, name)(
        request_id=asked.pk, by=by, at=factories.NOW, note="seen"
    )


def one_of_many_decisions_wins(act):
    """Approvals, refusals and the maker's own withdrawal, twenty at once."""
    asking = Asking(act)
    maker = factories.user("Supervisor")
    asked = asking.ask(maker)
    events = BreakEvent.objects.count()
    calls = [_decide("withdraw", asked, maker)]
    for number in range(MANY - 1):
        by = factories.user("Supervisor")
        calls.append(_decide("approve" if number % 2 else "turn_down", asked, by))

    results = at_once(*calls)

    winners = [result for result in results if isinstance(result, ApprovalRequest)]
    refused = [result for result in results if isinstance(result, ApprovalRefused)]
    assert (len(winners), len(refused)) == (1, MANY - 1), results
    assert all("already" in str(refusal) for refusal in refused)
    asked.refresh_from_db()
    assert (asked.status, asked.decided_by) == (winners[0].status, winners[0].decided_by)
    assert asking.is_done() is (asked.status == "APPROVED")
    if asked.trade_break_id and asked.status != "APPROVED":
        assert BreakEvent.objects.count() == events + 1
    asking.desk.check()


def one_of_many_requests_is_kept(act):
    asking = Asking(act)
    people = [factories.user("Supervisor") for _ in range(8)]

    results = at_once(*(lambda by=by: asking.ask(by) for by in people))

    kept = [result for result in results if isinstance(result, ApprovalRequest)]
    refused = [result for result in results if isinstance(result, WorkRefused)]
    assert (len(kept), len(refused)) == (1, 7), results
    assert ApprovalRequest.objects.get() == kept[0]
    assert list(verify()) == []


def approving_and_acting_at_once_do_not_both_happen(act):
    """Somebody works the break while it is approved: it is accepted, or overtaken, never both."""
    asking = Asking(act)
    asked = asking.ask(factories.user("Supervisor"))
    row, worker = asked.trade_break, factories.user("Analyst")

    decided, worked = at_once(
        _decide("approve", asked, factories.user("Supervisor")),
        lambda: work.escalate(
            break_id=row.pk, version=row.version + 1, reason="r", by=worker, at=factories.NOW
        ),
    )

    asked.refresh_from_db()
    row.refresh_from_db()
    if isinstance(worked, Exception):
        assert (asked.status, row.status) == ("APPROVED", "ACCEPTED")
    else:
        assert (asked.status, row.status) == ("STALE", "ESCALATED"), decided
    assert list(verify()) == []


def asking_anew_and_approving_at_once_do_not_lock_each_other(act):
    """One asks anew for what was overtaken while another approves it: both get an answer."""
    asking = Asking(act)
    maker = factories.user("Supervisor")
    asked = asking.ask(maker)
    if asked.trade_break is not None:
        work.claim(break_id=asked.trade_break_id, version=None, by=maker, at=factories.NOW)

    results = at_once(
        _decide("approve", asked, factories.user("Supervisor")),
        lambda: asking.ask(factories.user("Supervisor")),
    )

    for result in results:
        assert isinstance(result, (ApprovalRequest, *approvals.REFUSALS)), repr(result)
    asked.refresh_from_db()
    assert asked.status != "PENDING" or asked.trade_break is None
    assert list(verify()) == []


RACES = [
    *((one_of_many_decisions_wins, act) for act in ACTS),
    *((one_of_many_requests_is_kept, act) for act in ACTS),
    (approving_and_acting_at_once_do_not_both_happen, "ACCEPT"),
    *((asking_anew_and_approving_at_once_do_not_lock_each_other, act) for act in ACTS),
]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(("race", "act"), RACES[:2])
def test_on_sqlite(race, act):
    race(act)


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgres")
@pytest.mark.parametrize(("race", "act"), RACES)
def test_on_postgres(race, act):
    race(act)
