"""No cap is passed, no type not listed is touched, and a look changes nothing."""

import pytest

from breaks.models import TradeBreak
from breaks.services import work
from tests.integration.workflows.remediation import making
from tests.integration.workflows.remediation.making import MAKERS, dump, let, suggested
from workflows.choices import RemedyAction
from workflows.models import RemediationSuggestion
from workflows.services import remediation
from workflows.services.remediation import RemedyRefused


class TestDryRun:
    @pytest.mark.parametrize("action", RemedyAction)
    @pytest.mark.parametrize("itself", [True, False])
    def test_changes_nothing(self, desk, analyst, action, itself):
        row = MAKERS[action](desk)
        let(action, itself=itself)
        before = dump()

        tried = remediation.auto_remediate(
            break_id=row.pk, version=None, by=analyst, at=desk.at, dry_run=True
        )

        assert dump() == before
        assert (tried.suggestion.action, tried.applied) == (action, False)
        low = action not in (RemedyAction.CANCEL_DUPLICATE, RemedyAction.CORRECT_FIELD)
        assert tried.suggestion.applies_itself == (itself and low)


class TestRoundingCaps:
    @pytest.mark.parametrize(
        ("caps", "sentence"),
        [
            ({"absolute_cap": "0.009"}, "above the absolute cap"),
            ({"percent_cap": "0.005"}, "above the percent cap"),
        ],
    )
    def test_a_difference_beyond_a_cap_is_no_rounding(self, desk, analyst, caps, sentence):
        row = making.rounding(desk)
        made = suggested(row, desk)
        let("ACCEPT_ROUNDING", itself=True, **caps)
        before = making.standing()

        with pytest.raises(RemedyRefused, match="does not hold any more"):
            remediation.remedy(suggestion_id=made.pk, version=None, by=analyst, at=desk.later())

        assert making.standing() == before
        assert remediation.suggest([row], at=desk.later()) == []
        made.refresh_from_db()
        assert made.status == "SUPERSEDED"

    @pytest.mark.parametrize(
        ("cap", "exposure", "sentence"),
        [("0.99", "1", "above what"), ("5", None, "not known")],
    )
    def test_an_exposure_beyond_or_unknown_wants_a_second_person(
        self, desk, analyst, cap, exposure, sentence
    ):
        row = making.rounding(desk)
        TradeBreak.objects.update(exposure=exposure)
        let("ACCEPT_ROUNDING", itself=True, max_exposure=cap)
        made = suggested(row, desk)

        done = remediation.remedy(suggestion_id=made.pk, version=None, by=analyst, at=desk.later())

        assert not done.applied
        assert sentence in done.suggestion.verdict
        row.refresh_from_db()
        assert row.status == "OPEN"

    def test_a_value_that_is_no_number_holds_no_cap(self, desk):
        row = making.rounding(desk)
        TradeBreak.objects.update(left_value="")

        row.refresh_from_db()
        assert remediation.suggest([row], at=desk.later()) == []

    def test_whoever_may_not_accept_may_not_round_off(self, desk, integration):
        row = making.rounding(desk)
        let("ACCEPT_ROUNDING", itself=False)
        made = suggested(row, desk)

        with pytest.raises(RemedyRefused, match="may not accept"):
            remediation.remedy(suggestion_id=made.pk, version=None, by=integration, at=desk.later())


@pytest.mark.parametrize("action", RemedyAction)
class TestTypes:
    def test_a_type_not_listed_is_never_touched(self, desk, analyst, action):
        row = MAKERS[action](desk)
        made = suggested(row, desk)
        let(action, itself=True, break_types=["STATE"])
        before = making.standing()

        with pytest.raises(RemedyRefused):
            remediation.remedy(suggestion_id=made.pk, version=None, by=analyst, at=desk.later())

        assert making.standing() == before
        swept = remediation.auto_remediate_open(at=desk.later())
        assert (swept.proposed, swept.applied) == (0, 0)
        assert making.standing() == before


