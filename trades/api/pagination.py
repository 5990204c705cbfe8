from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

PAGE_SIZE, LARGEST_PAGE, LAST_PAGE = 100, 1000, 1_000_000


class Pages(BasePagination):
    """
    Pages by number, without a count unless ``count=true`` asks: counting a large table is slow.

    One row more than the page holds is read, which tells whether there is a next page.
    """

    names = ("page", "page_size", "count")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list:
        self.request = request
        self.page = _whole(request, "page", default=1, largest=LAST_PAGE)
        size = _whole(request, "page_size", default=PAGE_SIZE, largest=LARGEST_PAGE)
        wanted = request.query_params.get("count", "false").lower()
        if wanted not in ("true", "false"):
            raise ValidationError({"count": f"{wanted!r} is neither true nor false."})
        self.count = queryset.count() if wanted == "true" else None
        begin = (self.page - 1) * size
        rows = list(queryset[begin : begin + size + 1])
        self.is_last = len(rows) <= size
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        counted = {} if self.count is None else {"count": self.count}
        links = {"next": self._next(), "previous": self._previous()}
        return Response(counted | links | {"results": data})

    def _next(self) -> str | None:
        return None if self.is_last else replace_query_param(self._here(), "page", self.page + 1)

    def _previous(self) -> str | None:
        if self.page == 1:
            return None
        if self.page == 2:
            return remove_query_param(self._here(), "page")
        return replace_query_param(self._here(), "page", self.page - 1)

    def _here(self) -> str:
        return self.request.build_absolute_uri()

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True, "example": None}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": link,
                "previous": link,
                "count": {
                    "type": "integer",
                    "description": "Only where count=true asked.",
                    "example": 1,
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            _parameter("page", {"type": "integer", "minimum": 1, "default": 1}),
            _parameter(
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
            ),
            _parameter("count", {"type": "boolean", "default": False}),
        ]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _whole(request: Request, name: str, *, default: int, largest: int) -> int:
    given = request.query_params.get(name, str(default))
    if not (given.isascii() and given.isdecimal() and 1 <= int(given[:10]) <= largest):
        raise ValidationError({name: f"{given!r} is no whole number from 1 to {largest}."})
    return int(given)
