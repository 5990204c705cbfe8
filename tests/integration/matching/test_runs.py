from datetime import timedelta
from decimal import Decimal

import pytest

from matching.choices import MatchStatus, RunStatus
from matching.models import Match, MatchLeg, ReconciliationRun
from matching.rules import NoActiveRules
from matching.services import claims, decisions, runs
from tests import factories
from tests.factories import NOW, TRADE_DATE

pytestmark = pytest.mark.django_db


@pytest.fixture
def between(db):
    return factories.reconciliation()


def run_over(between, from_date=TRADE_DATE, to_date=TRADE_DATE, at=NOW):
    run = runs.request_run(
        reconciliation=between, from_date=from_date, to_date=to_date, by=None, at=at
    )
    return runs.execute_run(run_id=run.pk, at=at)


def pair(**over):
    """Make one trade as both sources report it."""
    left = factories.trade(source="oms", **over)
    return left, factories.trade(source="custodian", **over)


def amend(trade, **values):
    for name, value in values.items():
        setattr(trade, name, value)
    trade.version += 1
    trade.save()


class TestExecuteRun:
    def test_pairs_what_agrees_and_counts_the_rest(self, between):
        pair()
        factories.trade(source="oms", isin="US5949181045", symbol="MSFT", quantity=7)

        run = run_over(between)

        assert run.status == RunStatus.SUCCEEDED
        assert (run.left_trades, run.right_trades) == (2, 1)
        assert (run.auto_matched, run.manual_review) == (1, 0)
        assert (run.matched_left, run.matched_right) == (1, 1)
        assert (run.unmatched_left, run.unmatched_right) == (1, 0)

    def test_writes_the_version_that_was_compared(self, between):
        left, _ = pair()
        amend(left, price=Decimal("187.40"))

        run_over(between)

        assert MatchLeg.objects.get(trade=left, is_live=True).trade_version == 2

    def test_leaves_a_quiet_match_as_it_is(self, between):
        pair()
        run_over(between)
        before = list(Match.objects.values_list("pk", "status"))

        run_over(between, at=NOW + timedelta(hours=1))

        assert list(Match.objects.values_list("pk", "status")) == before

    def test_keeps_the_row_of_a_match_that_came_out_the_same(self, between):
        _, right = pair()
        amend(right, price=Decimal("189.00"))
        run_over(between)
        before = list(Match.objects.values_list("pk", "status"))

        run_over(between, at=NOW + timedelta(hours=1))

        assert list(Match.objects.values_list("pk", "status")) == before

    def test_looks_again_at_a_match_whose_trade_was_amended(self, between):
        _, right = pair()
        run_over(between)
        amend(right, price=Decimal("189.00"))
        assert list(Match.objects.to_review()) == list(Match.objects.stale()) != []

        run_over(between, at=NOW + timedelta(hours=1))

        assert Match.objects.stale().count() == 0
        live = Match.objects.live().get()
        assert list(live.differences.values_list("kind", flat=True)) == ["PRICE"]
        assert Match.objects.filter(status=MatchStatus.SUPERSEDED).count() == 1

    def test_pairs_with_the_neighbour_day_but_answers_only_for_its_own(self, between):
        left = factories.trade(source="oms", order_ref="ORD-778812")
        factories.trade(
            source="custodian", trade_date=TRADE_DATE + timedelta(days=1), order_ref="ORD-778812"
        )

        run = run_over(between)

        assert MatchLeg.objects.filter(trade=left, is_live=True).exists()
        assert (run.left_trades, run.right_trades) == (1, 0)

    def test_a_cancelled_trade_never_takes_a_living_ones_partner(self, between):
        gone, right = pair(order_ref="ORD-778812")
        amend(gone, state="CANCELLED")
        rebooked = factories.trade(source="oms", order_ref="ORD-778812")

        run = run_over(between)

        assert set(Match.objects.live().get().legs.values_list("trade", flat=True)) == {
            rebooked.pk,
            right.pk,
        }
        assert (run.left_trades, run.unmatched_left) == (1, 0)

    def test_a_trade_cancelled_on_one_side_stays_paired_with_a_state_difference(self, between):
        left, _ = pair()
        run_over(between)
        amend(left, state="CANCELLED")

        run_over(between, at=NOW + timedelta(hours=1))

        differences = Match.objects.live().get().differences
        assert list(differences.values_list("kind", flat=True)) == ["STATE"]

    def test_a_cancelled_order_with_a_fill_still_alive_is_a_state_difference(self, between):
        order = {"order_ref": "ORD-778812"}
        block = factories.trade(source="oms", quantity=1000, **order)
        fills = [factories.trade(source="custodian", quantity=q, **order) for q in (600, 400)]
        run_over(between)
        amend(block, state="CANCELLED")
        amend(fills[1], state="CANCELLED")

        run_over(between, at=NOW + timedelta(hours=1))

        match = Match.objects.live().get(legs__trade=block)
        assert match.legs.count() == 3
        assert "STATE" in match.differences.values_list("kind", flat=True)

    def test_a_failure_changes_nothing_but_says_why(self, between):
        pair()
        run = runs.request_run(
            reconciliation=between, from_date=TRADE_DATE, to_date=TRADE_DATE, by=None, at=NOW
        )

        def fail(_run, _unpaired):
            raise RuntimeError("the disk is full")

        with pytest.raises(RuntimeError):
            runs.execute_run(run_id=run.pk, at=NOW, then=fail)

        run.refresh_from_db()
        assert (run.status, run.error) == (RunStatus.FAILED, "the disk is full")
        assert not Match.objects.exists()

    def test_a_worker_that_lost_its_lease_writes_nothing(self, between):
        pair()
        run = runs.request_run(
            reconciliation=between, from_date=TRADE_DATE, to_date=TRADE_DATE, by=None, at=NOW
        )

        def taken_over(stolen, _unpaired):
            ReconciliationRun.objects.filter(pk=stolen.pk).update(fencing_token=99)
            runs.report_progress(stolen, "late", 90)

        with pytest.raises(claims.LeaseLost):
            runs.execute_run(run_id=run.pk, at=NOW, then=taken_over)

        assert not Match.objects.exists()

    def test_a_person_who_pairs_while_the_engine_works_wins(self, between, monkeypatch, analyst):
        left, _ = pair()
        other = factories.trade(source="custodian", quantity=90)
        write = runs.report_progress

        def pair_meanwhile(run, step, progress_pct):
            write(run, step, progress_pct)
            if progress_pct == 70:
                decisions.pair_by_hand(
                    reconciliation=between,
                    left_ids=[left.pk],
                    right_ids=[other.pk],
                    reason="Told by the broker",
                    by=analyst,
                    at=NOW,
                )

        monkeypatch.setattr(runs, "report_progress", pair_meanwhile)
        run_over(between)

        held = Match.objects.live().get(legs__trade=left)
        assert set(held.legs.values_list("trade", flat=True)) == {left.pk, other.pk}


