"""How likely trades are to break; nothing is written by asking."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from predictions.api.inputs import ScoreInput
from predictions.api.outputs import ScoreOutput, ScoresOutput
from predictions.services.describing import TradeRefused, trade_described
from trades.api.base import ApiView
from trades.api.problems import Problem
from trades.models import Trade

_FACTORS = [
    {
        "feature": "counterparty_break_rate",
        "words": "Past break rate of the counterparty (typically 1.9%)",
        "value": "11.4%",
        "effect": 1.62,
    }
]
_SCORE = {
    "break_probability": 0.4371,
    "predicted_break": False,
    "risk_level": "MEDIUM",
    "contributing_factors": _FACTORS,
    "model_version": 3,
}
EXAMPLES = [
    OpenApiExample(
        "One trade as JSON",
        value={
            "trade": {
                "source": "oms", "trade_id": "T-1", "trade_date": "2026-03-04", "side": "BUY",
                "quantity": "1000", "price": "187.50", "currency": "USD", "isin": "US0378331005",
                "counterparty": "Goldman Sachs International", "account": "FUND1",
            }
        },
        request_only=True,
    ),
    OpenApiExample("Trades in the desk", value={"trade_ids": [101, 102]}, request_only=True),
    OpenApiExample("Of one trade", value=_SCORE, response_only=True, status_codes=["200"]),
    OpenApiExample(
        "Of trades in the desk",
        value={"model_version": 3, "results": [{"trade_id": 101, **_SCORE}], "not_found": [102]},
        response_only=True, status_codes=["200"],
    ),
]  # fmt: skip


class NoModel(Problem):
    """There is nothing to score with; the sentence says what to do."""

    status_code = status.HTTP_404_NOT_FOUND
    default_code = "no_model"


class ScoreTrades(ApiView):
    """
    Say how likely trades are to break, before their other side has reported them.

    Asked for one trade as JSON, which is read as a row of a file is and not kept, or for up to
    10,000 that are in the desk. Every answer has its factors. It is worked out anew from what is
    known now, and writes nothing.
    """

    needs = {"POST": "predictions.request_tradescore"}
    serializer_class = ScoreOutput
    input_class = ScoreInput

    @extend_schema(
        request=ScoreInput,
        examples=EXAMPLES,
        responses={
            200: OpenApiResponse(
                PolymorphicProxySerializer(
                    "Scored", [ScoreOutput, ScoresOutput], resource_type_field_name=None
                ),
                "Of trade one score; of trade_ids a list of them.",
            ),
            404: OpenApiResponse(description="There is no model, or its file was altered."),
        },
    )
    def post(self, request: Request) -> Response:
        given = self.given(request)
        at = timezone.now()
        with _no_model_said():
            if "trade" in given:
                return Response(_one(given["trade"], at))
            return Response(_several(given["trade_ids"], at))


def _one(values: dict[str, Any], at: datetime) -> dict[str, Any]:
    from predictions.services.answering import answers
    from predictions.services.scoring import scores_of

    try:
        trade = trade_described(values, at=at)
    except TradeRefused as refused:
        raise serializers.ValidationError({"trade": refused.problems}) from refused
    return answers(scores_of([trade], at=at))[0]


def _several(keys: list[int], at: datetime) -> dict[str, Any]:
    from predictions.services.answering import answers
    from predictions.services.scoring import scores_of

    scores = scores_of(Trade.objects.filter(pk__among=keys), at=at)
    found = dict(zip(scores.keys, answers(scores), strict=True))
    return {
        "model_version": scores.version.pk,
        "results": [{"trade_id": key, **found[key]} for key in keys if key in found],
        "not_found": [key for key in keys if key not in found],
    }


@contextmanager
def _no_model_said() -> Iterator[None]:
    from predictions.registry import ModelAbsent, ModelAltered

    try:
        yield
    except ModelAbsent as absent:
        raise NoModel(str(absent)) from absent
    except ModelAltered as altered:
        raise NoModel(str(altered), code="model_altered") from altered
