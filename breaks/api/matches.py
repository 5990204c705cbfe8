"""
Decisions on matches.

They stand here and not in matching because the breaks of the trades follow from them; what only
reads is inherited from there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.acts import refusals
from breaks.api.asked import AskedOutput, asked
from breaks.api.inputs import OptionalReasonInput, PairInput, ReasonInput
from breaks.models import ApprovalRequest
from breaks.services import approvals, pairing
from matching.api.outputs import MatchDetailOutput
from matching.api.views import MatchDetail, MatchList, matches_with_trades
from matching.models import Match
from matching.services.decisions import DecisionRefused
from trades.api.base import ApiView
from trades.api.problems import Conflict

DECIDE = "matching.decide_match"
REASON = OpenApiParameter(
    "reason", str, description="Why; in the body as well, for who can send one with DELETE."
)


@contextmanager
def _refusals() -> Iterator[None]:
    with refusals():
        try:
            yield
        except DecisionRefused as refusal:
            raise Conflict(str(refusal), code="refused") from refusal


def _shown(view: ApiView, match: Match) -> Any:
    context = view.get_serializer_context()
    return MatchDetailOutput(matches_with_trades().get(pk=match.pk), context=context).data


class Matches(MatchList):
    """Matches, the newest first; a POST pairs trades by hand, or asks for it (202)."""

    needs = MatchList.needs | {"POST": DECIDE}
    input_class = PairInput

    @extend_schema(responses={201: MatchDetailOutput, 202: AskedOutput})
    def post(self, request: Request) -> Response:
        given = self.given(request)
        with _refusals():
            done = approvals.pair_by_hand(
                reconciliation=given["reconciliation"],
                left_ids=given["source1_trades"],
                right_ids=given["source2_trades"],
                reason=given["reason"],
                by=self.caller,
                at=timezone.now(),
            )
        if isinstance(done, ApprovalRequest):
            return asked(done)
        location = {"Location": reverse("match", args=[done.pk])}
        return Response(_shown(self, done), status.HTTP_201_CREATED, headers=location)


class OneMatch(MatchDetail):
    """
    One match with its trades and why they were paired.

    A DELETE takes it apart, or asks for it (202).
    """

    needs = MatchDetail.needs | {"DELETE": DECIDE}
    input_class = ReasonInput

    @extend_schema(
        request=None, parameters=[REASON], responses={200: MatchDetailOutput, 202: AskedOutput}
    )
    def delete(self, request: Request, pk: int) -> Response:
        in_query = request.query_params.get("reason")
        if in_query is not None and request.data:
            raise serializers.ValidationError({"reason": "Say it in the body or the query, once."})
        checked = ReasonInput(data=request.data if in_query is None else {"reason": in_query})
        checked.is_valid(raise_exception=True)
        match = self.get_object()
        with _refusals():
            done = approvals.unmatch(
                match_id=match.pk, by=self.caller, at=timezone.now(), **checked.validated_data
            )
        return asked(done) if isinstance(done, ApprovalRequest) else Response(_shown(self, match))


class _Decision(ApiView):
    needs = {"POST": DECIDE}
    queryset = Match.objects.all()
    serializer_class = MatchDetailOutput


class ConfirmMatch(_Decision):
    """Agree with a proposed match."""

    input_class = OptionalReasonInput

    @extend_schema(responses={200: MatchDetailOutput})
    def post(self, request: Request, pk: int) -> Response:
        match, given = self.get_object(), self.given(request)
        with _refusals():
            pairing.confirm_match(match_id=match.pk, by=self.caller, at=timezone.now(), **given)
        return Response(_shown(self, match))


class RejectMatch(_Decision):
    """Turn a proposed match down; its trades are not proposed together again."""

    input_class = ReasonInput

    @extend_schema(responses={200: MatchDetailOutput})
    def post(self, request: Request, pk: int) -> Response:
        match, given = self.get_object(), self.given(request)
        with _refusals():
            pairing.reject_match(match_id=match.pk, by=self.caller, at=timezone.now(), **given)
        return Response(_shown(self, match))
