"""Automatic matches drawn at random: drawn once, judged once, and counted."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from breaks.choices import BreakType, GuardedAct
from breaks.models import ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.services import pairing, qa
from breaks.services.qa import VerdictRefused
from breaks.services.reach import WorkRefused
from matching.choices import MatchStatus, QaVerdict, RunStatus
from matching.false_matches import false_match_rates
from matching.models import Match, QaDraw, QaSample
from matching.services.runs import execute_run
from tests import factories

RIGHT, WRONG = QaVerdict.RIGHT, QaVerdict.WRONG


def reconcile(desk, *, pairs=30):
    """Run the desk's reconciliation over so many pairs that agree, and return the run."""
    for at in range(pairs):
        terms = {"price": f"{100 + at}.25", "quantity": str(100 + at), "execution_ref": f"EX{at}A"}
        desk.left(**terms)
        desk.right(**terms)
    queued = factories.run(reconciliation=desk.reconciliation, status=RunStatus.QUEUED)
    return execute_run(run_id=queued.pk, at=desk.later())


@pytest.fixture
def drawn(desk):
    """Return the samples of a run of which everything is drawn, up to ten."""
    desk.reconciliation = factories.reconciliation(qa_share_pct=100, qa_most_a_run=10)
    reconcile(desk)
    return list(QaSample.objects.order_by("pk"))


@pytest.fixture
def unguarded(db):
    ApprovalPolicy.objects.filter(act=GuardedAct.UNMATCH).update(is_enabled=False)


class TestDrawing:
    def test_draws_at_most_so_many_of_a_run_and_says_of_how_many(self, drawn):
        made = QaDraw.objects.get()

        assert (made.automatic, made.drawn, len(drawn)) == (30, 10, 10)
        assert {one.match.run_id for one in drawn} == {made.run_id}
        assert {one.trade_date for one in drawn} == {factories.TRADE_DATE}

    def test_a_run_is_drawn_from_once(self, drawn):
        made = QaDraw.objects.get()

        with pytest.raises(IntegrityError), transaction.atomic():
            QaDraw.objects.create(
                run=made.run, share_pct=100, most=10, automatic=1, drawn=1, drawn_at=factories.NOW
            )

    def test_draws_none_where_the_share_is_nothing(self, desk):
        desk.reconciliation = factories.reconciliation(qa_share_pct=0)
        reconcile(desk)

        assert not QaSample.objects.exists()
        assert not QaDraw.objects.exists()

    def test_a_quiet_second_run_draws_nothing_more(self, desk, drawn):
        again = factories.run(reconciliation=desk.reconciliation, status=RunStatus.QUEUED)
        execute_run(run_id=again.pk, at=desk.later())

        assert QaSample.objects.count() == len(drawn)


