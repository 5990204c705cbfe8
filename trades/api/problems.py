"""Refusals of the API, each with its status; the project's handler writes them as RFC 9457."""

from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException


class Problem(APIException):
    """A refusal with a sentence; `extensions` are further members of the problem document."""

    status_code: int = status.HTTP_400_BAD_REQUEST
    default_code = "invalid"

    def __init__(self, detail: str, *, code: str | None = None, **extensions: Any) -> None:
        super().__init__(detail, code)
        self.code = code or self.default_code
        self.extensions = extensions


class BadHeader(Problem):
    default_code = "bad_header"


class Conflict(Problem):
    """What is asked cannot be done as things stand."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Stale(Problem):
    """Somebody changed the row since the caller read it."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "stale"


class KeyReused(Problem):
    """The Idempotency-Key was used for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"


class VersionNeeded(Problem):
    """A write must name the version it read."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "version_needed"