class TestSuggesting:
    def test_a_second_look_writes_nothing(self, desk):
        row = making.alias(desk)
        rows = list(TradeBreak.objects.all())
        remediation.suggest(rows, at=desk.later())
        before = dump()

        remediation.suggest(rows, at=desk.later())

        assert dump() == before
        assert RemediationSuggestion.objects.filter(trade_break=row).count() == 1

    @pytest.mark.parametrize("make", [making.alias, making.account])
    def test_takes_as_many_queries_for_many_breaks_as_for_few(
        self, desk, make, django_assert_max_num_queries
    ):
        make(desk)
        rows = list(TradeBreak.objects.all())
        with django_assert_max_num_queries(30) as few:
            remediation.look(rows[:1], at=desk.at)
        with django_assert_max_num_queries(30) as many:
            remediation.look(rows, at=desk.at)

        assert len(many) == len(few)

    def test_names_that_both_stand_for_themselves_elsewhere_are_no_alias(self, desk):
        row = making.alias(desk)
        for name in (making.OURS, making.THEIRS):
            itself = {"counterparty_name": name}
            desk.pair(left=[desk.left(**itself)], right=[desk.right(**itself)])
        assert remediation.suggest([row], at=desk.later()) == []

    def test_two_legal_entities_are_never_one(self, desk):
        row = making.alias(desk)
        for trade, lei in ((row.left_trade, "A" * 20), (row.right_trade, "B" * 20)):
            trade.counterparty.lei = lei
            trade.counterparty.save()
        assert remediation.suggest([row], at=desk.later()) == []

    def test_what_was_reversed_does_not_apply_itself_again(self, desk, analyst):
        row = making.rounding(desk)
        made = suggested(row, desk)
        remediation.remedy(suggestion_id=made.pk, version=None, by=analyst, at=desk.later())
        remediation.reverse(suggestion_id=made.pk, by=analyst, at=desk.later(), reason="no")

        swept = remediation.auto_remediate_open(at=desk.later())

        row.refresh_from_db()
        assert (row.status, swept.applied, swept.proposed) == ("OPEN", 0, 1)

    def test_what_a_person_reopened_does_not_apply_itself_again(self, desk, analyst):
        row = making.rounding(desk)
        remediation.auto_remediate_open(at=desk.later())
        work.reopen(break_id=row.pk, version=None, reason="not so", by=analyst, at=desk.later())

        remediation.auto_remediate_open(at=desk.later())

        row.refresh_from_db()
        assert row.status == "OPEN"


class TestPipelineStep:
    def test_applies_what_policies_let_and_repeats_nothing(self, desk):
        making.rounding(desk)
        making.missing(desk)

        first = remediation.auto_remediate_open(at=desk.later())
        before = dump()
        again = remediation.auto_remediate_open(at=desk.later())

        assert (first.applied, first.proposed) == (1, 2)
        assert (again.applied, dump()) == (0, before)
        statuses = dict(TradeBreak.objects.values_list("break_type", "status"))
        assert statuses["PRICE"] == "ACCEPTED"
        assert statuses["MISSING_RIGHT"] == "OPEN"
        desk.check()

    def test_adds_an_alias_once_for_all_its_breaks(self, desk):
        making.alias(desk)
        let("NORMALISE_ALIAS", itself=True)

        swept = remediation.auto_remediate_open(at=desk.later())

        assert swept.applied == 1
        assert not TradeBreak.objects.live().exists()
        found = dict(RemediationSuggestion.objects.values_list("trade_break", "status"))
        assert sorted(found.values()) == ["APPLIED", *["SUPERSEDED"] * 5]
        desk.check()

    def test_leaves_what_somebody_works_on(self, desk, analyst):
        row = making.rounding(desk)
        work.claim(break_id=row.pk, version=None, by=analyst, at=desk.later())

        assert remediation.auto_remediate_open(at=desk.later()).looked_at == 0

    def test_looks_for_a_late_feed_again(self, desk):
        making.late(desk)
        remediation.auto_remediate_open(at=desk.later())

        assert remediation.request_due_runs(at=desk.later()) == 0
        assert remediation.request_due_runs(at=desk.later(hours=2)) == 1
        assert remediation.request_due_runs(at=desk.later()) == 0
