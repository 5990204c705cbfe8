"""The pages of what is foreseen: the list, a trade, a break, the watch and the settings."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from predictions.models import Crossing, FeatureDrift, ScoringSettings, TradeScore, WatchedWeek
from predictions.services.scoring import score_waiting
from tests import factories
from tests.foresight import model_in_force

pytestmark = pytest.mark.django_db
LIST = reverse("admin:predictions_tradescore_changelist")
WATCH = reverse("admin:predictions_watchedweek_changelist")
SETTINGS = reverse("admin:predictions_scoringsettings_change", args=[1])


@pytest.fixture(autouse=True)
def between():
    return factories.reconciliation()


@pytest.fixture
def model(settings, tmp_path):
    return model_in_force(settings, tmp_path / "models")


def trade(**over):
    return factories.trade(**{"trade_date": timezone.now().date() - timedelta(days=1)} | over)


def large(**over):
    day = timezone.now().date() - timedelta(days=1)
    return trade(quantity="5000", settlement_date=day + timedelta(days=9), **over)


def given(**over) -> dict[str, str]:
    row = ScoringSettings.objects.get()
    names = [field.name for field in ScoringSettings._meta.fields if field.name != "id"]
    return {name: str(getattr(row, name)) for name in names} | over


class TestLikely:
    def test_lists_the_likeliest_first_with_reasons_and_a_link_to_the_trade(
        self, model, analyst, browser_as
    ):
        calm, likely = trade(source_trade_id="CALM"), large(source_trade_id="LIKELY")
        score_waiting(at=timezone.now())

        page = browser_as(analyst).get(LIST).content.decode()

        assert page.index("LIKELY") < page.index("CALM")
        for row in (calm, likely):
            assert reverse("admin:trades_trade_change", args=[row.pk]) in page
        assert "Quantity" in page
        assert "<b>5,000</b>" in page

    def test_what_has_come_is_listed_no_more_and_shown_on_its_pages(self, model, look):
        left, right = large(), trade(source="custodian")
        score_waiting(at=timezone.now())
        match = factories.match(left=[left], right=[right])
        row = factories.trade_break("PRICE", match=match, left_trade=left, right_trade=right)

        assert (
            left.source_trade_id not in look("predictions_tradescore_changelist").content.decode()
        )
        for page in (
            look("trades_trade_change", left.pk),
            look("breaks_tradebreak_change", row.pk),
        ):
            assert "Quantity (typically 100)" in page.content.decode()
            assert str(model) in page.content.decode()

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("", {"A", "B", "C"}),
            ("?view=likely", {"A"}),
            ("?view=high", {"A"}),
            ("?band=LOW", {"B", "C"}),
            ("?trade__source__id__exact={custodian}", {"C"}),
            ("?q=B", {"B"}),
        ],
    )
    def test_is_narrowed_by_risk_source_and_words(self, model, look, query, shown):
        large(source_trade_id="LIKE-A")
        trade(source_trade_id="LIKE-B")
        trade(source_trade_id="LIKE-C", source="custodian")
        score_waiting(at=timezone.now())
        query = query.format(custodian=factories.source("custodian").pk).replace("q=B", "q=LIKE-B")

        page = look("predictions_tradescore_changelist", query=query).content.decode()

        assert {one for one in "ABC" if f"LIKE-{one}</a>" in page} == shown

    def test_without_a_model_it_says_how_to_train_one(self, look, settings, tmp_path):
        settings.ML_ARTIFACTS = tmp_path

        page = look("predictions_tradescore_changelist").content.decode()

        assert "There is no break-prediction model yet" in page
        assert "train_break_model" in page

    def test_scores_at_once_for_whoever_may(self, model, analyst, auditor, browser_as):
        large()
        address = reverse("admin:predictions_tradescore_score_now")

        assert browser_as(auditor).post(address).status_code == 403
        assert not TradeScore.objects.exists()
        page = browser_as(analyst).post(address, follow=True).content.decode()

        assert "1 trade was scored by Model" in page
        assert TradeScore.objects.count() == 1

    def test_a_look_at_the_button_scores_nothing(self, model, analyst, browser_as):
        large()

        page = browser_as(analyst).get(reverse("admin:predictions_tradescore_score_now"))

        assert page.status_code == 200
        assert not TradeScore.objects.exists()

    def test_costs_the_same_with_many(self, model, superuser, browser_as, queries):
        browser = browser_as(superuser)

        def cost(count: int) -> int:
            for at in range(count):
                large(counterparty_name=f"Party {at}", isin="", symbol=f"S{at}")
            score_waiting(at=timezone.now())
            return queries(browser, LIST)

        cost(1)
        assert cost(4) == cost(16) <= 20


class TestWatch:
    def test_draws_the_weeks_and_names_what_is_past_its_limit(self, model, look):
        for weeks in range(3):
            day = timezone.now().date() - timedelta(weeks=weeks + 1)
            row = WatchedWeek.objects.create(
                model_version=model, week=day - timedelta(days=day.weekday()), scored=900,
                settled=800, expected=41.5, broken=50, brier=0.05, calibration_error=0.07,
                bands={"MEDIUM": [20, 11], "HIGH": [4, 3], "CRITICAL": [0, 0]},
                made_at=timezone.now(),
            )  # fmt: skip
            FeatureDrift.objects.create(week=row, feature="side", stability=0.31, shares=[])
        Crossing.objects.create(
            model_version=model, watched="DRIFT", feature="side", week=row.week, value=0.31,
            limit=0.25, crossed_at=timezone.now(),
        )  # fmt: skip

        page = look("predictions_watchedweek_changelist").content.decode()

        assert page.count('<svg class="dk-draw"') == 2
        assert "dk-heat-past" in page
        assert "55.0%" in page  # 33 of 60 at 0.4 and above
        assert "dk-draw-past" in page

    def test_costs_the_same_with_many_weeks(self, model, superuser, browser_as, queries):
        browser = browser_as(superuser)

        def cost(first: int, last: int) -> int:
            for at in range(first, last):
                row = WatchedWeek.objects.create(
                    model_version=model, week=timezone.now().date() - timedelta(weeks=at),
                    scored=1, settled=0, expected=0, broken=0, made_at=timezone.now(),
                )  # fmt: skip
                FeatureDrift.objects.create(week=row, feature="side", stability=0.1, shares=[])
            return queries(browser, WATCH)

        cost(0, 1)
        assert cost(1, 2) == cost(2, 12)

    def test_without_anything_says_so(self, look, settings, tmp_path):
        settings.ML_ARTIFACTS = tmp_path
        page = look("predictions_watchedweek_changelist").content.decode()

        assert "Nothing is counted yet" in page
        assert "There is no break-prediction model yet" in page

    def test_is_for_whoever_may_see_it(self, browser_as):
        assert browser_as(factories.user()).get(WATCH).status_code == 403


class TestSettings:
    def test_the_list_says_what_the_one_row_does_and_leads_to_it(self, administrator, browser_as):
        listed = browser_as(administrator).get(
            reverse("admin:predictions_scoringsettings_changelist")
        )
        page = listed.content.decode()

        assert SETTINGS in page
        for words in ("medium from 0.4", "critical from 0.8", "10 days back", "drift 0.25"):
            assert words in page

    def test_an_administrator_moves_the_bands_and_what_waits_with_them(
        self, model, administrator, browser_as
    ):
        large()
        score_waiting(at=timezone.now())

        answer = browser_as(administrator).post(
            SETTINGS, given(medium_from="0.01", high_from="0.02", critical_from="0.03"), follow=True
        )

        assert "1 trade is in another band now" in answer.content.decode()
        assert TradeScore.objects.get().band == "CRITICAL"
        change = ScoringSettings.history.latest()
        assert (change.history_user, change.high_from) == (administrator, 0.02)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"high_from": "0.3"}, "above where medium begins, 0.4"),
            ({"critical_from": "0.6"}, "above where high begins, 0.6"),
            ({"medium_from": "0"}, "every trade would be of medium risk"),
            ({"critical_from": "1.5"}, "less than or equal to 1"),
            ({"look_back_days": "0"}, "greater than or equal to 1"),
            ({"least_trades": "3"}, "greater than or equal to 50"),
        ],
    )
    def test_what_makes_no_sense_is_refused_in_words(self, administrator, browser_as, wrong, words):
        page = browser_as(administrator).post(SETTINGS, given(**wrong)).content.decode()

        assert words in page
        assert ScoringSettings.objects.get().limits == (0.4, 0.6, 0.8)

    def test_an_analyst_looks_and_changes_nothing(self, analyst, browser_as):
        browser = browser_as(analyst)

        assert browser.get(SETTINGS).status_code == 200
        assert browser.post(SETTINGS, given(high_from="0.7")).status_code == 403
