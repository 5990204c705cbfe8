"""Rules learned from decisions or from pairs: a draft, and never more than that."""

import json
import math
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from breaks.services.backtest import back_test
from matching.choices import CalibrationMethod, RuleSetStatus, RunStatus
from matching.models import Calibration, Match, RuleSet
from matching.rules import validated
from matching.services import calibrating
from matching.services.calibrating import CalibrationBusy, CalibrationRefused
from tests import factories
from tests.integration.matching import learned
from trades.models import Trade

DAYS = {"from_date": learned.FIRST, "to_date": learned.FIRST + timedelta(days=1)}


@pytest.fixture
def between(db):
    return learned.trades(factories.reconciliation())


@pytest.fixture
def analyst(db):
    return factories.user("Analyst", username="ann")


def calibrate(between, **over):
    given = {"by": None, "at": factories.NOW} | DAYS | over
    return calibrating.calibrate_now(reconciliation=between, **given)


class TestFromPairs:
    def test_writes_a_valid_draft_and_activates_nothing(self, between):
        active = factories.rule_set()

        done = calibrate(between)

        assert (done.status, done.draft.status) == (RunStatus.SUCCEEDED, RuleSetStatus.DRAFT)
        assert (done.draft.name, done.draft.version) == (active.name, active.version + 1)
        assert factories.rule_set() == active
        rules = validated(done.draft.definition)
        assert math.fsum(one.weight for one in rules.fields) == pytest.approx(1.0, abs=1e-12)
        assert rules.review_at <= rules.auto_at
        assert not Match.objects.exists()

    @pytest.mark.thorough
    def test_says_what_it_changes_and_what_to_expect(self, between):
        found = calibrate(between).result

        assert found["method"] == CalibrationMethod.PAIRS
        assert found["why"] == "Nobody has decided on a pair of these days yet."
        assert {one["name"] for one in found["fields"]} == {
            "side", "quantity", "price", "instrument", "trade_date", "counterparty",
        }  # fmt: skip
        expected = found["false_matches"]
        assert 0 <= expected["low"] <= expected["rate"] <= expected["high"] <= 1
        assert "no person has looked" in expected["basis"]
        assert found["auto_share"][1] >= found["auto_share"][0] > 0.5

    @pytest.mark.thorough
    def test_the_same_trades_teach_the_same(self, between):
        one, other = calibrate(between), calibrate(between)

        assert one.draft.definition == other.draft.definition
        assert one.result == other.result

    @pytest.mark.thorough
    def test_the_draft_can_be_tried_like_any_other(self, between, analyst):
        run = factories.run(reconciliation=between, **DAYS)
        done = calibrate(between)

        tried = back_test(rule_set_id=done.draft_id, run_id=run.pk, by=analyst, at=factories.NOW)

        before = tried.result["matches"]["before"]
        assert sum(before.values()) > 200
        assert tried.result["matches"]["lost"]["count"] == 0

    def test_too_few_trades_are_refused_and_nothing_is_written(self, between):
        Trade.objects.filter(source_trade_id__regex=r"^L\d\d\d$").delete()

        with pytest.raises(CalibrationRefused, match="200 a side are needed"):
            calibrate(between)

        assert not RuleSet.objects.filter(status=RuleSetStatus.DRAFT).exists()
        row = Calibration.objects.get()
        assert (row.status, row.draft) == (RunStatus.FAILED, None)
        assert "200 a side" in row.error


