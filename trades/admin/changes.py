"""Settings whose every change is kept, with who made it."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import display

from trades.admin.cells import moment, short
from trades.admin.desk import DeskAdmin


class ChangesKeptAdmin(SimpleHistoryAdmin, DeskAdmin):
    """Its list can say when a row was `changed` last, and `changed_by` whom."""

    by_width = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        changes = self.model.history.filter(id=OuterRef("pk")).order_by("-history_date")
        return (
            super()
            .get_queryset(request)
            .annotate(
                changed_at=Subquery(changes.values("history_date")[:1]),
                changed_name=Subquery(changes.values("history_user__username")[:1]),
            )
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the changes of a row there is; the base looks for those of any word."""
        if self.get_object(request, object_id) is None:
            raise Http404
        return super().history_view(request, object_id, extra_context)

    @display(description="Changed")
    def changed(self, row: Any) -> SafeString:
        return moment(row.changed_at)

    @display(description="By")
    def changed_by(self, row: Any) -> SafeString:
        return short(row.changed_name or "", width=self.by_width)
