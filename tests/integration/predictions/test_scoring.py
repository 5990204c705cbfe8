"""Scores that are kept: of trades that wait, once a version, with reasons for the likeliest."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breaks.models import PendingTrade
from predictions import registry
from predictions.features import features_of
from predictions.models import ScoringSettings, TradeScore
from predictions.selectors import scoring_settings
from predictions.services import scoring
from predictions.services.scoring import edit_settings, score_waiting, scores_of
from tests import factories
from tests.factories import NOW
from trades.models import Trade

pytestmark = pytest.mark.django_db
LATELY = NOW.date() - timedelta(days=1)


@pytest.fixture(autouse=True)
def between():
    return factories.reconciliation()


def trade(**over) -> Trade:
    return factories.trade(**{"trade_date": LATELY} | over)


def large() -> Trade:
    """Make a trade that the model holds to be likely to break."""
    return trade(quantity="5000", settlement_date=LATELY + timedelta(days=9))


def scores() -> dict[int, TradeScore]:
    return {row.trade_id: row for row in TradeScore.objects.all()}


class TestScoreWaiting:
    def test_keeps_what_the_model_says_of_what_is_known_now(self, model):
        rows = [trade(), large()]

        kept = score_waiting(at=NOW)

        said = registry.active().probabilities(
            features_of(Trade.objects.order_by("pk"), known_at=NOW)
        )
        found = scores()
        assert [found[row.pk].probability for row in rows] == pytest.approx(said.tolist())
        assert [found[row.pk].band for row in rows] == ["LOW", "HIGH"]
        assert (kept.scored, kept.bands["HIGH"], kept.version) == (2, 1, model)
        assert all(row.model_version == model and row.scored_at == NOW for row in found.values())

    def test_leaves_alone_what_has_a_score_of_its_version(self, model):
        trade()
        score_waiting(at=NOW)

        assert score_waiting(at=NOW + timedelta(hours=1)).scored == 0
        assert {row.scored_at for row in scores().values()} == {NOW}

    def test_scores_an_amended_trade_anew_in_the_same_row(self, model):
        row = trade()
        score_waiting(at=NOW)
        [before] = TradeScore.objects.all()
        Trade.objects.filter(pk=row.pk).update(version=2, quantity=5_000)

        score_waiting(at=NOW + timedelta(hours=1))

        [now] = TradeScore.objects.all()
        assert (now.pk, now.trade_version) == (before.pk, 2)
        assert now.probability > 10 * before.probability

    def test_what_has_come_to_its_end_is_neither_scored_nor_touched(self, model):
        left, right = large(), trade(source="custodian")
        score_waiting(at=NOW)
        factories.match(left=[left], right=[right])
        Trade.objects.update(version=2)

        assert score_waiting(at=NOW + timedelta(hours=1)).scored == 0
        assert scores()[left.pk].trade_version == 1

    def test_says_whether_a_run_had_looked_before(self, model, between):
        fresh, late = trade(), trade()
        PendingTrade.objects.create(reconciliation=between, trade=late, reason="LATE_FEED")

        score_waiting(at=NOW)

        assert scores()[fresh.pk].before_run
        assert not scores()[late.pk].before_run

    def test_costs_the_same_with_many(self, model):
        def cost(count: int) -> int:
            for _ in range(count):
                trade()
            with CaptureQueriesContext(connection) as captured:
                score_waiting(at=NOW)
            return len(captured)

        assert cost(2) == cost(60)

    def test_a_batch_after_the_other_scores_all(self, model, monkeypatch):
        monkeypatch.setattr(scoring, "AT_ONCE", 3)
        calls = []
        for _ in range(8):
            trade()

        kept = score_waiting(at=NOW, watcher=lambda: calls.append(1))

        assert (kept.scored, len(calls), TradeScore.objects.count()) == (8, 3, 8)

    def test_without_a_model_says_what_to_do(self, settings, tmp_path):
        settings.ML_ARTIFACTS = tmp_path

        with pytest.raises(registry.ModelAbsent, match="train_break_model"):
            score_waiting(at=NOW)

    def test_a_file_that_was_altered_is_refused(self, model):
        registry.path().write_bytes(registry.path().read_bytes() + b" ")
        trade()

        with pytest.raises(registry.ModelAltered, match="is not the file that was registered"):
            score_waiting(at=NOW)
        assert not TradeScore.objects.exists()


class TestReasons:
    def test_are_kept_of_the_likeliest_and_of_those_above_low(self, model, monkeypatch):
        monkeypatch.setattr(scoring, "REASONED", 1)
        calm = [trade() for _ in range(3)]
        rows = [large(), large()]

        score_waiting(at=NOW)

        found = scores()
        assert all(found[row.pk].factors for row in rows)
        assert [found[row.pk].factors for row in calm] == [None] * 3

    def test_putting_back_the_first_lowers_the_probability(self, model):
        large()
        found = scores_of(Trade.objects.all(), at=NOW)

        [factors] = found.factors()
        first = factors[0]
        put_back = found.frame.copy()
        put_back[first.feature] = [found.loaded.typical[first.feature]]

        assert first.effect == max(one.effect for one in factors) > 1
        assert found.loaded.probabilities(put_back)[0] < found.probabilities[0]

    def test_of_some_places_are_those_of_all(self, model):
        for quantity in ("50", "5000", "200"):
            trade(quantity=quantity)
        found = scores_of(Trade.objects.order_by("pk"), at=NOW)

        assert found.factors([2, 1]) == [found.factors()[place] for place in (2, 1)]


class TestSettings:
    def test_are_made_by_migration(self):
        assert ScoringSettings.objects.get().limits == (0.4, 0.6, 0.8)

    def test_editing_moves_what_waits_into_its_band_and_leaves_what_ended(self, model):
        waits, ended = large(), large()
        score_waiting(at=NOW)
        factories.match(left=[ended], right=[trade(source="custodian")])
        edited = scoring_settings()
        edited.medium_from, edited.high_from, edited.critical_from = 0.997, 0.998, 0.999

        assert edit_settings(settings=edited, at=NOW) == 1
        assert scores()[waits.pk].band == "LOW"
        assert scores()[ended.pk].band == "HIGH"
        assert ScoringSettings.history.count() == 1

    def test_bands_of_many_are_those_of_one(self, model):
        row = scoring_settings()
        chances = np.array([0.0, 0.39, 0.4, 0.6, 0.61, 0.8, 1.0])
        found = scoring.Scores(registry.active(), row, None, chances)

        assert found.bands() == [row.band(chance) for chance in chances]
