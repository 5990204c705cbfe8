"""A back-test against what really happens, and what it must leave alone."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from breaks.choices import LIVE
from breaks.models import BackTest, Team, TradeBreak
from breaks.services import backtest, pairing, work
from breaks.services.backtest import BackTestRefused, back_test, tried
from breaks.services.lifecycle import WorkRefused
from matching.choices import LIVE_MATCHES, Decision
from matching.models import Match, MatchLeg, Reconciliation, ReconciliationRun, RuleSet
from matching.services import rule_sets
from tests import factories
from trades.models import Trade
from workflows.demo import desk, files
from workflows.demo.week import DEMO, generate

MONDAY = date(2026, 3, 2)
DAYS = [MONDAY + timedelta(days=7 * week + day) for week in range(2) for day in range(5)]
WEEK = DAYS[:5]
NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path: Path, settings) -> ReconciliationRun:
    """Return a run of a dirty week: every type of break, groups, near ties, a late feed."""
    settings.FEED_ROOT = tmp_path / "inbox"
    week = generate(seed=5, trades=400, days=DAYS, shape=DEMO)
    assert week.days == WEEK
    loaded = desk.load(files=files.write(week, tmp_path), days=WEEK, by=None, at=NOW)
    return next(one for one in loaded.runs if one.reconciliation.code == desk.CUSTODIAN)


@pytest.fixture
def analyst(analyst, run):
    """Return an analyst of every team: what the demo brings is routed."""
    analyst.teams.set(Team.objects.all())
    return analyst


@pytest.fixture
def drafted(supervisor) -> Callable[..., RuleSet]:
    """Return a function that drafts the active rules with a change made to the definition."""

    def draft(change: Callable[[dict[str, Any]], None] = lambda _: None) -> RuleSet:
        definition = deepcopy(factories.rule_set().definition)
        change(definition)
        return rule_sets.draft(name="trades", definition=definition, by=supervisor, at=NOW)

    return draft


def field(definition: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in definition["fields"] if one["name"] == name)


def stricter(definition: dict[str, Any]) -> None:
    """Doubt more, look for less, and report no accounts."""
    definition["auto_at"] = 0.99
    for step in definition["passes"]:
        step["off"] = step["name"] in (
            "shared reference", "shared reference, spelled apart", "shared order or block",
            "block and fills", "neighbourhood", "fuzzy names", "within tolerance",
        )  # fmt: skip
    del field(definition, "account")["kind"]


def looser(definition: dict[str, Any]) -> None:
    """Let prices and amounts lie far apart, and take much for the same."""
    definition["auto_at"] = definition["review_at"] = 0.6
    definition["tie_margin"] = 0
    wide = {"limits": [{"percent": "5"}]}
    for name in ("price", "net_amount", "quantity"):
        field(definition, name)["tolerance"] = wide


def other_weights(definition: dict[str, Any]) -> None:
    field(definition, "counterparty")["weight"] = 0.6
    field(definition, "instrument")["weight"] = 0.05
    definition["passes"].reverse()


def standing(run: ReconciliationRun) -> dict[frozenset, str]:
    """Return the live matches by their legs, with how each was decided."""
    legs: dict[int, set] = {}
    live = MatchLeg.objects.filter(reconciliation=run.reconciliation, is_live=True)
    for match, side, trade in live.values_list("match", "side", "trade"):
        legs.setdefault(match, set()).add((side, trade))
    decisions = dict(Match.objects.filter(status__in=LIVE_MATCHES).values_list("pk", "decision"))
    return {frozenset(found): decisions[key] for key, found in legs.items()}


def live_breaks(run: ReconciliationRun) -> dict[str, TradeBreak]:
    rows = TradeBreak.objects.filter(reconciliation=run.reconciliation, status__in=LIVE)
    return {row.fingerprint: row for row in rows}


def dump() -> dict[str, list]:
    """Return every row of every table."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
    }


def counts(result: dict[str, Any]) -> dict[str, int]:
    matches, breaks = result["matches"], result["breaks"]
    kinds = ("gained", "lost", "to_review", "to_auto")
    return {name: matches[name]["count"] for name in kinds} | {
        name: breaks[name]["count"] for name in ("appear", "vanish")
    }


