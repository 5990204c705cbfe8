"""The watch: weeks against a loop over their trades, limits told of once a crossing."""

from datetime import date, timedelta

import numpy as np
import pytest

from predictions.features import features_of
from predictions.models import Crossing, TradeScore, WatchedWeek
from predictions.selectors import scoring_settings
from predictions.services.outcomes import outcomes_of
from predictions.services.training.examples import HORIZON
from predictions.services.watching import count_weeks, pass_limits
from predictions.stability import LEAST_SHARE
from tests import factories
from tests.factories import NOW
from trades.models import Trade
from workflows.models import Notification
from workflows.services.doubting import watch_and_tell

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)
# Trades with an end are scored now, and what became of them is known later.
LATER = NOW + HORIZON


@pytest.fixture(autouse=True)
def between():
    return factories.reconciliation()


def scored(model, chance: float, end: str = "", *, week: int = 0, **over) -> TradeScore:
    """Make a scored trade of a week, and its end: matched, broken, or none yet."""
    day = MONDAY + timedelta(weeks=week, days=2)
    trade = factories.trade(trade_date=day, **over)
    if end == "matched":
        factories.match(left=[trade], right=[factories.trade(source="custodian", trade_date=day)])
    elif end == "broken":
        factories.trade_break("MISSING_RIGHT", left_trade=trade, trade_date=day)
    return TradeScore.objects.create(
        trade=trade, model_version=model, trade_version=1, probability=chance,
        band=scoring_settings().band(chance), factors=None, before_run=True,
        scored_at=NOW if end else LATER,
    )  # fmt: skip


def watch(*, at) -> list[Crossing]:
    count_weeks(at=at)
    return pass_limits(at=at)


def lenient(**over) -> None:
    settings = scoring_settings()
    for name, value in {"least_trades": 1, "drift_limit": 100.0, **over}.items():
        setattr(settings, name, value)
    settings.save()


class TestOutcomes:
    def test_a_trade_broke_if_a_break_of_it_was_opened_within_the_horizon(self):
        def broken(after: timedelta, **over) -> int:
            trade = factories.trade()
            factories.trade_break(
                **{"left_trade": trade, "break_type": "PRICE", "opened_at": NOW + after} | over
            )
            return trade.pk

        hour = timedelta(hours=1)
        ends = {
            broken(hour): True,
            broken(HORIZON): True,
            broken(HORIZON + hour): False,
            broken(hour, break_type="TIMING"): False,
            broken(hour, status="RESOLVED"): True,
            broken(hour, status="RESOLVED", reason_code="NOT_A_BREAK"): False,
            factories.trade().pk: False,
        }
        grouped = [factories.trade(), factories.trade()]
        match = factories.match(left=grouped, right=[factories.trade(source="custodian")])
        factories.trade_break(
            "QUANTITY", match=match, left_trade=None, right_trade=None, opened_at=NOW
        )
        ends |= {row.pk: True for row in grouped}

        assert outcomes_of(dict.fromkeys(ends, NOW), at=NOW + HORIZON) == ends

    def test_before_the_time_is_up_nothing_is_told_not_even_of_what_broke(self):
        trade = factories.trade()
        factories.trade_break("PRICE", left_trade=trade)

        assert outcomes_of({trade.pk: NOW}, at=NOW + HORIZON - timedelta(seconds=1)) == {}
        assert outcomes_of({trade.pk: NOW}, at=NOW + HORIZON) == {trade.pk: True}
        assert outcomes_of({}, at=LATER) == {}


