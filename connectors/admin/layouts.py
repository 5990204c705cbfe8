import csv
import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from connectors.models import Layout
from connectors.units import check_factors
from trades.admin.cells import number
from trades.admin.desk import DeskAdmin, JsonText, ReadableJson

_PROPOSED = "proposed_layout"


class LayoutForm(forms.ModelForm):
    columns = ReadableJson(
        widget=JsonText(rows=18), help_text=Layout._meta.get_field("columns").help_text
    )
    date_formats = ReadableJson(
        widget=JsonText(rows=4), help_text=Layout._meta.get_field("date_formats").help_text
    )
    time_formats = ReadableJson(
        required=False,
        widget=JsonText(rows=4),
        help_text=Layout._meta.get_field("time_formats").help_text,
    )
    side_words = ReadableJson(
        required=False,
        widget=JsonText(rows=4),
        help_text=Layout._meta.get_field("side_words").help_text,
    )
    unit_factors = ReadableJson(
        required=False,
        widget=JsonText(rows=4),
        help_text=Layout._meta.get_field("unit_factors").help_text,
    )

    class Meta:
        model = Layout
        fields = ("code", "name", "delimiter", "encoding", "decimal_separator", "timezone",
                  "signed_quantity", "columns", "date_formats", "time_formats",
                  "side_words", "unit_factors", "net_reversed")  # fmt: skip

    def clean_columns(self) -> dict[str, str]:
        given = self.cleaned_data["columns"]
        if not _is_words(given):
            raise forms.ValidationError(
                'Write an object of texts, such as {"TradeID": "trade_id"}.'
            )
        return given

    def clean_side_words(self) -> dict[str, str]:
        given = self.cleaned_data["side_words"] or {}
        if not _is_words(given) or not set(given.values()) <= {"BUY", "SELL"}:
            raise forms.ValidationError('Write words for BUY and SELL, such as {"RECEIVE": "BUY"}.')
        return given

    def clean_unit_factors(self) -> dict[str, str]:
        given: dict[str, str] = self.cleaned_data["unit_factors"] or {}
        check_factors(given)
        return given

    def clean_date_formats(self) -> list[str]:
        return _formats(self.cleaned_data["date_formats"])

    def clean_time_formats(self) -> list[str]:
        return _formats(self.cleaned_data["time_formats"] or [])


def _is_words(given: Any) -> bool:
    return isinstance(given, dict) and all(isinstance(value, str) for value in given.values())


def _formats(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise forms.ValidationError('Write a list of formats, such as ["%Y-%m-%d", "%d/%m/%Y"].')
    return given


class HeaderForm(forms.Form):
    header = forms.CharField(
        label="The file's first line",
        widget=UnfoldAdminTextareaWidget({"rows": 3, "class": "dk-json-input", "autofocus": True}),
        help_text="Paste the header as it is in the file, separators included.",
    )


@admin.register(Layout)
class LayoutAdmin(DeskAdmin):
    form = LayoutForm
    list_display = ("code", "name", "separator", "encoding", "column_count", "decimal_separator",
                    "timezone")  # fmt: skip
    search_fields = ("code", "name")
    actions_list = ("propose",)
    fieldsets = (
        (None, {"fields": (("code", "name"),)}),
        ("How the file is written", {
            "fields": (("delimiter", "encoding"), ("decimal_separator", "timezone"),
                       ("signed_quantity", "net_reversed")),
        }),
        ("Columns", {"fields": ("columns",)}),
        ("Units", {"fields": ("unit_factors",)}),
        ("Dates and words", {"fields": ("date_formats", "time_formats", "side_words")}),
    )  # fmt: skip

    @display(description="Separator", ordering="delimiter")
    def separator(self, layout: Layout) -> str:
        return {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}.get(
            layout.delimiter, layout.delimiter
        )

    @display(description="Columns")
    def column_count(self, layout: Layout) -> SafeString:
        return number(len(layout.columns))

    @action(
        description="Propose from a header",
        icon="auto_fix_high",
        permissions=["add"],
        url_path="propose",
    )
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Ask for a header, and open the form for a new layout with what it suggests."""
        from connectors import services

        form = HeaderForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            names, delimiter = split_header(form.cleaned_data["header"])
            proposal = {"delimiter": delimiter} | services.propose_layout(header=names)
            request.session[_PROPOSED] = json.loads(json.dumps(proposal, default=str))
            messages.info(request, "Proposed from the header; look it over, then save it.")
            return HttpResponseRedirect(reverse("admin:connectors_layout_add") + "?proposed=1")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Propose a layout from a header",
            "form": form,
            "submit": "Propose",
            "back": reverse("admin:connectors_layout_changelist"),
            "intro": "Paste the first line of a file; the columns known by name are filled in.",
        }
        return TemplateResponse(request, "desk/form.html", context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        if initial.pop("proposed", None):
            initial |= request.session.get(_PROPOSED, {})
        return initial


def split_header(line: str) -> tuple[list[str], str]:
    """Return the column names of a pasted header, and the separator it is written with."""
    first = next((one for one in line.splitlines() if one.strip()), "")
    delimiter = max(",;|\t", key=first.count)
    return [name.strip() for name in next(csv.reader([first], delimiter=delimiter))], delimiter
