"""Files kept with a break: which there are, one more, and one to save."""

from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.acts import refusals
from breaks.api.inputs import AttachInput
from breaks.downloads import as_download
from breaks.models import BreakAttachment, TradeBreak
from breaks.services.attaching import attach, check_size
from trades.api.base import ApiView
from trades.api.lists import ListView
from trades.api.preconditions import IF_MATCH_OPTIONAL, version_named
from trades.api.serializing import Output
from trades.raw import leave_trace


class AttachmentOutput(Output):
    """A file kept with a break; its content is at attachments/{id}."""

    by = serializers.CharField(source="by.username", read_only=True)
    digest = serializers.CharField(read_only=True, help_text="SHA-256 of the content, hex.")

    class Meta:
        model = BreakAttachment
        fields: tuple[str, ...] = ("id", "name", "content_type", "size", "digest", "by", "at")
        read_only_fields: tuple[str, ...] = fields


def _seen(view: ApiView) -> TradeBreak:
    visible = TradeBreak.objects.visible_to(view.request.user)
    found: TradeBreak = get_object_or_404(visible, pk=view.kwargs["pk"])
    return found


class Attachments(ListView):
    """The files of a break, the oldest first; a POST of multipart/form-data adds one."""

    needs = {"GET": "breaks.view_breakattachment", "POST": "breaks.work_tradebreak"}
    queryset = BreakAttachment.objects.select_related("by").defer("content")
    serializer_class = AttachmentOutput
    input_class = AttachInput
    parser_classes = [MultiPartParser]
    filterset_class = None
    ordering_columns = {"at": "at"}
    default_ordering = ("at",)
    header_parameters = [IF_MATCH_OPTIONAL]

    def narrow(self, rows: QuerySet) -> QuerySet:
        return rows.filter(trade_break=_seen(self))

    @extend_schema(request={"multipart/form-data": AttachInput}, responses={201: AttachmentOutput})
    def post(self, request: Request, pk: int) -> Response:
        trade_break = _seen(self)
        version = version_named(request, required=False)
        sent = self.given(request)["file"]
        with refusals():
            check_size(sent.size)
            kept = attach(
                break_id=trade_break.pk,
                version=version,
                name=sent.name,
                content=sent.read(),
                content_type=sent.content_type or "",
                by=self.caller,
                at=timezone.now(),
            )
        where = {"Location": reverse("attachment", args=[pk, kept.pk])}
        return Response(self.get_serializer(kept).data, status.HTTP_201_CREATED, headers=where)


class OneAttachment(ApiView):
    """One file of a break, always as a download."""

    needs = {"GET": "breaks.view_breakattachment"}
    queryset = BreakAttachment.objects.all()
    serializer_class = AttachmentOutput

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int, number: int) -> FileResponse:
        kept = get_object_or_404(BreakAttachment, trade_break=_seen(self), pk=number)
        leave_trace(self.caller, f"attachment {kept.pk} of break {pk}")
        return as_download(kept)