class TestEqualsWhatHappens:
    @pytest.mark.parametrize(
        ("change", "days", "at_least"),
        [
            (stricter, WEEK, 20),
            (looser, WEEK, 8),
            (other_weights, WEEK, 8),
            # Around midnight the two sources date one trade apart: a day reaches into its next.
            (stricter, WEEK[2:3], 4),
        ],
    )
    def test_when_the_draft_is_activated_and_the_run_repeated(
        self, run, drafted, change, days, at_least
    ):
        if days != WEEK:
            run = desk.reconcile(code=desk.CUSTODIAN, days=days, by=None, at=NOW)
        draft = drafted(change)
        _, told = tried(rule_set=draft, run=run, at=NOW)
        matches, breaks = standing(run), live_breaks(run)

        rule_sets.activate(rule_set_id=draft.pk, by=draft.created_by, at=NOW)
        desk.reconcile(code=desk.CUSTODIAN, days=days, by=None, at=NOW)

        after, left = standing(run), live_breaks(run)
        both = matches.keys() & after.keys()
        happened = {
            "gained": len(after.keys() - matches.keys()),
            "lost": len(matches.keys() - after.keys()),
            "to_review": sum(
                (matches[one], after[one]) == (Decision.AUTO, Decision.REVIEW) for one in both
            ),
            "to_auto": sum(
                (matches[one], after[one]) == (Decision.REVIEW, Decision.AUTO) for one in both
            ),
            "appear": len(left.keys() - breaks.keys()),
            "vanish": len(breaks.keys() - left.keys()),
        }
        assert counts(told) == happened
        assert sum(happened.values()) >= at_least
        for part, rows in (
            ("appear", [left[key] for key in left.keys() - breaks.keys()]),
            ("vanish", [breaks[key] for key in breaks.keys() - left.keys()]),
        ):
            types = {one["type"]: one["count"] for one in told["breaks"][part]["types"]}
            assert types == {
                kind: sum(row.break_type == kind for row in rows)
                for kind in {row.break_type for row in rows}
            }
            exposure = {one["type"]: one["exposure"] for one in told["breaks"][part]["types"]}
            for kind, total in exposure.items():
                known = [row.exposure for row in rows if row.break_type == kind and row.exposure]
                assert sum(known) == factories.Decimal(total)
        if days == WEEK:
            assert told["breaks"]["after"] == len(left)

    def test_the_same_rules_change_nothing(self, run, drafted):
        _, told = tried(rule_set=drafted(), run=run, at=NOW)

        assert set(counts(told).values()) == {0}
        assert told["matches"]["before"] == told["matches"]["after"]
        assert told["matches"]["kept"] == sum(told["matches"]["before"].values())
        assert told["breaks"]["before"] == told["breaks"]["after"] == len(live_breaks(run))
        assert all(one["before"] == one["after"] for one in told["passes"])

    def test_it_sees_the_trades_as_they_are_now(self, run, drafted):
        lone = TradeBreak.objects.filter(break_type="MISSING_RIGHT", status__in=LIVE).first()
        Trade.objects.filter(pk=lone.left_trade_id).update(state="CANCELLED", version=2)

        _, told = tried(rule_set=drafted(stricter), run=run, at=NOW)
        _, same = tried(rule_set=drafted(), run=run, at=NOW)

        assert set(counts(same).values()) == {0}
        assert same["breaks"]["before"] == told["breaks"]["before"] == len(live_breaks(run)) - 1


class TestWhatPeopleDecided:
    def test_confirmed_and_refused_pairs_are_kept_and_honoured(self, run, drafted, analyst):
        proposals = list(Match.objects.filter(run=run, status="PROPOSED", kind="1:1"))
        assert len(proposals) >= 2
        confirmed, refused = proposals[:2]
        pairing.confirm_match(match_id=confirmed.pk, reason="", by=analyst, at=NOW)
        pairing.reject_match(match_id=refused.pk, reason="No.", by=analyst, at=NOW)
        sure = Match.objects.filter(run=run, status="MATCHED", decision="AUTO", kind="1:1").first()
        pairing.unmatch(match_id=sure.pk, reason="Not the same.", by=analyst, at=NOW)
        draft = drafted(looser)

        trial = backtest.Trial.of(run.reconciliation, run.from_date, run.to_date)
        found = trial.under(draft).outcome.signatures()

        for one in (confirmed, refused, sure):
            legs = frozenset(one.legs.values_list("side", "trade"))
            assert legs not in found
        held = {trade for _, trade in confirmed.legs.values_list("side", "trade")}
        assert not held & {trade for legs in found for _, trade in legs}

    def test_what_a_confirmed_pair_disagrees_on_is_compared_under_the_draft(
        self, run, drafted, analyst, supervisor
    ):
        by_price = TradeBreak.objects.filter(
            reconciliation=run.reconciliation, break_type="PRICE", match__kind="1:1"
        )
        for row in by_price:
            legs = {leg.side: leg.trade_id for leg in row.match.legs.all()}
            pairing.unmatch(match_id=row.match_id, reason="Look again.", by=analyst, at=NOW)
            pairing.pair_by_hand(
                reconciliation=run.reconciliation, left_ids=[legs["left"]],
                right_ids=[legs["right"]], reason="They are.", by=analyst, at=NOW,
            )  # fmt: skip
        draft = drafted(looser)
        _, told = tried(rule_set=draft, run=run, at=NOW)
        breaks = live_breaks(run)

        rule_sets.activate(rule_set_id=draft.pk, by=supervisor, at=NOW)
        desk.reconcile(code=desk.CUSTODIAN, days=WEEK, by=None, at=NOW)

        gone = breaks.keys() - live_breaks(run).keys()
        assert any(breaks[key].break_type == "PRICE" for key in gone)
        assert told["breaks"]["vanish"]["count"] == len(gone)

    def test_what_was_accepted_is_no_break_that_comes_or_goes(self, run, drafted, analyst):
        for row in live_breaks(run).values():
            if row.break_type == "PRICE":
                work.accept(break_id=row.pk, version=None, comment="Small.", by=analyst, at=NOW)

        _, told = tried(rule_set=drafted(looser), run=run, at=NOW)

        assert "PRICE" not in {one["type"] for one in told["breaks"]["vanish"]["types"]}


