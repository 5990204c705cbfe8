"""The schema, its page for people, and the answer to a path that does not exist."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.urls import Resolver404, resolve
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from recon_project.api.problems import unknown_path


class Schema(SpectacularAPIView):
    """The OpenAPI description of this API."""

    permission_classes = [IsAuthenticated]
    metadata_class = None


class Docs(SpectacularSwaggerSplitView):
    permission_classes = [IsAuthenticated]
    metadata_class = None


docs = login_required(Docs.as_view(url_name="schema"))


class UnknownPath(APIView):
    """Nothing is here: say so as every other refusal is said."""

    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(self._sentence(request.path))

    def _sentence(self, path: str) -> str:
        if not path.endswith("/"):
            return unknown_path(path)
        shorter = path.rstrip("/")
        try:
            known = resolve(shorter).func is not unknown
        except Resolver404:
            known = False
        return f"Leave out the slash at the end: {shorter}" if known else unknown_path(path)


unknown = UnknownPath.as_view()
