"""POST prediction/score: what it takes, what it refuses, and what it answers without a model."""

import pytest

from predictions.models import TradeScore
from tests import factories
from tests.integration.predictions.test_describing import TRADE

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