class TestWritesNothing:
    def test_but_the_answer_itself(self, run, drafted, supervisor):
        draft = drafted(stricter)
        before = dump()

        tried(rule_set=draft, run=run, at=NOW)
        assert dump() == before

        kept = back_test(rule_set_id=draft.pk, run_id=run.pk, by=supervisor, at=NOW)
        after = dump()
        assert [row["id"] for row in after.pop("breaks.BackTest")] == [kept.pk]
        before.pop("breaks.BackTest")
        assert after == before

    def test_samples_lead_to_trades_and_are_few(self, run, drafted):
        _, told = tried(rule_set=drafted(stricter), run=run, at=NOW)

        lost = told["matches"]["lost"]
        assert 0 < len(lost["samples"]) <= 20
        stakes = [factories.Decimal(one["stake"] or -1) for one in lost["samples"]]
        assert stakes == sorted(stakes, reverse=True)
        for one in lost["samples"]:
            assert one["before"]["pass"]
            assert one["after"] is None
            for trade in one["left"] + one["right"]:
                assert Trade.objects.get(pk=trade["id"]).source_trade_id == trade["trade_id"]
        shown = told["breaks"]["appear"]["samples"]
        assert {one["type"] for one in shown} == {
            one["type"] for one in told["breaks"]["appear"]["types"]
        }


class TestRefusals:
    def test_the_active_version_is_set_beside_nothing(self, run):
        with pytest.raises(BackTestRefused, match="is the active version"):
            tried(rule_set=factories.rule_set(), run=run, at=NOW)

    def test_other_rules_than_the_runs(self, run):
        other = factories.rule_set("others", definition=factories.rule_set().definition)

        with pytest.raises(BackTestRefused, match="is reconciled under 'trades'"):
            tried(rule_set=other, run=run, at=NOW)

    def test_a_run_that_failed(self, drafted):
        failed = factories.run(status="FAILED")

        with pytest.raises(BackTestRefused, match="take one that succeeded"):
            tried(rule_set=drafted(), run=failed, at=NOW)

    def test_a_break_type_there_is_not(self, run, drafted):
        draft = drafted(lambda rules: field(rules, "price").update(kind="PRICES"))

        with pytest.raises(BackTestRefused, match="'PRICES', which is no type"):
            tried(rule_set=draft, run=run, at=NOW)

    def test_nobody_in_particular(self, run, drafted):
        with pytest.raises(WorkRefused):
            back_test(rule_set_id=drafted().pk, run_id=run.pk, by=None, at=NOW)
        assert not BackTest.objects.exists()

    def test_of_too_many_trades_the_last_days_are_tried(self, run, drafted, monkeypatch):
        sources = [run.reconciliation.left_source_id, run.reconciliation.right_source_id]
        day = Trade.objects.filter(trade_date=WEEK[-1], source__in=sources).count()
        monkeypatch.setattr(backtest, "AT_MOST", day)

        _, told = tried(rule_set=drafted(), run=run, at=NOW)

        assert told["from_date"] == WEEK[-1].isoformat()
        assert told["left_out"].startswith("Only the trades from")

        monkeypatch.setattr(backtest, "AT_MOST", day - 1)
        with pytest.raises(BackTestRefused, match="take a run of a quieter day"):
            tried(rule_set=drafted(), run=run, at=NOW)


def test_the_number_of_queries_does_not_grow(
    run, drafted, django_assert_max_num_queries, supervisor
):
    with django_assert_max_num_queries(75):
        tried(rule_set=drafted(stricter), run=run, at=NOW)
    assert Reconciliation.objects.count() == 2
