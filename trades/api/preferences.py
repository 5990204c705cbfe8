"""``Prefer: wait`` (RFC 7240): the caller would rather wait for the work than ask for it later."""

import re

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

_WAIT = re.compile(r"^wait(?:\s*=\s*\"?\d+\"?)?$", re.IGNORECASE)

PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description='"wait": do the work now and answer with its figures (200). Without it the work '
    "is queued for a worker (202).",
)
APPLIED = {"Preference-Applied": "wait"}


def wants_to_wait(request: Request) -> bool:
    """
    Tell whether the caller asked to wait; how many seconds (``wait=30``) is not heeded.

    Work once begun is not left half way, so a limit could not be kept.
    """
    preferences = re.split(r"[,;]", request.headers.get("Prefer", ""))
    return any(_WAIT.match(preference.strip()) for preference in preferences)
