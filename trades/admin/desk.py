"""What every page of the desk shares: dense lists, tabs with counts, chips for what is filtered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from trades.admin.asked import names_no_row, selects_no_row
from trades.admin.cells import NOTHING, digits
from trades.fields import ExactDecimalField


class ExactDecimalInput(UnfoldAdminTextInputWidget):
    """A text box that shows an exact decimal without its empty places."""

    def format_value(self, value: Any) -> str | None:
        return None if value in (None, "") else digits(value).replace(",", "")


class JsonText(UnfoldAdminTextareaWidget):
    """A box for JSON: fixed width, tall enough to read."""

    def __init__(self, rows: int = 14) -> None:
        super().__init__({"rows": rows, "class": "dk-json-input", "spellcheck": "false"})


class ReadableJson(forms.JSONField):
    """JSON that is edited indented, in the order it is kept."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        import json

        return json.dumps(value, indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class Tab:
    """One view of a list: its label, how many rows it holds, where it leads."""

    label: str
    link: str
    active: bool
    count: Any = None


class ViewFilter(admin.SimpleListFilter):
    """
    A filter drawn as tabs, with a default.

    A subclass gives `title`, `parameter_name`, `views` as ``(value, label)`` with the default
    first, and `narrow(queryset, value, request)`.
    """

    template = "desk/no_filter.html"
    views: Sequence[tuple[str, str]] = ()
    parameter_name: str = ""
    counted = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return self.views

    def value(self) -> str:
        chosen = super().value()
        return chosen if chosen in dict(self.views) else self.default()

    def default(self) -> str:
        return self.views[0][0]

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return self.narrow(queryset, self.value(), request)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield from ()

    def tabs(self, changelist: ChangeList, everything: QuerySet, request: HttpRequest) -> list[Tab]:
        return [
            Tab(
                label=label,
                link=changelist.get_query_string({self.parameter_name: value}, ["p"]),
                active=value == self.value(),
                count=self.count(everything, value, request) if self.counted else None,
            )
            for value, label in self.views
        ]

    def count(self, everything: QuerySet, value: str, request: HttpRequest) -> Any:
        """Return how many rows a view holds, or a word that says so."""
        return self.narrow(everything, value, request).count()


def chips(changelist: ChangeList) -> list[dict[str, str]]:
    """Return what the list is filtered by, each with the link that takes the filter off."""
    found = []
    for spec in changelist.filter_specs:
        if isinstance(spec, ViewFilter):
            continue
        names = [name for name in spec.expected_parameters() if name]
        given = [
            v for n in names for v in changelist.filter_params.get(n, []) if v not in ("", None)
        ]
        if given:
            words = _words(spec)
            text = _range(changelist, names) or ", ".join(
                str(words.get(str(value), value)) for value in given
            )
            found.append(
                {
                    "text": f"{str(spec.title).capitalize()}: {text}",
                    "link": changelist.get_query_string(remove=names),
                }
            )
    return found


def _range(changelist: ChangeList, names: list[str]) -> str:
    """Say from where to where, of a filter that asks for the two ends of a range."""
    if not all(name.endswith(("_from", "_to")) for name in names):
        return ""
    ends = ((name.rpartition("_")[2], changelist.filter_params.get(name)) for name in names)
    return " ".join(f"{end} {value[-1]}" for end, value in ends if value and value[-1])


def _words(spec: Any) -> dict[str, Any]:
    pairs = getattr(spec, "lookup_choices", None)
    if pairs is None:
        pairs = getattr(getattr(spec, "field", None), "flatchoices", None) or []
    return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, (tuple, list))}


class DeskAdmin(ModelAdmin):
    """A dense list and a plain form, without a count of the whole table."""

    list_per_page = 50
    empty_value_display = NOTHING
    show_full_result_count = False
    list_fullwidth = True
    list_filter_submit = True
    compressed_fields = True
    list_before_template = "desk/list_head.html"
    change_form_show_cancel_button = True

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_dbfield(db_field, request, **_exact(db_field, kwargs))

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> Any:
        if names_no_row(request.GET):
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        if selects_no_row(request.POST, self.opts.pk):
            messages.warning(request, "What was selected is not in this list: select it again.")
            return HttpResponseRedirect(request.get_full_path())
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            changelist = response.context_data.get("cl")
            if changelist is not None:
                # Without a full count the header would offer "Show all" beside every list.
                changelist.full_result_count = changelist.result_count
                response.context_data |= self.list_head(request, changelist)
        return response

    def list_head(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        """Return what stands above the list: tabs, chips, and totals a subclass adds."""
        views = [spec for spec in changelist.filter_specs if isinstance(spec, ViewFilter)]
        tabs = views[0].tabs(changelist, self.get_queryset(request), request) if views else []
        others = [spec for spec in changelist.filter_specs if not isinstance(spec, ViewFilter)]
        if not others:
            changelist.has_filters = False
        return {"desk_tabs": tabs, "desk_chips": chips(changelist), "desk_totals": []}


def _exact(db_field: Field, kwargs: dict[str, Any]) -> dict[str, Any]:
    if isinstance(db_field, ExactDecimalField):
        return {"widget": ExactDecimalInput()} | kwargs
    return kwargs


class ReadOnly:
    """Pages that only show: services own the writes, so nobody edits, adds or deletes here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ShownInline(ReadOnly, TabularInline):
    """Rows shown beneath another row."""

    extra = 0
    can_delete = False


class EditedInline(TabularInline):
    """Rows edited beneath another row; the head of a column is no label of its cells."""

    extra = 0

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        made = super().formfield_for_dbfield(db_field, request, **_exact(db_field, kwargs))
        if made is not None:
            made.widget.attrs["aria-label"] = str(made.label or db_field.verbose_name)
        return made


__all__ = [
    "DeskAdmin",
    "EditedInline",
    "ExactDecimalInput",
    "JsonText",
    "ReadOnly",
    "ReadableJson",
    "ShownInline",
    "Tab",
    "ViewFilter",
]
