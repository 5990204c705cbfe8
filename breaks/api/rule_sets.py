"""A version of the rules tried on a past run; it stands here because breaks come and go by it."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.acts import refusals
from breaks.models import BackTest
from breaks.services import backtest
from matching.models import ReconciliationRun, RuleSet
from trades.api.base import ApiView
from trades.api.problems import Conflict
from trades.api.serializing import Input, Output


class BackTestInput(Input):
    run = serializers.PrimaryKeyRelatedField(
        queryset=ReconciliationRun.objects.all(), help_text="A run that has succeeded, by its id."
    )


class BackTestOutput(Output):
    """What the rules would have made of the run's trades, beside the active version."""

    rule_set = serializers.CharField(read_only=True)
    against = serializers.CharField(read_only=True)
    by = serializers.CharField(source="by.username", read_only=True)
    result = serializers.DictField(
        read_only=True,
        help_text="Counts and samples: matches gained, lost, decided otherwise; matches by pass; "
        "breaks that appear or vanish, by type and exposure. Money is text.",
    )

    class Meta:
        model = BackTest
        fields: tuple[str, ...] = (
            "id", "rule_set", "against", "run", "definition_digest", "by", "at", "result",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class BackTestRules(ApiView):
    """Try a version on a past run; nothing is written but the answer."""

    needs = {"POST": "matching.change_ruleset"}
    queryset = RuleSet.objects.all()
    serializer_class = BackTestOutput
    input_class = BackTestInput

    @extend_schema(responses={201: BackTestOutput})
    def post(self, request: Request, pk: int) -> Response:
        rule_set, given = self.get_object(), self.given(request)
        with refusals():
            try:
                made = backtest.back_test(
                    rule_set_id=rule_set.pk,
                    run_id=given["run"].pk,
                    by=self.caller,
                    at=timezone.now(),
                )
            except backtest.BackTestRefused as refusal:
                raise Conflict(str(refusal), code="refused") from refusal
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)
