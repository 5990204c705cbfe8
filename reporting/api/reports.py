"""The reports: summary, aging, runs and root cause, each of what the caller may see."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.filters import BreakFilters
from breaks.models import TradeBreak
from breaks.querysets import SEVERITY_RANK
from breaks.terms import Clocks
from matching.models import ReconciliationRun
from reporting.api.examples import AGED, BUCKET, ROOT_CAUSE, RUN, SUMMARY
from reporting.api.outputs import (
    AgedBreakOutput,
    BucketOutput,
    RootCauseOutput,
    RunRowOutput,
    SummaryOutput,
)
from reporting.api.scopes import ReportView, RunScopeInput, ScopeInput
from reporting.selectors.aging import aging_of
from reporting.selectors.root_cause import root_cause
from reporting.selectors.runs import last_runs
from reporting.selectors.summary import summary
from trades.api.lists import ListView, Ordering, StrictFilters
from trades.api.pagination import Pages


class SummaryReport(ReportView):
    """How a scope stands now, in one row of figures."""

    needs = {"GET": "breaks.view_tradebreak"}
    queryset = TradeBreak.objects.all()
    serializer_class = SummaryOutput

    @extend_schema(
        parameters=[ScopeInput],
        responses={200: SummaryOutput},
        examples=[OpenApiExample("A week", SUMMARY, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        found = summary(self.scope(request), at=timezone.now())
        return Response(self.get_serializer(found).data)


class AgingPages(Pages):
    """Pages with the bucket totals of all the rows, not of the page's."""

    buckets: list[dict[str, Any]]

    def get_paginated_response(self, data: Any) -> Response:
        answer = super().get_paginated_response(data)
        answer.data["buckets"] = BucketOutput(self.buckets, many=True).data
        return answer

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        number = {"type": "integer"}
        page["properties"]["buckets"] = {
            "type": "array",
            "description": "All live breaks of the report by age in days, and by severity.",
            "example": [BUCKET],
            "items": {
                "type": "object",
                "properties": {
                    "bucket": {"type": "string"},
                    "from_days": number,
                    "to_days": number | {"nullable": True},
                    "total": number,
                    "by_severity": {"type": "object", "additionalProperties": number},
                },
            },
        }
        page["required"] = [*page["required"], "buckets"]
        return page


@extend_schema_view(
    get=extend_schema(examples=[OpenApiExample("A break", AGED, response_only=True)])
)
class AgingReport(ReportView, ListView):
    """The live breaks with their ages, the oldest first, and how many are of each age."""

    needs = {"GET": "breaks.view_tradebreak"}
    queryset = TradeBreak.objects.all()
    serializer_class = AgedBreakOutput
    filterset_class = BreakFilters
    pagination_class = AgingPages
    # What the list of breaks takes too is checked by its own filters.
    passes = frozenset(
        {*BreakFilters.base_filters, *Pages.names, Ordering.name} - {*ScopeInput().fields}
    )
    ordering_columns = {
        "created_at": "opened_at",
        "sla_deadline": "due_at",
        "exposure": "exposure",
        "severity": "severity_rank",
    }
    default_ordering = ("created_at",)

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "at": self.now, "clocks": Clocks()}

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        prefetch_related_objects([self.caller], "teams")
        scope = self.scope(request)
        breaks: Any = StrictFilters().filter_queryset(request, scope.breaks(), self)
        rows = breaks.live().annotate(severity_rank=SEVERITY_RANK).select_related("assigned_to")
        ordered = Ordering().filter_queryset(request, rows, self)
        pages: Any = self.paginator
        pages.buckets = aging_of(breaks, at=self.now)
        page = self.get_serializer(self.paginate_queryset(ordered), many=True)
        return self.get_paginated_response(page.data)


@extend_schema_view(
    get=extend_schema(
        parameters=[RunScopeInput],
        examples=[OpenApiExample("A run", RUN, response_only=True)],
    )
)
class RunsReport(ReportView, ListView):
    """The last runs and what each found, the newest first."""

    needs = {"GET": "matching.view_reconciliationrun"}
    queryset = ReconciliationRun.objects.all()
    serializer_class = RunRowOutput
    scope_class = RunScopeInput
    filter_backends = [Ordering]
    passes = frozenset({*Pages.names, Ordering.name})
    ordering_columns = {
        "run_date": "requested_at",
        "id": "id",
        "breaks_identified": "breaks_identified",
    }
    default_ordering = ("-run_date",)

    def narrow(self, rows: Any) -> QuerySet:
        return last_runs(self.scope(self.request))


class RootCauseReport(ReportView):
    """What holds the most breaks, and the causes that were found, with what a fix would clear."""

    needs = {"GET": "workflows.view_rootcausefinding"}
    queryset = TradeBreak.objects.all()
    serializer_class = RootCauseOutput

    @extend_schema(
        parameters=[ScopeInput],
        responses={200: RootCauseOutput},
        examples=[OpenApiExample("A shifted date", ROOT_CAUSE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        prefetch_related_objects([self.caller], "teams")
        return Response(self.get_serializer(root_cause(self.scope(request))).data)