class TestFromDecisions:
    def test_counts_what_it_used_and_names_its_maker(self, between, analyst):
        learned.decide(between, analyst)

        done = calibrate(between, by=analyst)

        assert done.result["method"] == CalibrationMethod.DECISIONS
        assert (done.result["used"]["confirmed"], done.result["used"]["rejected"]) == (30, 30)
        assert done.draft.created_by == analyst
        assert list(done.draft.editors.all()) == [analyst]
        validated(done.draft.definition)
        expected = done.result["false_matches"]
        assert 0 <= expected["low"] <= expected["high"] <= 1
        assert "none were drawn at random" in expected["basis"]

    @pytest.mark.thorough
    def test_samples_speak_for_what_is_matched_by_itself(self, between, analyst):
        learned.decide(between, analyst)
        drawn = factories.qa_samples(
            between, Match.objects.order_by("pk")[:30], wrong=0, by=analyst
        )
        Match.objects.filter(pk__in=[one.match_id for one in drawn]).update(decision="AUTO")

        done = calibrate(between)

        assert done.result["used"]["sampled_right"] == 30
        assert "0 of 30 drawn at random" in done.result["false_matches"]["basis"]

    @pytest.mark.parametrize(
        ("right", "wrong", "says"),
        [
            (30, 0, "All 30 decisions are pairs confirmed"),
            (0, 30, "All 30 decisions are pairs turned down"),
            (30, 5, "5 they called wrong, and 20 of either"),
            (0, 0, "Nobody has decided"),
        ],
    )
    def test_too_few_or_all_alike_are_refused(self, between, analyst, right, wrong, says):
        learned.decide(between, analyst, right=right, wrong=wrong)

        with pytest.raises(CalibrationRefused, match=says):
            calibrate(between, method=CalibrationMethod.DECISIONS)

        assert not RuleSet.objects.filter(status=RuleSetStatus.DRAFT).exists()

    @pytest.mark.thorough
    def test_a_decision_on_a_trade_changed_since_is_left_out(self, between, analyst):
        learned.decide(between, analyst)
        Trade.objects.filter(legs__match=Match.objects.earliest("pk")).update(version=2)

        found = calibrate(between).result

        assert found["used"]["confirmed"] == 29
        assert any(note.startswith("1 decisions were left out") for note in found["notes"])

    @pytest.mark.thorough
    def test_the_last_word_on_a_pair_counts(self, between, analyst):
        learned.decide(between, analyst)
        rejected = Match.objects.filter(status="REJECTED").earliest("pk")
        factories.match(
            left=[rejected.legs.get(side="left").trade],
            right=[rejected.legs.get(side="right").trade],
            reconciliation=between, decision="MANUAL", decided_by=analyst,
            decided_at=factories.NOW + timedelta(hours=1),
        )  # fmt: skip

        used = calibrate(between).result["used"]

        assert (used["rejected"], used["paired"]) == (29, 1)


class TestTheRow:
    def test_one_at_a_time(self, between):
        calibrating.request(reconciliation=between, by=None, at=factories.NOW, **DAYS)

        with pytest.raises(CalibrationBusy, match="being learned since 12:00 UTC"):
            calibrate(between)

    def test_a_worker_taken_for_dead_writes_no_draft(self, between, monkeypatch):
        row = calibrating.request(reconciliation=between, by=None, at=factories.NOW, **DAYS)
        from matching.services.calibrating import calibrating as doing

        learn = doing.from_pairs

        def taken_over(*args, **named):
            Calibration.objects.filter(pk=row.pk).update(fencing_token=9)
            return learn(*args, **named)

        monkeypatch.setattr(doing, "from_pairs", taken_over)
        with pytest.raises(doing.CalibrationTakenOver):
            calibrating.calibrate(calibration_id=row.pk, at=factories.NOW)

        assert not RuleSet.objects.filter(status=RuleSetStatus.DRAFT).exists()
        assert Calibration.objects.get().status == RunStatus.RUNNING

    def test_whose_worker_was_lost_is_found_again_and_given_up_in_the_end(self, between):
        row = calibrating.request(reconciliation=between, by=None, at=factories.NOW, **DAYS)
        later = factories.NOW + timedelta(minutes=5)
        assert Calibration.objects.filter(calibrating.abandoned(later)).get() == row
        Calibration.objects.update(fencing_token=3)

        with pytest.raises(calibrating.CalibrationNotClaimable):
            calibrating.calibrate(calibration_id=row.pk, at=later)

        assert Calibration.objects.get().status == RunStatus.FAILED


class TestTheCommand:
    def call(self, *args):
        out = StringIO()
        call_command("calibrate_rules", "--source1", "oms", "--source2", "custodian", *args,
                     stdout=out)  # fmt: skip
        return out.getvalue()

    def test_tells_what_it_learned(self, between):
        said = self.call()

        assert "trades v2 is a draft, learned from the pairs themselves; trades v1" in said
        assert "false among them" in said

    @pytest.mark.thorough
    def test_answers_as_json(self, between):
        said = json.loads(self.call("--json"))

        assert (said["draft"], said["status"]) == ("trades v2", "SUCCEEDED")
        assert said["draft_id"] == RuleSet.objects.get(version=2).pk

    def test_says_in_a_sentence_that_there_is_too_little(self, between):
        with pytest.raises(CommandError, match="No draft was written") as said:
            self.call("--method", "decisions")

        assert said.value.returncode == 1
        assert not RuleSet.objects.filter(status=RuleSetStatus.DRAFT).exists()

    def test_makes_no_reconciliation_of_sources_nobody_compares(self, between):
        with pytest.raises(CommandError, match="Nothing compares 'oms' with 'exchange'"):
            call_command("calibrate_rules", "--source1", "oms", "--source2", "exchange")

    def test_refuses_days_in_the_wrong_order(self, between):
        with pytest.raises(CommandError, match="is after --to-date"):
            self.call("--from-date", "2026-03-05", "--to-date", "2026-03-04")
