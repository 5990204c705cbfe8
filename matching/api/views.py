from django.db.models import Prefetch, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from matching.api.filters import MatchFilters, RunFilters
from matching.api.outputs import MatchDetailOutput, MatchOutput, RunOutput
from matching.models import Match, MatchAlternative, MatchLeg, ReconciliationRun
from trades.api.base import ApiView
from trades.api.lists import ListView


class RunList(ListView):
    """Reconciliation runs, the newest first."""

    needs = {"GET": "matching.view_reconciliationrun"}
    queryset = ReconciliationRun.objects.select_related(
        "reconciliation__left_source", "reconciliation__right_source", "rule_set", "requested_by"
    )
    serializer_class = RunOutput
    filterset_class = RunFilters
    ordering_columns = {
        name: name
        for name in ("id", "requested_at", "finished_at", "from_date", "breaks_identified")
    }
    default_ordering = ("-requested_at",)


class RunDetail(ApiView):
    """One run: how far it is, or what it found."""

    needs = {"GET": "matching.view_reconciliationrun"}
    queryset = RunList.queryset
    serializer_class = RunOutput

    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class MatchList(ListView):
    """Matches, the newest first."""

    needs = {"GET": "matching.view_match"}
    queryset = Match.objects.select_related(
        "reconciliation", "rule_set", "decided_by"
    ).prefetch_related(
        Prefetch("legs", MatchLeg.objects.select_related("trade__source").defer("trade__raw"))
    )
    serializer_class = MatchOutput
    filterset_class = MatchFilters
    ordering_columns = {name: name for name in ("id", "created_at", "decided_at", "score")}
    default_ordering = ("-created_at",)


class MatchDetail(ApiView):
    """One match: its trades, their differences, the other candidates, why they were paired."""

    needs = {"GET": "matching.view_match"}
    serializer_class = MatchDetailOutput

    def get_queryset(self) -> QuerySet:
        return matches_with_trades()

    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


def matches_with_trades() -> QuerySet:
    """Return matches with all that `MatchDetailOutput` shows, in a fixed number of queries."""
    joined = [f"trade__{name}" for name in ("source", "counterparty", "account")]
    return Match.objects.select_related(
        "reconciliation", "rule_set", "decided_by"
    ).prefetch_related(
        Prefetch("legs", MatchLeg.objects.select_related(*joined).defer("trade__raw")),
        Prefetch(
            "alternatives", MatchAlternative.objects.select_related(*joined).defer("trade__raw")
        ),
        "differences",
    )