class TestWeeks:
    def test_are_what_a_loop_over_the_trades_counts(self, model):
        rng = np.random.default_rng(2)
        rows = []
        for _ in range(40):
            chance = float(rng.choice([0.05, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85]))
            end = str(rng.choice(["broken", "matched", "", "matched"]))
            rows.append((chance, end, scored(model, chance, end)))
        scored(model, 0.9, "broken", week=1)

        watch(at=LATER)

        week = WatchedWeek.objects.get(week=MONDAY)
        ended = [(chance, end == "broken") for chance, end, _ in rows if end]
        assert (week.scored, week.settled) == (40, len(ended))
        assert week.expected == pytest.approx(sum(chance for chance, _ in ended))
        assert week.broken == sum(broke for _, broke in ended)
        squares = [(chance - broke) ** 2 for chance, broke in ended]
        assert week.brier == pytest.approx(sum(squares) / len(ended))
        for band, limit in (("MEDIUM", 0.4), ("HIGH", 0.6), ("CRITICAL", 0.8)):
            above = [broke for chance, broke in ended if chance >= limit]
            assert week.bands[band] == [len(above), sum(above)]

    def test_leave_out_what_a_run_had_looked_at_before(self, model):
        scored(model, 0.2, "matched")
        late = scored(model, 0.9, "broken")
        TradeScore.objects.filter(pk=late.pk).update(before_run=False)

        watch(at=LATER)

        assert (WatchedWeek.objects.get().scored, WatchedWeek.objects.get().broken) == (1, 0)

    def test_are_counted_again_as_trades_find_their_end_and_then_left(self, model):
        scored(model, 0.4, "broken")
        watch(at=NOW)
        assert WatchedWeek.objects.get().settled == 0

        watch(at=LATER)
        counted = WatchedWeek.objects.get()
        watch(at=LATER + timedelta(weeks=9))

        assert (counted.settled, counted.broken) == (1, 1)
        assert WatchedWeek.objects.get().made_at == counted.made_at

    def test_without_scores_there_are_none(self, model):
        assert watch(at=LATER) == []
        assert not WatchedWeek.objects.exists()


class TestDrift:
    def test_is_the_index_of_the_week_against_the_training_window(self, model):
        rng = np.random.default_rng(9)
        for day in range(40):
            factories.trade(
                trade_date=date(2026, 1, 5) + timedelta(days=day % 20),
                quantity=str(rng.integers(50, 500)),
            )
        for _ in range(20):
            scored(model, 0.1, quantity=str(rng.integers(300, 900)))

        watch(at=LATER)

        week = WatchedWeek.objects.get()
        drift = week.drifts.get(feature="quantity")
        learnt = features_of(Trade.objects.filter(trade_date__lt=date(2026, 3, 1)))["quantity"]
        now = features_of(Trade.objects.filter(trade_date__gte=MONDAY))["quantity"]
        edges = np.unique(np.quantile(learnt, np.linspace(0, 1, 11)[1:-1]))
        by_hand = 0.0
        for at in range(len(edges) + 1):
            low = edges[at - 1] if at else -np.inf
            high = edges[at] if at < len(edges) else np.inf
            then = max(np.mean([low <= one < high for one in learnt]), LEAST_SHARE)
            late = max(np.mean([low <= one < high for one in now]), LEAST_SHARE)
            by_hand += (late - then) * np.log(late / then)
        assert drift.stability == pytest.approx(by_hand)
        assert not week.drifts.filter(feature__in=["weekday", "month_end"]).exists()
        assert week.drifts.get(feature="side").stability == 0


class TestLimits:
    def test_a_crossing_is_told_once_until_it_is_back_within(self, model, administrator):
        lenient(calibration_limit=0.3)
        row = scored(model, 0.9, "matched")

        [crossed] = watch_and_tell(at=LATER)
        again = watch_and_tell(at=LATER + timedelta(days=1))

        assert (crossed.watched, crossed.week, crossed.limit) == ("CALIBRATION", MONDAY, 0.3)
        assert crossed.value == pytest.approx(0.9)
        assert again == []
        [told] = Notification.objects.filter(person=administrator)
        assert told.kind == "MODEL_WATCH"
        assert "0.900" in told.text
        assert told.link == "/admin/predictions/watchedweek/"

        TradeScore.objects.filter(pk=row.pk).update(probability=0.1)
        watch_and_tell(at=LATER + timedelta(days=2))
        assert Crossing.objects.get().ended_at == LATER + timedelta(days=2)

        TradeScore.objects.filter(pk=row.pk).update(probability=0.9)
        watch_and_tell(at=LATER + timedelta(days=3))
        assert Notification.objects.filter(person=administrator).count() == 2

    def test_the_very_limit_is_within(self, model):
        lenient(calibration_limit=0.5)
        scored(model, 0.5, "matched")

        assert watch(at=LATER) == []

    def test_too_few_trades_are_no_reason_to_tell(self, model):
        lenient(calibration_limit=0.3, least_trades=2)
        scored(model, 0.9, "matched")

        assert watch(at=LATER) == []

    def test_a_feature_that_drifts_is_named(self, model):
        lenient(drift_limit=0.25, calibration_limit=1.0)
        for _ in range(5):
            factories.trade(trade_date=date(2026, 1, 7), side="BUY")
        scored(model, 0.1, side="SELL")

        crossed = watch(at=LATER)

        assert "side" in {row.feature for row in crossed if row.watched == "DRIFT"}
