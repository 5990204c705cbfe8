"""
Idempotency-Key: a POST sent twice under one key works once.

The key belongs to its caller and path. While the first request is at work a second is told so
(409); once it is answered, the same body is given the same answer and another body is refused
(422). A request that was refused has done nothing, so its key is free again.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recon_project.models import IdempotencyKey
from trades.api.base import ApiView
from trades.api.problems import BadHeader, Conflict, KeyReused

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEPT_HEADERS = ("Location", "ETag", "Preference-Applied")
KEEP_FOR = timedelta(days=7)
# As long as a worker may take; a request that was killed does not hold its key for ever.
LONGEST_WORK = timedelta(hours=1)

PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Any text of the caller's: the same key and body returns the first answer.",
)


class _Answered(Exception):
    """Carries an answer out of DRF's `initial`."""

    def __init__(self, kept: IdempotencyKey) -> None:
        super().__init__(kept.key)
        self.kept = kept


def once(view_class: type[ApiView]) -> Callable[..., Any]:
    """Return the view of a class whose POST heeds Idempotency-Key."""
    declared = {
        "__doc__": view_class.__doc__,
        "header_parameters": [*view_class.header_parameters, PARAMETER],
    }
    made: Any = type(view_class.__name__, (_Idempotent, view_class), declared)
    return made.as_view()


class _Idempotent(APIView):
    """Mixed in before an APIView: claims the key once the caller may call, keeps the answer."""

    _claimed: IdempotencyKey | None = None

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        # Read before a parser streams it away; the digest needs the whole body.
        self._body = request.body if HEADER in request.headers else b""
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get(HEADER)
        if request.method == "POST" and key is not None:
            self._claimed = claim(
                user=request.user,
                key=checked(key),
                path=request.path,
                body_digest=digest(self._body),
                at=timezone.now(),
            )

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _Answered):
            return replay(exc.kept)
        if self._claimed and not isinstance(exc, APIException):
            # The work failed in a way nobody foresaw: let the caller try again.
            self._claimed.delete()
            self._claimed = None
        return super().handle_exception(exc)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        if self._claimed:
            settle(self._claimed, final.render(), at=timezone.now())
        return final


def checked(key: str) -> str:
    """
    Return the key without surrounding blanks.

    :raises BadHeader: if it is empty, too long or not printable ASCII.
    """
    key = key.strip()
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise BadHeader(f"{HEADER} must be 1 to 255 printable ASCII characters, such as a UUID.")
    return key


def digest(body: bytes) -> str:
    """Return the SHA-256 of what a body says: the order of its keys and its blanks do not count."""
    # What is not JSON the parser refuses later; until then its bytes stand for it.
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body, parse_float=str), sort_keys=True).encode()
    return hashlib.sha256(body).hexdigest()


def claim(*, user: Any, key: str, path: str, body_digest: str, at: datetime) -> IdempotencyKey:
    """
    Take the key for this request.

    :raises _Answered: if the same request was answered before.
    :raises KeyReused: if the key was used for another body.
    :raises Conflict: if the same request is being worked on now.
    """
    IdempotencyKey.objects.filter(created_at__lt=at - KEEP_FOR).delete()
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(
                user=user, key=key, path=path, body_digest=body_digest, created_at=at
            )
    except IntegrityError:
        kept = IdempotencyKey.objects.filter(user=user, key=key, path=path).first()
    if kept is None:
        # The other request was refused between the two statements, and gave the key back.
        raise _busy(key)
    if kept.body_digest != body_digest:
        raise KeyReused(f"{HEADER} {key!r} was used for another request body; make a new key.")
    if kept.answered_at:
        raise _Answered(kept)
    abandoned = IdempotencyKey.objects.filter(
        pk=kept.pk, answered_at=None, created_at__lt=at - LONGEST_WORK
    )
    if not abandoned.update(created_at=at):
        raise _busy(key)
    return kept


def settle(claimed: IdempotencyKey, response: Response, *, at: datetime) -> None:
    """Keep the answer of a request that was done; give the key of a refused one back."""
    if not status.is_success(response.status_code):
        claimed.delete()
        return
    claimed.answered_at = at
    claimed.status_code = response.status_code
    claimed.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    claimed.body = response.content.decode()
    claimed.save(update_fields=["answered_at", "status_code", "headers", "body"])


def replay(kept: IdempotencyKey) -> Response:
    headers = kept.headers | {REPLAYED: "true"}
    return Response(json.loads(kept.body), kept.status_code, headers=headers)


def _busy(key: str) -> Conflict:
    return Conflict(
        f"A request with the {HEADER} {key!r} is being worked on; ask again when it has ended.",
        code="in_progress",
    )