class TestVerdicts:
    def test_right_changes_nothing_of_the_match(self, drawn, other):
        before = Match.objects.filter(pk=drawn[0].match_id).values().get()

        sample, became = qa.judge(sample_id=drawn[0].pk, verdict=RIGHT, by=other, at=factories.NOW)

        assert (sample.verdict, sample.verdict_by, became) == (RIGHT, other, None)
        assert Match.objects.filter(pk=drawn[0].match_id).values().get() == before

    def test_wrong_takes_the_match_apart_and_its_trades_are_broken(
        self, desk, drawn, other, unguarded
    ):
        qa.judge(sample_id=drawn[0].pk, verdict=WRONG, note="two orders", by=other, at=desk.later())

        match = Match.objects.get(pk=drawn[0].match_id)
        assert (match.status, match.decided_by) == (MatchStatus.UNMATCHED, other)
        assert "two orders" in match.decision_note
        assert set(TradeBreak.objects.values_list("break_type", flat=True)) == {
            BreakType.MISSING_LEFT, BreakType.MISSING_RIGHT,
        }  # fmt: skip

    def test_wrong_asks_a_second_person_where_the_policy_says_so(self, drawn, other):
        ApprovalPolicy.objects.filter(act=GuardedAct.UNMATCH).update(is_enabled=True, above=0)

        _, became = qa.judge(
            sample_id=drawn[0].pk, verdict=WRONG, note="two orders", by=other, at=factories.NOW
        )

        assert isinstance(became, ApprovalRequest)
        assert Match.objects.get(pk=drawn[0].match_id).status == MatchStatus.MATCHED
        assert false_match_rates()[0].wrong == 1

    def test_is_given_once(self, drawn, other):
        qa.judge(sample_id=drawn[0].pk, verdict=RIGHT, by=other, at=factories.NOW)

        with pytest.raises(VerdictRefused, match="bob called it right"):
            qa.judge(sample_id=drawn[0].pk, verdict=WRONG, note="x", by=other, at=factories.NOW)

        assert QaSample.objects.get(pk=drawn[0].pk).verdict == RIGHT

    def test_wrong_without_a_reason_is_refused(self, drawn, other):
        with pytest.raises(VerdictRefused, match="Say what is wrong"):
            qa.judge(sample_id=drawn[0].pk, verdict=WRONG, note=" ", by=other, at=factories.NOW)

        assert not QaSample.objects.exclude(verdict="").exists()

    def test_whoever_decided_on_the_match_does_not_judge_it(self, drawn, other):
        Match.objects.filter(pk=drawn[0].match_id).update(decided_by=other)

        with pytest.raises(VerdictRefused, match="You decided on Match"):
            qa.judge(sample_id=drawn[0].pk, verdict=RIGHT, by=other, at=factories.NOW)

    def test_a_match_that_is_gone_is_not_judged(self, desk, drawn, other):
        desk.part(drawn[0].match)

        with pytest.raises(VerdictRefused, match="nothing left to judge"):
            qa.judge(sample_id=drawn[0].pk, verdict=RIGHT, by=other, at=factories.NOW)

    def test_a_person_who_is_not_active_is_refused(self, drawn):
        gone = factories.user("Analyst", is_active=False)

        with pytest.raises(WorkRefused):
            qa.judge(sample_id=drawn[0].pk, verdict=RIGHT, by=gone, at=factories.NOW)


class TestMeasuring:
    def test_counts_by_month_with_an_exact_interval(self, drawn, other, unguarded):
        for sample in drawn[:5]:
            qa.judge(sample_id=sample.pk, verdict=RIGHT, by=other, at=factories.NOW)
        qa.judge(sample_id=drawn[5].pk, verdict=WRONG, note="no", by=other, at=factories.NOW)

        (found,) = false_match_rates()

        assert (found.code, found.month) == ("oms-custodian", factories.TRADE_DATE.replace(day=1))
        assert (found.drawn, found.judged, found.wrong) == (10, 6, 1)
        assert found.rate == pytest.approx(1 / 6)
        assert (found.low, found.high) == pytest.approx((0.0042, 0.6412), abs=1e-4)

    def test_what_somebody_took_apart_before_counts_as_wrong(self, drawn, other):
        pairing.unmatch(match_id=drawn[0].match_id, reason="no", by=other, at=factories.NOW)

        (found,) = false_match_rates()

        assert (found.judged, found.wrong) == (1, 1)

    def test_what_a_later_run_paired_anew_is_left_out(self, desk, drawn):
        desk.part(drawn[0].match)

        (found,) = false_match_rates()

        assert (found.drawn, found.judged, found.rate) == (9, 0, None)

    def test_dates_and_reconciliation_narrow_it_and_months_add_up(
        self, desk, drawn, other, django_assert_num_queries
    ):
        QaSample.objects.filter(pk=drawn[0].pk).update(
            trade_date=factories.TRADE_DATE - timedelta(days=30)
        )

        with django_assert_num_queries(1):
            assert [one.drawn for one in false_match_rates()] == [1, 9]
        assert [one.drawn for one in false_match_rates(by_month=False)] == [10]
        assert [one.drawn for one in false_match_rates(from_date=factories.TRADE_DATE)] == [9]
        assert false_match_rates(to_date=factories.TRADE_DATE - timedelta(days=60)) == []
        assert false_match_rates(reconciliation=desk.reconciliation.pk + 1) == []
