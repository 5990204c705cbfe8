"""What a preview foresees is what then happens."""

from itertools import product

import pytest

from breaks.choices import BreakStatus
from breaks.models import ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.services import approvals
from breaks.services.foreseeing import foresee
from breaks.services.lifecycle import WorkRefused
from tests import factories
from tests.integration.breaks.conftest import dump
from tests.integration.breaks.test_work import ACTS, act, in_status


@pytest.mark.parametrize("case", list(product(BreakStatus, ACTS, ["nobody", "me", "another"])))
def test_what_is_foreseen_is_what_happens(price_break, analyst, other, case):
    start, name, holder = case
    in_status(price_break, start, analyst)
    ApprovalPolicy.objects.update(is_enabled=False)
    TradeBreak.objects.update(assigned_to={"nobody": None, "me": analyst, "another": other}[holder])
    row = TradeBreak.objects.select_related("assigned_to", "team").get()
    before = dump()

    [foreseen] = foresee([row], name, by=analyst)

    assert dump() == before
    assert row.status == start
    given = {"to": factories.user("Analyst")} if name == "assign" else ACTS[name][0]
    if foreseen.can:
        assert act(name, row, analyst, **given).status == foreseen.becomes
    elif "yours already" in foreseen.why:
        assert act(name, row, analyst, **given).version == row.version
    else:
        with pytest.raises(WorkRefused) as refusal:
            act(name, row, analyst, **given)
        assert foreseen.why == str(refusal.value)


def test_foreseeing_reads_nothing(price_break, analyst, django_assert_num_queries):
    row = TradeBreak.objects.select_related("assigned_to", "team").get()

    with django_assert_num_queries(2):  # the policy of accepting, and what was asked for
        for name in ACTS:
            foresee([row] * 40, name, by=analyst)


@pytest.mark.parametrize("exposure", ["10", "10000000", None])
def test_what_waits_for_a_second_person_is_foreseen(analyst, exposure):
    ApprovalPolicy.objects.filter(act="ACCEPT").update(is_enabled=True, above=1000)
    row = factories.trade_break(exposure=exposure)

    [foreseen] = foresee([row], "accept", by=analyst)

    made = approvals.accept(
        break_id=row.pk, version=1, comment="small", by=analyst, at=factories.NOW
    )
    assert foreseen.waits == isinstance(made, ApprovalRequest)
    assert foreseen.becomes == TradeBreak.objects.get(pk=row.pk).status


@pytest.mark.parametrize("since", ["nothing", "talk", "act"])
def test_a_write_off_that_was_asked_for_is_foreseen(analyst, other, supervisor, since):
    ApprovalPolicy.objects.filter(act="ACCEPT").update(is_enabled=True, above=0)
    asked, _ = factories.trade_break(exposure="10"), factories.trade_break(exposure="10")
    ask = {"version": None, "comment": "small", "at": factories.NOW}
    first = approvals.accept(break_id=asked.pk, by=other, **ask)
    if since == "talk":
        act("comment", asked, supervisor, text="wait")
    if since == "act":
        act("escalate", asked, supervisor, reason="large")
    rows = list(TradeBreak.objects.select_related("assigned_to", "team").order_by("pk"))

    of_asked, of_fresh = foresee(rows, "accept", by=analyst)

    assert (of_fresh.can, of_fresh.waits) == (True, True)
    if since == "act":
        assert (of_asked.can, of_asked.waits) == (True, True)
        assert approvals.accept(break_id=asked.pk, by=analyst, **ask).pk != first.pk
    else:
        assert (of_asked.waits, of_asked.becomes) == (False, "OPEN")
        with pytest.raises(WorkRefused) as refusal:
            approvals.accept(break_id=asked.pk, by=analyst, **ask)
        assert of_asked.why == str(refusal.value)


def test_what_was_asked_for_costs_the_same_for_one_and_for_forty(
    analyst, other, django_assert_num_queries
):
    ApprovalPolicy.objects.filter(act="ACCEPT").update(is_enabled=True, above=0)
    for _ in range(40):
        row = factories.trade_break(exposure="10")
        approvals.accept(break_id=row.pk, version=1, comment="small", by=other, at=factories.NOW)
    rows = list(TradeBreak.objects.select_related("assigned_to", "team"))

    with django_assert_num_queries(3):
        assert not any(one.can for one in foresee(rows, "accept", by=analyst))
