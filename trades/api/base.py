"""The base of every view."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from trades.api.permissions import Needs
from trades.api.serializing import Input


class ApiView(GenericAPIView):
    """A view that names the permission each of its methods needs, and what its writes take."""

    needs: ClassVar[dict[str, str]] = {}
    input_class: ClassVar[type[Input]]
    header_parameters: ClassVar[Sequence[OpenApiParameter]] = ()
    permission_classes = [Needs]
    metadata_class = None
    http_method_names = ["get", "head", "post", "delete"]

    def get_queryset(self) -> Any:
        """Return the rows the caller is shown; while the schema is made there is no caller."""
        rows = super().get_queryset()
        return rows if getattr(self, "swagger_fake_view", False) else self.narrow(rows)

    def narrow(self, rows: Any) -> Any:
        """Keep what the caller and the address ask for; a subclass says what."""
        return rows

    @property
    def caller(self) -> User:
        """Return who asks; nobody anonymous comes past the permissions."""
        return cast("User", self.request.user)

    def given(self, request: Request) -> dict[str, Any]:
        """
        Return the request's body, checked.

        :raises ValidationError: if a value is wrong, missing or not known.
        """
        checked = self.input_class(data=request.data, context=self.get_serializer_context())
        checked.is_valid(raise_exception=True)
        return checked.validated_data
