"""Every error of the API as problem details (RFC 9457): type, title, status, detail, errors."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

MEDIA_TYPE = "application/problem+json"
API = "/api/"
HINTS = {
    exceptions.NotAuthenticated: " Send the header Authorization: Token ..., with a token of "
    "`manage.py create_token`, or sign in at /admin/.",
    exceptions.UnsupportedMediaType: " Send application/json.",
    exceptions.NotAcceptable: " Only application/json is made here.",
}

logger = logging.getLogger(__name__)


def problem_details(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of a view; None leaves it to Django, as an error of ours (500)."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound(_missing(context))
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, OperationalError):
        logger.error("the database refused: %s", exc)
        exc = _Unavailable()
    if not isinstance(exc, exceptions.APIException):
        return None
    response = Response(_document(exc), exc.status_code, content_type=MEDIA_TYPE)
    if challenge := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


class _Unavailable(exceptions.APIException):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "The database is busy or does not answer. Nothing was changed; try again."
    default_code = "unavailable"
    wait = 5


def problem(status: int, detail: str, *, code: str = "", errors: Any = (), **more: Any) -> dict:
    """Return a problem document; `code` tells kinds of one status apart in its `type`."""
    phrase = HTTPStatus(status).phrase
    kind = (code or phrase).lower().replace(" ", "-").replace("_", "-")
    document = {"type": f"urn:problem:{kind}", "title": phrase, "status": int(status)}
    return document | {"detail": detail, "errors": list(errors)} | more


def _document(exc: exceptions.APIException) -> dict[str, Any]:
    more = getattr(exc, "extensions", {})
    if isinstance(exc, exceptions.ValidationError):
        errors = list(_flat(exc.detail))
        detail = " ".join(
            f"{error['field']}: {error['detail']}" if error["field"] else error["detail"]
            for error in errors
        )
        return problem(exc.status_code, detail, code="invalid-request", errors=errors)
    code = getattr(exc, "code", None) or exc.get_codes()
    detail = f"{exc.detail}{HINTS.get(type(exc), '')}"
    return problem(exc.status_code, detail, code=str(code), **more)


def _flat(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Yield one error a sentence, `field` being the path of dots to the value it is about."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            is_all = name == api_settings.NON_FIELD_ERRORS_KEY
            path = field if is_all else f"{field}.{name}".lstrip(".")
            yield from _flat(inner, path)
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _flat(inner, f"{field}.{position}".lstrip(".") if nested else field)
    else:
        yield {"field": field, "code": detail.code, "detail": str(detail)}


def _missing(context: dict[str, Any]) -> str:
    path = context["request"].path
    return f"There is nothing at {path}; it was never there, or you followed an old link."


# --- errors outside any view of the API ------------------------------------------------------


def unknown_path(path: str) -> str:
    return f"There is no {path} in this API; /api/docs/ lists what there is."


def _answer(status: int, detail: str) -> JsonResponse:
    return JsonResponse(problem(status, detail), status=status, content_type=MEDIA_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return _answer(400, "The request is malformed or too large.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return _answer(403, "You may not do this.")
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return _answer(404, unknown_path(request.path))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return _answer(
            500,
            "Something is wrong on our side, and it was logged. Try again, or tell an "
            "administrator when it happened.",
        )
    return defaults.server_error(request)
