"""What was done in bulk: who did it, what became of each row, and taking it back."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from django.contrib import admin
from django.db.models import Func, IntegerField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from breaks.admin.acts import WORK
from breaks.admin.bulk_breaks import COLUMNS, NUMERIC, cells
from breaks.models import ActBatch, ApprovalRequest, TradeBreak
from breaks.services import batches
from breaks.services.lifecycle import WorkRefused
from breaks.services.undoing import UNDO_OF_OTHERS
from trades.admin.acts import Act
from trades.admin.cells import NOTHING, digits, link, moment, number, short
from trades.admin.page import Page, PageAdmin, Panel

# Rows of one kind on the page of a batch; those beyond are counted.
MOST_ROWS = 1_000
SEE_ALL = "breaks.view_every_team"

Row = Mapping[str, Any]


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
    by: Any = request.user
    batch = batches.undo_batch(batch_id=row.pk, by=by, at=timezone.now())
    undone = sum(1 for one in batch.rows if one.get("undone") is not None)
    left = sum(1 for one in batch.rows if "undone" in one) - undone
    words = f"{digits(undone)} undone"
    return f"{words}, {digits(left)} left as they are." if left else f"{words}."


def _may_undo(user: Any, row: ActBatch) -> bool:
    return row.by_id == user.pk or user.has_perm(UNDO_OF_OTHERS)


def _can_be_undone(row: ActBatch) -> bool:
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
        every = super().get_queryset(request).select_related("by", "undone_by")
        every = every.annotate(asked=CountOfRows(), refused=CountOfRows(refused=True))
        everything = request.user.has_perm(SEE_ALL)  # type: ignore[union-attr]
        return every if everything else every.filter(by=request.user.pk)

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


def results(batch: ActBatch, *, by: Any) -> Page:
    """Gather the page of a batch: what was refused first, then what was done."""
    rows: list[Row] = batch.rows
    refused = [row for row in rows if row["said"]]
    asked_for = [row for row in rows if "request" in row]
    same = [row for row in rows if row.get("unchanged")]
    done = [row for row in rows if not row["said"] and "request" not in row]
    done = [row for row in done if not row.get("unchanged")]
    kinds = [
        ("Refused", refused, "Why"),
        ("Waiting for a second person", asked_for, "Request"),
        ("Done", done, ""),
        ("Was so already", same, ""),
    ]
    known = _breaks(rows, by)
    figures: list[tuple[str, Any]] = [
        (title, number(len(of))) for title, of, _ in kinds if of or title in ("Refused", "Done")
    ]
    if batch.undone_at:
        back = sum(1 for row in rows if row.get("undone") is not None)
        figures.append(("Undone", number(back)))
    return Page(
        headline=format_html("<b>{}{}</b>", batch.act.capitalize(), _how(batch)),
        soft=format_html("{} by {}", moment(batch.at), batch.by),
        figures=[*figures, *_given(batch)],
        alert=_alert(batch),
        main=[
            _panel(
                title,
                of,
                last,
                known,
                is_undone=batch.undone_at is not None,
                of_file=bool(batch.file_name),
            )
            for title, of, last in kinds
            if of
        ],
    )


def _how(batch: ActBatch) -> str:
    return f" of {batch.file_name}" if batch.file_name else " in bulk"


def _given(batch: ActBatch) -> list[tuple[str, Any]]:
    return [
        (name.replace("_", " ").capitalize(), short(str(value)))
        for name, value in batch.given.items()
        if value not in (None, "")
    ]


def _alert(batch: ActBatch) -> str:
    if batch.undone_at is None:
        return ""
    left = sum(1 for row in batch.rows if "undone" in row and row["undone"] is None)
    words = f"Undone by {batch.undone_by} on {batch.undone_at:%Y-%m-%d %H:%M} UTC"
    return f"{words}; {digits(left)} could not be." if left else f"{words}."


def _breaks(rows: Sequence[Row], by: Any) -> dict[int, TradeBreak]:
    """Return the breaks of a batch that this person may see, in one query."""
    keys = list(islice((row["break"] for row in rows if "break" in row), 4 * MOST_ROWS))
    found = TradeBreak.objects.visible_to(by).with_trades().filter(pk__among=keys)
    return {row.pk: row for row in found.defer("left_trade__raw", "right_trade__raw")}


def _panel(
    title: str,
    rows: Sequence[Row],
    last: str,
    known: Mapping[int, TradeBreak],
    *,
    is_undone: bool,
    of_file: bool,
) -> Panel:
    of_matches = any("match" in row for row in rows)
    more = len(rows) - MOST_ROWS
    head = ("Match",) if of_matches else COLUMNS
    return Panel(
        title=title,
        count=len(rows),
        note=f"the first {digits(MOST_ROWS)} are shown" if more > 0 else "",
        head=(
            *head,
            *(["Act"] if of_file else []),
            *([last] if last else []),
            *(["Undone"] if is_undone else []),
        ),
        rows=[
            [
                *_named(row, known),
                *([row["act"].replace("_", " ")] if of_file else []),
                *([_last(row)] if last else []),
                *([_undone(row)] if is_undone else []),
            ]
            for row in rows[:MOST_ROWS]
        ],
        numeric=frozenset() if of_matches else NUMERIC,
    )


def _named(row: Row, known: Mapping[int, TradeBreak]) -> list[Any]:
    if "match" in row:
        return [link("matching_match", row["match"], row["match"])]
    seen = known.get(row["break"])
    if seen is None:
        return [row["break"], *[NOTHING] * (len(COLUMNS) - 1)]
    return cells(seen)


def _last(row: Row) -> Any:
    if "request" not in row:
        return row["said"]
    pk = row["request"]
    known = admin.site.is_registered(ApprovalRequest)
    return link("breaks_approvalrequest", pk, pk) if known else number(pk)


def _undone(row: Row) -> Any:
    if "undone" not in row:
        return NOTHING
    return "yes" if row["undone"] is not None else row["undo_said"]
