"""What waits for a second person, and the record that it was asked for."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission

from breaks.choices import GuardedAct
from breaks.models import ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.selectors import approvals_to_decide, approvals_visible_to, approvals_waiting
from breaks.services import approvals, work
from breaks.services.approvals import ApprovalRefused
from breaks.services.lifecycle import TransitionNotAllowed, WorkRefused
from breaks.services.work import StaleBreak
from matching.services.decisions import DecisionRefused
from tests import factories
from tests.integration.breaks.asking import ACTS, Asking, decide, dump
from trades.models import Trade

pytestmark = pytest.mark.django_db


@pytest.fixture(params=ACTS)
def asking(request, db) -> Asking:
    return Asking(request.param)


@pytest.fixture
def maker(db):
    """Return somebody who may do everything a request may be about, and decide too."""
    return factories.user("Supervisor", username="maker")


class TestPolicy:
    @pytest.mark.parametrize(
        ("above", "exposure", "needed"),
        [
            ("100", "99.9999999999", False),
            ("100", "100", False),
            ("100", "100.0000000001", True),
            ("100", None, True),
            ("100", "0", False),
            ("0", "0", True),
            ("0", None, True),
            ("0.0000000001", "0", False),
        ],
    )
    def test_the_limit_to_the_digit(self, above, exposure, needed):
        ApprovalPolicy.objects.filter(act="UNMATCH").update(above=Decimal(above))
        money = None if exposure is None else Decimal(exposure)

        assert approvals.is_needed(GuardedAct.UNMATCH, money) is needed

    def test_off_nothing_waits(self):
        ApprovalPolicy.objects.update(is_enabled=False)

        # A remediation without a policy of its own is never done by one person alone.
        rest = set(GuardedAct) - {GuardedAct.REMEDIATE}
        assert not any(approvals.is_needed(act, None) for act in rest)

    def test_an_act_without_a_policy_waits(self):
        ApprovalPolicy.objects.all().delete()

        assert all(approvals.is_needed(act, Decimal(0)) for act in GuardedAct)

    def test_by_default_write_offs_and_rules_always_wait_and_the_rest_above_100_000(self):
        limits = dict(ApprovalPolicy.objects.filter(is_enabled=True).values_list("act", "above"))

        large = dict.fromkeys(("PAIR", "UNMATCH", "IMPORT"), Decimal(100_000))
        assert limits == {"ACCEPT": 0, "ACTIVATE_RULES": 0, "ACTIVATE_MODEL": 0, **large}

    def test_where_it_lets_pass_the_act_is_done_at_once(self, asking, maker):
        ApprovalPolicy.objects.update(is_enabled=False)

        done = asking.ask(maker)

        assert not isinstance(done, ApprovalRequest)
        assert asking.is_done()
        assert asking.did_it() == maker
        assert not ApprovalRequest.objects.exists()

    @pytest.mark.parametrize("act", ["PAIR", "UNMATCH"])
    def test_a_pairing_s_stake_is_the_worth_of_its_trades(self, maker, act):
        asking = Asking(act)

        # 100 at 187.50, and 100 at 200 or 187.50: both sides go missing, or are found.
        worth = Decimal(38_750) if act == "PAIR" else Decimal(37_500)
        assert asking.ask(maker).exposure == worth

        ApprovalRequest.objects.all().delete()
        ApprovalPolicy.objects.update(above=worth)
        assert not isinstance(asking.ask(maker), ApprovalRequest)

    def test_a_stake_with_an_unknown_part_is_unknown_and_waits(self, maker):
        asking = Asking("PAIR")
        Trade.objects.filter(pk=asking.left.pk).update(price=None)
        asking.desk.run()
        ApprovalPolicy.objects.update(above=10**15)

        assert asking.ask(maker).exposure is None

    def test_trades_that_only_wait_count_with_their_worth(self, desk, maker):
        ApprovalPolicy.objects.update(above=37_499)
        left, right = desk.left(), desk.right()

        asked = approvals.pair_by_hand(
            reconciliation=desk.reconciliation, left_ids=[left.pk], right_ids=[right.pk],
            reason="r", by=maker, at=desk.later(),
        )  # fmt: skip

        assert (asked.exposure, asked.trade_break) == (37_500, None)

    def test_a_dearer_version_does_not_slip_through(self, desk, price_break, maker, monkeypatch):
        """Between the look at the exposure and the write the break becomes dear."""
        ApprovalPolicy.objects.update(above=100)
        from breaks.services.approvals import doors

        def looked(act, exposure):
            TradeBreak.objects.update(exposure=Decimal(5_000), version=2)
            return approvals.is_needed(act, exposure)

        monkeypatch.setattr(doors, "is_needed", looked)
        before = dump()

        with pytest.raises(StaleBreak):
            approvals.accept(
                break_id=price_break.pk, version=None, comment="c", by=maker, at=desk.later()
            )
        assert dump() == before


class TestAsking:
    def test_records_and_does_nothing_else(self, asking, maker):
        before = dump()

        asked = asking.ask(maker)

        assert (asked.act, asked.status, asked.made_by) == (asking.act, "PENDING", maker)
        assert not asking.is_done()
        after = dump()
        untouched = {"TradeBreak", "BreakEvent", "ApprovalRequest"}
        assert {name: rows for name, rows in after.items() if name not in untouched} == {
            name: rows for name, rows in before.items() if name not in untouched
        }
        asking.desk.check()

    def test_the_break_s_history_says_so_and_the_request_is_at_the_version_after(
        self, price_break, desk, maker
    ):
        asked = approvals.accept(
            break_id=price_break.pk, version=1, comment="a cent", by=maker, at=desk.later()
        )

        price_break.refresh_from_db()
        event = price_break.events.last()
        assert (event.kind, event.by, event.reason) == ("REQUESTED", maker, "a cent")
        assert event.detail == {"approval": asked.pk, "act": "ACCEPT", "exposure": "50"}
        assert asked.given["version"] == price_break.version == event.sequence == 2
        assert list(approvals_waiting(price_break)) == [asked]
        desk.check()

    def test_a_pair_and_an_unmatch_are_kept_with_their_dearest_break(self, maker):
        pairing = Asking("PAIR")
        assert pairing.ask(maker).trade_break.right_trade == pairing.right

    @pytest.mark.parametrize("why", ["", "  ", "\x00"])
    def test_says_why(self, asking, maker, why):
        before = dump()

        with pytest.raises((WorkRefused, DecisionRefused), match="Say why"):
            asking.ask(maker, why)
        assert dump() == before

    def test_a_second_of_the_same_is_refused(self, asking, maker, supervisor):
        first = asking.ask(maker)
        before = dump()

        with pytest.raises(ApprovalRefused, match=f"maker asked for this .*request {first.pk}"):
            asking.ask(supervisor)
        assert dump() == before

    @pytest.mark.parametrize("who", ["nobody", "inactive", "anonymous"])
    def test_only_a_known_active_person_asks(self, asking, who):
        by: Any = {
            "nobody": None,
            "anonymous": AnonymousUser(),
            "inactive": factories.user("Supervisor", is_active=False),
        }[who]
        before = dump()

        with pytest.raises(WorkRefused, match="Sign in"):
            asking.ask(by)
        assert dump() == before

    def test_a_stale_look_is_refused(self, desk, price_break, maker, other):
        work.claim(break_id=price_break.pk, version=1, by=other, at=desk.later())
        before = dump()

        with pytest.raises(StaleBreak, match="bob"):
            approvals.accept(
                break_id=price_break.pk, version=1, comment="c", by=maker, at=desk.later()
            )
        assert dump() == before

    def test_nobody_waits_for_what_cannot_be_done(self, desk, price_break, maker):
        work.resolve(
            break_id=price_break.pk, version=1, reason_code="BOOKED", by=maker, at=desk.later()
        )
        work.reopen(break_id=price_break.pk, version=2, reason="r", by=maker, at=desk.later())
        ApprovalPolicy.objects.update(is_enabled=False)
        approvals.accept(break_id=price_break.pk, version=3, comment="c", by=maker, at=desk.later())
        ApprovalPolicy.objects.update(is_enabled=True)
        before = dump()

        with pytest.raises(TransitionNotAllowed):
            approvals.accept(
                break_id=price_break.pk, version=4, comment="c", by=maker, at=desk.later()
            )
        assert dump() == before

    def test_nor_for_trades_that_are_in_a_match(self, desk, price_break, maker):
        left, right = price_break.match.legs.values_list("trade", flat=True)
        ApprovalPolicy.objects.update(above=0)
        before = dump()

        with pytest.raises(DecisionRefused, match="take that match apart"):
            approvals.pair_by_hand(
                reconciliation=desk.reconciliation, left_ids=[left], right_ids=[right],
                reason="r", by=maker, at=desk.later(),
            )  # fmt: skip
        assert dump() == before

    def test_there_is_no_such_match(self, desk, maker):
        with pytest.raises(DecisionRefused, match="no match 77"):
            approvals.unmatch(match_id=77, reason="r", by=maker, at=desk.later())

    def test_what_nothing_carries_out_is_not_asked_for(self, desk, maker, monkeypatch):
        from breaks.services.approvals.execution import EXECUTIONS

        monkeypatch.delitem(EXECUTIONS, GuardedAct.ACCEPT)
        with pytest.raises(ValueError, match="carry out"):
            approvals.ask(
                act=GuardedAct.ACCEPT, summary="s", reason="r", given={}, exposure=None,
                by=maker, at=desk.later(),
            )  # fmt: skip


class TestWhoSees:
    def test_a_request_about_another_team_s_break_is_not_there(self, maker, analyst):
        asking = Asking("ACCEPT")
        asked = asking.ask(maker)
        TradeBreak.objects.update(team=factories.team("elsewhere"))

        assert list(approvals_visible_to(analyst)) == []
        factories.team("elsewhere", analyst)
        assert list(approvals_visible_to(analyst)) == [asked]

    def test_what_waits_for_me_is_never_my_own(self, asking, maker, supervisor, analyst):
        asked = asking.ask(maker)

        assert list(approvals_to_decide(supervisor)) == [asked]
        assert list(approvals_to_decide(maker)) == []
        assert list(approvals_to_decide(analyst)) == []
        analyst.user_permissions.add(Permission.objects.get(codename="decide_approvalrequest"))
        fresh = type(analyst).objects.get(pk=analyst.pk)
        assert list(approvals_to_decide(fresh)) == [asked]
        decide("turn_down", asked, supervisor)
        assert list(approvals_to_decide(fresh)) == []


@pytest.mark.parametrize(
    ("kind", "said"),
    [("MISSING_LEFT", "missing at OMS"), ("MISSING_RIGHT", "missing at Custodian")],
)
def test_the_summary_names_the_source_that_lacks_the_trade(kind, said, maker):
    row = factories.trade_break(kind, exposure="10000000")
    between = row.reconciliation
    type(between.left_source).objects.filter(pk=between.left_source_id).update(name="OMS")
    type(between.left_source).objects.filter(pk=between.right_source_id).update(name="Custodian")

    asked = approvals.accept(break_id=row.pk, version=None, comment="x", by=maker, at=factories.NOW)

    assert asked.summary.endswith(said)
