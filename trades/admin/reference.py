from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import display

from trades import identifiers
from trades.admin.cells import NOTHING, day, number
from trades.admin.desk import DeskAdmin, EditedInline
from trades.models import FxRate, Instrument, InstrumentIdentifier, Source


def known_calendar(given: str) -> str:
    """
    Return the name of an exchange calendar as the library has it.

    :raises ValidationError: if there is none of that name.
    """
    import exchange_calendars

    name = given.strip().upper()
    if name not in exchange_calendars.get_calendar_names(include_aliases=True):
        raise forms.ValidationError(
            f"There is no calendar {name!r}; write an exchange's MIC such as XNYS or XLON."
        )
    return name


class SourceForm(forms.ModelForm):
    class Meta:
        model = Source
        fields = ("code", "name", "kind", "timezone", "calendar")

    def clean_timezone(self) -> str:
        name = self.cleaned_data["timezone"]
        if name not in available_timezones():
            raise forms.ValidationError(
                f"{name!r} is no IANA timezone; write one such as Europe/London or UTC."
            )
        return name

    def clean_calendar(self) -> str:
        return known_calendar(self.cleaned_data["calendar"])


@admin.register(Source)
class SourceAdmin(DeskAdmin):
    form = SourceForm
    list_display = ("code", "name", "kind", "timezone", "calendar")
    search_fields = ("code", "name")


class IdentifierForm(forms.ModelForm):
    """Refuses an identifier whose form or check digit is wrong."""

    class Meta:
        model = InstrumentIdentifier
        fields = ("scheme", "value", "mic")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        scheme, value = data.get("scheme"), data.get("value")
        if not scheme or not value:
            return data
        tidy = (
            identifiers.normal_symbol(value)
            if scheme in (identifiers.TICKER, identifiers.PAIR)
            else identifiers.compact(value)
        )
        if not identifiers.is_valid(scheme, tidy):
            self.add_error(
                "value",
                f"{value} is no {scheme}: its length or check digit is wrong. "
                "Check it at the source.",
            )
        data["value"] = tidy
        data["mic"] = (data.get("mic") or "").upper()
        return data


class IdentifierInline(EditedInline):
    model = InstrumentIdentifier
    form = IdentifierForm


@admin.register(Instrument)
class InstrumentAdmin(DeskAdmin):
    list_display = ("__str__", "asset_class", "currency", "known_as", "trade_count")
    list_filter = (("asset_class", ChoicesCheckboxFilter),)
    search_fields = ("name", "identifiers__value")
    search_help_text = "Name, ISIN, CUSIP, SEDOL, FIGI or ticker"
    inlines = (IdentifierInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(trade_rows=Count("trades"))
            .prefetch_related(Prefetch("identifiers"))
        )

    @display(description="Identifiers")
    def known_as(self, instrument: Instrument) -> SafeString:
        known = [
            (i.scheme, i.value, f" {i.mic}" if i.mic else "") for i in instrument.identifiers.all()
        ]
        return (
            format_html_join("  ", '<span class="dk-id"><small>{}</small> {}{}</span>', known)
            or NOTHING
        )

    @display(description="Trades", ordering="trade_rows")
    def trade_count(self, instrument: Any) -> SafeString:
        return number(instrument.trade_rows)


@admin.register(FxRate)
class FxRateAdmin(DeskAdmin):
    list_display = ("__str__", "currency", "base", "from_day", "worth")
    list_filter = ("currency", "base")
    search_fields = ("currency",)
    fields = (("currency", "base"), ("as_of_date", "rate"))

    @display(description="From", ordering="as_of_date")
    def from_day(self, rate: FxRate) -> SafeString:
        return day(rate.as_of_date)

    @display(description="Rate", ordering="rate")
    def worth(self, rate: FxRate) -> SafeString:
        return number(rate.rate)
