"""What every list does alike: pages, filters that refuse what they do not know, a stable order."""

from typing import Any, ClassVar

from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from trades.api.base import ApiView
from trades.api.pagination import Pages


class StrictFilters(DjangoFilterBackend):
    """The view's filters; a parameter that is none of them is refused and not passed over."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        filters = view.filterset_class.base_filters if view.filterset_class else ()
        paged = Pages.names if view.pagination_class else ()
        known = {*filters, *paged, Ordering.name}
        unknown = [name for name in request.query_params if name not in known]
        if unknown:
            takes = ", ".join(sorted(known))
            raise ValidationError(
                dict.fromkeys(unknown, f"Unknown parameter; this list takes {takes}."),
                code="unknown",
            )
        return super().filter_queryset(request, queryset, view)


class Ordering(BaseFilterBackend):
    """
    Order by the names the view lists, "-" for descending; rows that tie go by primary key.

    Empty values come last both ways.
    """

    name = "ordering"

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        given = [word.strip() for word in request.query_params.get(self.name, "").split(",")]
        terms = [term for term in given if term] or list(view.default_ordering)
        columns = view.ordering_columns
        unknown = [term for term in terms if term.removeprefix("-") not in columns]
        if unknown:
            raise ValidationError(
                {self.name: f"{unknown[0]!r} is none of {', '.join(sorted(columns))}."}
            )
        order = [_order(queryset, term, columns[term.removeprefix("-")]) for term in terms]
        tie = "-pk" if terms[0].startswith("-") else "pk"
        return queryset.order_by(*order, tie)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = sorted(view.ordering_columns)
        return [
            {
                "name": self.name,
                "in": "query",
                "required": False,
                "schema": {"type": "string"},
                "description": f"Of {', '.join(names)}; several with commas, - for descending. "
                f"Default: {','.join(view.default_ordering)}.",
            }
        ]


def _order(queryset: QuerySet, term: str, column: str) -> OrderBy:
    """Say so of empty values only where there may be some: an index does not serve it."""
    fields = {field.name: field for field in queryset.model._meta.get_fields()}  # noqa: SLF001
    last = True if getattr(fields.get(column), "null", False) else None
    return (
        F(column).desc(nulls_last=last) if term.startswith("-") else F(column).asc(nulls_last=last)
    )


class ListView(ListModelMixin, ApiView):
    """A list of a queryset's rows; `ordering_columns` maps what a caller says to a column."""

    filterset_class: ClassVar[Any] = None
    filter_backends = [StrictFilters, Ordering]
    pagination_class: type[Pages] | None = Pages
    ordering_columns: ClassVar[dict[str, str]] = {}
    default_ordering: ClassVar[tuple[str, ...]] = ("-id",)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)
