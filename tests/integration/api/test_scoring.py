"""POST prediction/score: what it takes, what it refuses, and what it answers without a model."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from predictions import registry
from predictions.models import TradeScore
from tests import factories
from tests.foresight import model_in_force
from tests.integration.predictions.test_describing import TRADE
from trades.models import Trade

pytestmark = pytest.mark.django_db
PATH = "/api/v1/prediction/score"


@pytest.fixture
def ask(api_as, integration):
    client = api_as(integration)
    return lambda body: client.post(PATH, body, format="json")


def refused(answer, status: int = 400) -> dict[str, str]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return {one["field"]: one["detail"] for one in answer.json()["errors"]}


class TestWithoutAModel:
    @pytest.mark.parametrize("body", [{"trade": TRADE}, {"trade_ids": [1, 2]}])
    def test_is_404_in_plain_words(self, ask, body, settings, tmp_path):
        settings.ML_ARTIFACTS = tmp_path
        factories.source("oms")

        answer = ask(body)

        refused(answer, 404)
        assert answer.json()["type"] == "urn:problem:no-model"
        assert "train" in answer.json()["detail"].lower()
        assert not TradeScore.objects.exists()


class TestRefusals:
    def test_more_ids_than_a_call_takes(self, ask):
        said = refused(ask({"trade_ids": list(range(1, 10_002))}))

        assert said == {"trade_ids": "10,001 ids; at most 10,000 are taken a call. Ask in several."}

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "trade"),
            ({"trade": TRADE, "trade_ids": [1]}, "trade_ids"),
            ({"trade_ids": []}, "trade_ids"),
            ({"trade": {}}, "trade"),
            ({"trade": "T-1"}, "trade"),
            ({"trade_ids": "all"}, "trade_ids"),
            ({"trades": []}, "trades"),
        ],
    )
    def test_what_is_no_question(self, ask, body, field):
        assert field in refused(ask(body))

    @pytest.mark.parametrize("key", ["x", -1, 0, 2**63, None, 1.5, [1]])
    def test_an_id_that_is_none_is_said_with_its_place(self, ask, key):
        assert "trade_ids.1" in refused(ask({"trade_ids": [1, key]}))

    def test_a_trade_is_read_as_a_row_of_a_file_and_each_error_names_its_column(self, ask):
        factories.source("oms")

        said = refused(ask({"trade": TRADE | {"side": "sideways", "price": 187.5, "colour": "x"}}))

        assert set(said) == {"trade.side", "trade.price", "trade.colour"}
        assert "not exact" in said["trade.price"]

    def test_a_body_that_is_no_object(self, ask):
        refused(ask([1, 2]))


@pytest.fixture
def model(db, settings, tmp_path):
    return model_in_force(settings, tmp_path / "models")


class TestOneTrade:
    def test_is_scored_as_the_row_of_a_file_it_would_be_and_not_kept(self, ask, model, tmp_path):
        for name in ("counterparty", "account", "instrument"):
            getattr(factories, name)()
        alone = ask({"trade": TRADE}).json()
        assert not Trade.objects.exists()

        columns = [name for name in TRADE if name != "source"]
        file = tmp_path / "one.csv"
        file.write_text(f"{','.join(columns)}\n{','.join(TRADE[name] for name in columns)}\n")
        call_command("ingest", str(file), source="oms")
        loaded = Trade.objects.get()
        [listed] = ask({"trade_ids": [loaded.pk]}).json()["results"]

        assert listed == {"trade_id": loaded.pk} | alone
        assert alone["model_version"] == model.pk
        assert 0 < alone["break_probability"] < 1
        assert not TradeScore.objects.exists()

    def test_says_what_would_raise_it_first_and_money_as_text(self, ask, model):
        factories.source("oms")

        said = ask(
            {"trade": TRADE | {"quantity": "5000.50", "settlement_date": "2026-03-13"}}
        ).json()

        first, second, *_ = said["contributing_factors"]
        assert first == {
            "feature": "quantity",
            "words": "Quantity (typically 100)",
            "value": "5,000.5",
            "effect": first["effect"],
        }
        assert first["effect"] > second["effect"] > 0
        assert (said["predicted_break"], said["risk_level"]) == (True, "HIGH")

    def test_of_an_altered_model_is_404_too(self, ask, model):
        registry.path().write_bytes(b"something else")
        factories.source("oms")

        answer = ask({"trade": TRADE})

        refused(answer, 404)
        assert answer.json()["type"] == "urn:problem:model-altered"
        assert "is not the file that was registered" in answer.json()["detail"]


class TestIds:
    def test_come_back_in_the_order_asked_once_each_and_the_others_are_named(self, ask, model):
        rows = [factories.trade(), factories.trade(quantity="5000"), factories.trade()]
        asked = [rows[2].pk, 999_999, rows[0].pk, rows[1].pk, rows[0].pk, 888_888]

        said = ask({"trade_ids": asked}).json()

        assert [one["trade_id"] for one in said["results"]] == [rows[at].pk for at in (2, 0, 1)]
        assert said["not_found"] == [999_999, 888_888]
        assert said["model_version"] == model.pk
        assert all(one["contributing_factors"] for one in said["results"])
        chances = [one["break_probability"] for one in said["results"]]
        assert chances[2] == max(chances)

    def test_none_of_which_is_there(self, ask, model):
        assert ask({"trade_ids": [5]}).json() == {
            "model_version": model.pk,
            "results": [],
            "not_found": [5],
        }

    def test_cost_the_same_however_many(self, ask, model):
        keys = [factories.trade().pk for _ in range(30)]

        def cost(some: list[int]) -> int:
            with CaptureQueriesContext(connection) as captured:
                assert ask({"trade_ids": some}).status_code == 200
            return len(captured)

        ask({"trade_ids": keys[:1]})
        assert cost(keys[:2]) == cost(keys)
