"""Breaks out as a file with the list's filters, and such a file in again."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.acts import refusals
from breaks.api.filters import BreakFilters
from breaks.api.views import BreakList
from breaks.choices import GuardedAct
from breaks.models import ActBatch, ApprovalRequest, TradeBreak
from breaks.querysets import SEVERITY_RANK
from breaks.services import approvals, importing
from breaks.services.importing import Line, Outcome, Review
from breaks.spreadsheet import worked_table
from trades.api.base import ApiView
from trades.api.parsing import Csv
from trades.api.rendering import CsvOrProblem
from trades.api.serializing import Amount, Input
from trades.services.exports import export
from trades.spreadsheet import Mode


class ExportFilters(BreakFilters):
    mode = django_filters.ChoiceFilter(
        method="leave",
        choices=[(mode.value, mode.value) for mode in Mode],
        help_text="exact: values as they are. safe: what a spreadsheet would run or change has an "
        "apostrophe before it, which the import takes off. Default: exact.",
    )

    def leave(self, breaks: QuerySet, name: str, value: str) -> QuerySet:
        return breaks


class BreakExport(BreakList):
    """The breaks as CSV, in the order of the list, all of them; edited, it can be handed in."""

    filterset_class = ExportFilters
    pagination_class = None
    renderer_classes = [JSONRenderer, CsvOrProblem]

    def get_queryset(self) -> QuerySet:
        return TradeBreak.objects.visible_to(self.caller).annotate(severity_rank=SEVERITY_RANK)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        rows = self.filter_queryset(self.get_queryset())
        mode = Mode(request.query_params.get("mode", Mode.EXACT))
        pieces = export(
            table=worked_table(mode), rows=rows, mode=mode, query=request.query_params.urlencode(),
            by=self.caller, at=timezone.now(),
        )  # fmt: skip
        return StreamingHttpResponse(
            pieces,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="breaks.csv"'},
        )


class ImportInput(Input):
    dry_run = serializers.BooleanField(default=True)
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ChangeOutput(serializers.Serializer):
    column = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class SinceOutput(serializers.Serializer):
    """What somebody else did since the version in the file; `by` is null where the system did."""

    sequence = serializers.IntegerField()
    kind = serializers.CharField()
    by = serializers.CharField(source="by.username", allow_null=True, default=None)
    at = serializers.DateTimeField()
    reason = serializers.CharField()


class ImportRowOutput(serializers.Serializer):
    """One row of the file, or its line number and why it is refused."""

    line = serializers.IntegerField()
    id = serializers.IntegerField(allow_null=True, help_text="Of the break.")
    outcome = serializers.ChoiceField(
        ["changed", "stale", "refused", "applied", "requested"],
        help_text="changed: would be applied. requested: waits for a second person.",
    )
    acts = serializers.ListField(child=serializers.CharField())
    changes = ChangeOutput(many=True)
    refusals = serializers.ListField(child=serializers.CharField())
    since = SinceOutput(many=True)


class ImportOutput(serializers.Serializer):
    """What became of a file; rows that change nothing are counted, not listed."""

    dry_run = serializers.BooleanField()
    unchanged = serializers.IntegerField()
    exposure = Amount(allow_null=True, help_text="Of the breaks that change; null is unknown.")
    needs_approval = serializers.BooleanField()
    batch = serializers.IntegerField(allow_null=True)
    approval_request_id = serializers.IntegerField(allow_null=True)
    rows = ImportRowOutput(many=True)


class BreakImport(ApiView):
    """
    An edited export: a dry run says row by row what it would change, and why some cannot be.

    With dry_run=false the rows that can be done are, as one batch; the others are left out.
    """

    needs: ClassVar[dict[str, str]] = {"POST": "breaks.work_tradebreak"}
    queryset = TradeBreak.objects.all()
    serializer_class = ImportOutput
    parser_classes = [MultiPartParser, Csv]

    @extend_schema(
        parameters=[
            OpenApiParameter("dry_run", bool, description="Default: true."),
            OpenApiParameter("reason", str, description="Needed where a second person decides."),
            OpenApiParameter("file_name", str, description="Of a body that is text/csv."),
        ],
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            },
            "text/csv": OpenApiTypes.BINARY,
        },
        responses={
            200: ImportOutput,
            202: OpenApiResponse(ImportOutput, description="Waits for a second person."),
        },
    )
    def post(self, request: Request) -> Response:
        query = request.query_params.dict()
        file_name = query.pop("file_name", "")
        asked = ImportInput(data=query)
        asked.is_valid(raise_exception=True)
        given, content, name = asked.validated_data, *_content(request, file_name)
        try:
            review = importing.look_at(importing.read_file(content), by=self.caller)
        except importing.FileRefused as refusal:
            raise serializers.ValidationError({"file": str(refusal)}) from refusal
        made: ActBatch | ApprovalRequest | None = None
        if not given["dry_run"] and review.asked:
            with refusals():
                made = importing.apply(
                    asked=review.asked, file_name=name, by=self.caller, at=timezone.now(),
                    reason=given["reason"],
                )  # fmt: skip
        waits = isinstance(made, ApprovalRequest)
        shown = ImportOutput(_answer(review, made, dry_run=given["dry_run"])).data
        return Response(shown, status.HTTP_202_ACCEPTED if waits else status.HTTP_200_OK)


def _content(request: Request, file_name: str) -> tuple[bytes, str]:
    """
    Return the file of a request and its name.

    :raises ValidationError: if there is none, or it is too large.
    """
    if isinstance(request.data, bytes):
        return request.data, file_name or "api.csv"
    file = request.FILES.get("file")
    if file is None:
        raise serializers.ValidationError(
            {"file": "Send a file: as a body of text/csv, or in the part named file of a form."}
        )
    if file.size > importing.MAX_BYTES:
        raise serializers.ValidationError(
            {"file": f"At most {importing.MAX_BYTES:,} bytes are taken. Split it."}
        )
    return file.read(), file_name or str(file.name)


def _answer(
    review: Review, made: ActBatch | ApprovalRequest | None, *, dry_run: bool
) -> dict[str, Any]:
    batch = made if isinstance(made, ActBatch) else None
    request = made if isinstance(made, ApprovalRequest) else None
    done = defaultdict(list)
    for row in batch.rows if batch else ():
        done[row["break"]].append(row)
    needed = bool(review.asked) and approvals.is_needed(GuardedAct.IMPORT, review.exposure)
    return {
        "dry_run": dry_run,
        "unchanged": review.unchanged,
        "exposure": review.exposure,
        "needs_approval": request is not None or (batch is None and needed),
        "batch": batch.pk if batch else None,
        "approval_request_id": request.pk if request else None,
        "rows": [_row(line, done[line.break_id], request) for line in review.lines],
    }


def _row(
    line: Line, done: Sequence[dict[str, Any]], request: ApprovalRequest | None
) -> dict[str, Any]:
    outcome, why = line.outcome.value, list(line.refusals)
    if line.outcome == Outcome.CHANGED and (done or request):
        why += [row["said"] for row in done if row["said"]]
        waits = request is not None or any("request" in row for row in done)
        outcome = "refused" if why else "requested" if waits else "applied"
    return {
        "line": line.number,
        "id": line.break_id,
        "outcome": outcome,
        "acts": [asked.act for asked in line.asked],
        "changes": line.changes,
        "refusals": why,
        "since": line.since,
    }
