"""The answer of an act that waits for a second person."""

from django.urls import reverse
from rest_framework import serializers, status
from rest_framework.response import Response

from breaks.choices import ApprovalStatus
from breaks.models import ApprovalRequest


class AskedOutput(serializers.Serializer):
    """What was asked for instead of done; nothing has changed yet."""

    approval_request_id = serializers.IntegerField(help_text="For approvals/{id}.")
    status = serializers.ChoiceField(ApprovalStatus.choices)


def asked(request: ApprovalRequest) -> Response:
    """Answer 202: the act was asked for and waits."""
    shown = {"approval_request_id": request.pk, "status": request.status}
    location = {"Location": reverse("approval", args=[request.pk])}
    return Response(shown, status.HTTP_202_ACCEPTED, headers=location)
