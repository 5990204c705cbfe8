"""The lifecycle table itself, and that its one applier keeps to it."""

from datetime import UTC, datetime
from itertools import product

import pytest
from django.contrib.auth.models import User

from breaks.choices import LIVE, BreakStatus, ReasonCode
from breaks.models import SlaPolicy, TradeBreak
from breaks.models.trade_break import ENDED
from breaks.services.lifecycle import TransitionNotAllowed, move
from breaks.terms import Clocks
from breaks.transitions import ALLOWED

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TERMS = Clocks(policies=[SlaPolicy()], hours={})
PAIRS = list(product(BreakStatus, repeat=2))


def a_break(status: BreakStatus) -> TradeBreak:
    ended = status in ENDED
    return TradeBreak(
        pk=7,
        status=status,
        severity="HIGH",
        resolved_at=NOW if ended else None,
        reason_code=ReasonCode.BOOKED if ended else "",
        clock_from=NOW,
        due_at=NOW,
    )


def test_every_status_has_its_arrows():
    assert set(ALLOWED) == set(BreakStatus)
    assert all(after for after in ALLOWED.values())


def test_every_live_break_can_be_escalated_and_ended():
    for status in LIVE:
        assert set(ENDED) <= ALLOWED[status]
        assert status == BreakStatus.ESCALATED or BreakStatus.ESCALATED in ALLOWED[status]


def test_what_has_ended_comes_back_as_open_only():
    assert ALLOWED[BreakStatus.RESOLVED] == {BreakStatus.OPEN}
    assert ALLOWED[BreakStatus.ACCEPTED] == {BreakStatus.OPEN, BreakStatus.RESOLVED}


@pytest.mark.parametrize(("start", "target"), [p for p in PAIRS if p[1] in ALLOWED[p[0]]])
def test_moves_along_an_arrow(start, target):
    row, by = a_break(start), User(pk=3)

    before = move(row, target, at=NOW, by=by, reason_code=ReasonCode.BOOKED, terms=TERMS)

    assert (before, row.status) == (start, target)
    if target in ENDED:
        assert (row.resolved_at, row.resolved_by, row.reason_code) == (NOW, by, "BOOKED")
    else:
        assert (row.resolved_at, row.resolved_by, row.reason_code) == (None, None, "")
    assert (row.due_at == NOW) is (start not in ENDED or target in ENDED)


@pytest.mark.parametrize(("start", "target"), [p for p in PAIRS if p[1] not in ALLOWED[p[0]]])
def test_refuses_an_arrow_the_lifecycle_lacks(start, target):
    row = a_break(start)

    with pytest.raises(TransitionNotAllowed, match=r"^Break 7 is ") as refusal:
        move(row, target, at=NOW, by=User(pk=3), reason_code=ReasonCode.BOOKED)

    assert row.status == start
    assert str(refusal.value).endswith(".")


def test_clearing_by_itself_names_nobody():
    row = a_break(BreakStatus.IN_PROGRESS)

    move(row, BreakStatus.RESOLVED, at=NOW, by=User(pk=3), reason_code=ReasonCode.AUTO_CLEARED)

    assert row.resolved_by is None
