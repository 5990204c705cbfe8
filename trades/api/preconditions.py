"""If-Match and ETag: a write names the version it read."""

import re

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from trades.api.problems import BadHeader, VersionNeeded

# Proxies that compress weaken an ETag, and a person leaves the quotes out.
_VERSION = re.compile(r'^(?:W/)?"?(\d{1,9})"?$')

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The version read, as the ETag of a read has it; * writes over any version.",
)
IF_MATCH_OPTIONAL = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The version read; without it the write goes through whatever changed since.",
)


def etag(version: int) -> str:
    return f'"{version}"'


def version_named(request: Request, *, required: bool) -> int | None:
    """
    Return the version If-Match names; None for ``*``, or where it is absent and not required.

    :raises VersionNeeded: if it is required and absent.
    :raises BadHeader: if it names no version.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given and required:
        raise VersionNeeded(
            "This write needs an If-Match header with the version you read, as the ETag and the "
            'key "version" of a read have it: If-Match: "3".'
        )
    if given in ("", "*"):
        return None
    found = _VERSION.match(given)
    if not found:
        raise BadHeader(f'If-Match is {given!r}; give one version, such as "3", or *.')
    return int(found[1])
