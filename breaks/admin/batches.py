"""What was done in bulk: who did it, what became of each row, and taking it back."""

from typing import Any

from django.contrib import admin
from django.db.models import Func, IntegerField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from breaks.admin.acts import WORK
from breaks.admin.batch_page import results
from breaks.models import ActBatch
from breaks.selectors import batches_visible_to
from breaks.services.lifecycle import WorkRefused
from trades.admin.acts import Act
from trades.admin.cells import digits, moment, number, short
from trades.admin.page import Page, PageAdmin


class CountOfRows(Func):
    """How many of a batch's rows there are, or are refused, counted without reading them."""

    output_field = IntegerField()

    def __init__(self, column: str = "rows", *, refused: bool = False) -> None:
        super().__init__(column)
        self.refused = refused

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        which = "json_extract(value, '$.said') <> ''" if self.refused else "true"
        template = f"(SELECT count(*) FROM json_each(%(expressions)s) WHERE {which})"  # noqa: S608  our own
        return super().as_sql(compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        which = "value ->> 'said' <> ''" if self.refused else "true"
        elements = "jsonb_array_elements(%(expressions)s)"
        template = f"(SELECT count(*) FROM {elements} WHERE {which})"  # noqa: S608  our own
        return super().as_sql(compiler, connection, template=template, **more)


def _undo(request: HttpRequest, row: ActBatch, _given: dict[str, Any]) -> str:
    from breaks.services import batches

    by: Any = request.user
    batch = batches.undo_batch(batch_id=row.pk, by=by, at=timezone.now())
    undone = sum(1 for one in batch.rows if one.get("undone") is not None)
    left = sum(1 for one in batch.rows if "undone" in one) - undone
    words = f"{digits(undone)} undone"
    return f"{words}, {digits(left)} left as they are." if left else f"{words}."


def _may_undo(user: Any, row: ActBatch) -> bool:
    from breaks.services.undoing import UNDO_OF_OTHERS

    return row.by_id == user.pk or user.has_perm(UNDO_OF_OTHERS)


def _can_be_undone(row: ActBatch) -> bool:
    from breaks.services import batches

    return row.undone_at is None and any(map(batches.can_undo, row.rows))


@admin.register(ActBatch)
class ActBatchAdmin(PageAdmin):
    page_template = "desk/bulk_results.html"
    list_display = ("when", "what", "count", "refused_count", "file", "who", "undone")
    list_filter = (("at", admin.DateFieldListFilter),)
    search_fields = ("act", "file_name", "by__username")
    search_help_text = "Act, file or person"
    ordering = ("-at", "-pk")
    acts = (
        Act(
            name="undo", label="Undo", permission=WORK, run=_undo, offered=_can_be_undone,
            offered_to=_may_undo, refusals=lambda: (WorkRefused,), submit="Undo all of it",
            description="What nobody acted on since goes back to what it was, and requests are "
            "withdrawn. The rest stays as it is, and the results say why.",
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """One's own; those of all for whoever sees every team."""
        by: Any = request.user
        seen = batches_visible_to(by).order_by(*self.ordering).select_related("by", "undone_by")
        return seen.annotate(asked=CountOfRows(), refused=CountOfRows(refused=True))

    @display(description="When", ordering="at")
    def when(self, row: ActBatch) -> SafeString:
        return moment(row.at)

    @display(description="Act", ordering="act")
    def what(self, row: ActBatch) -> str:
        return row.act.capitalize()

    @display(description="Rows", ordering="asked")
    def count(self, row: Any) -> SafeString:
        return number(row.asked)

    @display(description="Refused", ordering="refused")
    def refused_count(self, row: Any) -> SafeString:
        return number(row.refused)

    @display(description="File", ordering="file_name")
    def file(self, row: ActBatch) -> SafeString:
        return short(row.file_name)

    @display(description="By", ordering="by__username")
    def who(self, row: ActBatch) -> str:
        return str(row.by)

    @display(description="Undone", ordering="undone_at")
    def undone(self, row: ActBatch) -> SafeString:
        return moment(row.undone_at)

    def page(self, request: HttpRequest, row: Any) -> Page:
        return results(row, by=request.user)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead back to the list as it was filtered, where one came from there."""
        queue = reverse("admin:breaks_tradebreak_changelist")
        matches = reverse("admin:matching_match_changelist")
        asked = request.GET.get("back", "")
        back = asked if asked.partition("?")[0] in (queue, matches) else queue
        return super().change_view(
            request, object_id, form_url, {"back": back, **(extra_context or {})}
        )