class TestOneRunAScope:
    def request(self, between, **over):
        dates = {"from_date": TRADE_DATE, "to_date": TRADE_DATE} | over
        return runs.request_run(reconciliation=between, by=None, at=NOW, **dates)

    def test_a_second_request_of_the_same_scope_names_the_first(self, between):
        first = self.request(between)

        with pytest.raises(claims.ScopeBusy, match=f"by run {first.pk}") as refusal:
            self.request(between)

        assert refusal.value.run == first

    def test_a_run_is_claimed_once(self, between):
        run = self.request(between)
        claims.claim_run(run_id=run.pk, at=NOW)

        with pytest.raises(claims.RunNotClaimable):
            claims.claim_run(run_id=run.pk, at=NOW)

    def test_an_overlapping_scope_waits(self, between):
        claims.claim_run(run_id=self.request(between).pk, at=NOW)
        wider = self.request(between, to_date=TRADE_DATE + timedelta(days=1))

        with pytest.raises(claims.ScopeBusy):
            claims.claim_run(run_id=wider.pk, at=NOW)

    def test_a_run_whose_lease_ran_out_is_taken_over(self, between):
        run = self.request(between)
        first = claims.claim_run(run_id=run.pk, at=NOW)

        second = claims.claim_run(run_id=run.pk, at=NOW + claims.LEASE + timedelta(seconds=1))

        assert second.fencing_token == first.fencing_token + 1
        with pytest.raises(claims.LeaseLost):
            runs.report_progress(first, "late", 50)

    def test_a_run_that_kills_its_worker_again_and_again_is_given_up(self, between):
        run = self.request(between)
        for attempt in range(claims.MAX_ATTEMPTS):
            claims.claim_run(run_id=run.pk, at=NOW + attempt * timedelta(hours=1))

        with pytest.raises(claims.RunNotClaimable, match="was tried"):
            claims.claim_run(run_id=run.pk, at=NOW + timedelta(days=1))

        run.refresh_from_db()
        assert (run.status, run.error) == (RunStatus.FAILED, claims.GIVEN_UP)

    def test_a_run_its_worker_left_behind_is_taken_over_by_who_asks_again(self, between):
        left_behind = self.request(between)
        claims.claim_run(run_id=left_behind.pk, at=NOW)
        later = NOW + claims.LEASE + timedelta(seconds=1)

        run = run_over(between, at=later)

        assert (run.pk, run.status, run.fencing_token) == (left_behind.pk, RunStatus.SUCCEEDED, 2)

    def test_a_run_nobody_ever_took_is_taken_over_by_who_asks_again(self, between):
        waiting = self.request(between)

        run = run_over(between, at=NOW + claims.STALE_AFTER + timedelta(seconds=1))

        assert (run.pk, run.status) == (waiting.pk, RunStatus.SUCCEEDED)

    def test_a_run_left_behind_holds_up_no_other_scope(self, between):
        left_behind = self.request(between)
        abandoned = claims.claim_run(run_id=left_behind.pk, at=NOW)
        later = NOW + claims.LEASE + timedelta(seconds=1)
        day_after = TRADE_DATE + timedelta(days=1)

        run = run_over(between, from_date=day_after, to_date=day_after, at=later)

        assert run.status == RunStatus.SUCCEEDED
        assert ReconciliationRun.objects.get(pk=left_behind.pk).status == RunStatus.QUEUED
        with pytest.raises(claims.LeaseLost):
            runs.report_progress(abandoned, "still at it", 50)

    def test_a_queued_run_can_be_cancelled_and_no_other(self, between, analyst):
        run = self.request(between)
        assert runs.cancel_run(run_id=run.pk, by=analyst, at=NOW).status == RunStatus.CANCELLED

        with pytest.raises(claims.RunNotClaimable):
            runs.cancel_run(run_id=run.pk, by=analyst, at=NOW)

    def test_rules_without_an_active_version_are_refused(self, between):
        between.rule_set_name = "none-such"

        with pytest.raises(NoActiveRules, match="none-such"):
            self.request(between)
