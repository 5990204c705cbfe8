"""One act on many breaks, what became of each, and taking all of it back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api import inputs
from breaks.api.acts import refusals
from breaks.models import ActBatch
from breaks.selectors import batches_visible_to
from breaks.services import batches
from trades.api.base import ApiView
from trades.api.serializing import LARGEST_KEY, Input

MOST = 1_000
WORK, ACCEPT = "breaks.work_tradebreak", "breaks.accept_tradebreak"


class SeenInput(Input):
    """A break and the version of it that the caller read; null acts whatever changed since."""

    id = serializers.IntegerField(min_value=1, max_value=LARGEST_KEY)
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, allow_null=True)


class ManyInput(Input):
    act = serializers.CharField()
    breaks = serializers.ListField(
        child=SeenInput(), allow_empty=False, max_length=MOST, help_text="Each of them once."
    )

    def validate_breaks(self, breaks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({one["id"] for one in breaks}) < len(breaks):
            raise serializers.ValidationError("A break is named more than once.")
        return breaks


def _many(name: str, one: type[Input]) -> type[Input]:
    """Return what an act on many breaks takes: the breaks, and what the act on one takes."""
    doc = f"Many breaks, and what the act {name} takes on one."
    return type(f"Bulk{name.capitalize()}Input", (ManyInput, one), {"__doc__": doc})


# The act, as the paths of one break name it -> the service, and what it takes.
ACTS: dict[str, tuple[str, type[Input]]] = {
    name: (service, _many(name, one))
    for name, service, one in (
        ("claim", "claim", inputs.NothingInput),
        ("assign", "assign", inputs.AssignInput),
        ("route", "route", inputs.RouteInput),
        ("comment", "comment", inputs.CommentInput),
        ("await", "await_counterparty", inputs.AwaitInput),
        ("escalate", "escalate", inputs.ReasonInput),
        ("resolve", "resolve", inputs.ResolveInput),
        ("accept", "accept", inputs.AcceptInput),
        ("reopen", "reopen", inputs.ReasonInput),
    )
}


class BatchRowOutput(serializers.Serializer):
    """What became of one break, or of one match where matches were decided on."""

    id = serializers.IntegerField(source="break", allow_null=True, help_text="Of the break.")
    match = serializers.IntegerField(allow_null=True)
    act = serializers.CharField()
    outcome = serializers.ChoiceField(["done", "unchanged", "requested", "refused"])
    version = serializers.IntegerField(allow_null=True, help_text="That the act led to.")
    refusal = serializers.CharField(source="said")
    approval_request_id = serializers.IntegerField(source="request", allow_null=True)
    undone = serializers.BooleanField(allow_null=True, help_text="null: nobody tried.")
    undo_refusal = serializers.CharField(source="undo_said")


class BatchOutput(serializers.Serializer):
    """A batch, and what became of each of its rows."""

    id = serializers.IntegerField()
    act = serializers.CharField()
    by = serializers.CharField(source="by.username")
    at = serializers.DateTimeField()
    file_name = serializers.CharField(help_text="Of an import.")
    undone_by = serializers.CharField(source="undone_by.username", allow_null=True)
    undone_at = serializers.DateTimeField(allow_null=True)
    results = BatchRowOutput(many=True)


def shown(batch: ActBatch) -> Any:
    batch.results = [_row(row) for row in batch.rows]  # type: ignore[attr-defined]
    return BatchOutput(batch).data


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {"break": None, "match": None, "request": None, "undo_said": ""} | dict(row)
    undone = row["undone"] is not None if "undone" in row else None
    return named | {"outcome": _outcome(row), "undone": undone}


def _outcome(row: Mapping[str, Any]) -> str:
    if row["said"]:
        return "refused"
    if "request" in row:
        return "requested"
    return "unchanged" if row.get("unchanged") else "done"


class Bulk(ApiView):
    """
    Do one act to at most 1,000 breaks, each by itself.

    What is refused is refused for its row alone, so the answer is 200 whatever became of them.
    Where the policy wants a second person the row is asked for, and not done yet.
    """

    needs: ClassVar[dict[str, str]] = {"POST": WORK}
    queryset = ActBatch.objects.all()
    serializer_class = BatchOutput

    @extend_schema(
        request=PolymorphicProxySerializer(
            component_name="BulkInput",
            serializers={name: takes for name, (_, takes) in ACTS.items()},
            resource_type_field_name="act",
        ),
        responses={200: BatchOutput},
    )
    def post(self, request: Request) -> Response:
        named = request.data.get("act") if isinstance(request.data, Mapping) else None
        if not isinstance(named, str) or named not in ACTS:
            raise serializers.ValidationError({"act": f"Give one of {', '.join(ACTS)}."})
        if named == "accept" and not self.caller.has_perm(ACCEPT):
            raise PermissionDenied(f"This needs the permission {ACCEPT}.")
        service, takes = ACTS[named]
        checked = takes(data=request.data, context=self.get_serializer_context())
        checked.is_valid(raise_exception=True)
        given = dict(checked.validated_data)
        seen = given.pop("breaks")
        del given["act"]
        asked = [batches.Asked(one["id"], one["version"], service, given) for one in seen]
        with refusals():
            batch = batches.do(asked=asked, act=named, by=self.caller, at=timezone.now())
        return Response(shown(batch))


class _Batches(ApiView):
    queryset = ActBatch.objects.all()
    serializer_class = BatchOutput

    def narrow(self, rows: QuerySet) -> QuerySet:
        return batches_visible_to(self.caller).select_related("by", "undone_by")


class BatchDetail(_Batches):
    """One batch: the caller's own, or anybody's for who sees every team."""

    needs: ClassVar[dict[str, str]] = {"GET": "breaks.view_actbatch"}

    def get(self, request: Request, pk: int) -> Response:
        return Response(shown(self.get_object()))


class UndoBatch(_Batches):
    """Take back what can be of a batch, once; what somebody acted on since is left as it is."""

    needs: ClassVar[dict[str, str]] = {"POST": WORK}
    input_class = inputs.NothingInput

    @extend_schema(responses={200: BatchOutput})
    def post(self, request: Request, pk: int) -> Response:
        batch = self.get_object()
        self.given(request)
        with refusals():
            undone = batches.undo_batch(batch_id=batch.pk, by=self.caller, at=timezone.now())
        return Response(shown(undone))
