from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from trades import identifiers
from trades.admin.cells import number, short
from trades.admin.desk import DeskAdmin, EditedInline
from trades.models import Account, AccountAlias, Counterparty, CounterpartyAlias


class CounterpartyForm(forms.ModelForm):
    class Meta:
        model = Counterparty
        fields = ("name", "lei", "bic")

    def clean_lei(self) -> str:
        lei = identifiers.compact(self.cleaned_data["lei"])
        if lei and not identifiers.is_valid("LEI", lei):
            raise forms.ValidationError(
                f"{lei} is no LEI: it has 20 characters, two of them check digits. "
                "Look it up at gleif.org."
            )
        return lei

    def clean_bic(self) -> str:
        bic = identifiers.compact(self.cleaned_data["bic"])
        if bic and len(bic) not in (8, 11):
            raise forms.ValidationError(f"{bic} is no BIC: a BIC has 8 or 11 characters.")
        return bic


class CounterpartyAliasInline(EditedInline):
    model = CounterpartyAlias
    fields = ("spelling",)


class WithCounts(DeskAdmin):
    """A list that shows how many spellings and trades a row has."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(
                alias_rows=Count("aliases", distinct=True),
                trade_rows=Count("trades", distinct=True),
            )
        )

    @display(description="Aliases", ordering="alias_rows")
    def alias_count(self, row: Any) -> SafeString:
        return number(row.alias_rows)

    @display(description="Trades", ordering="trade_rows")
    def trade_count(self, row: Any) -> SafeString:
        return number(row.trade_rows)


@admin.register(Counterparty)
class CounterpartyAdmin(WithCounts):
    form = CounterpartyForm
    list_display = ("name", "lei_code", "bic", "alias_count", "trade_count")
    search_fields = ("name", "lei", "bic", "aliases__spelling")
    search_help_text = "Name, a spelling, LEI or BIC"
    inlines = (CounterpartyAliasInline,)

    @display(description="LEI", ordering="lei")
    def lei_code(self, counterparty: Counterparty) -> SafeString:
        return short(counterparty.lei, mono=True)


class AccountAliasInline(EditedInline):
    model = AccountAlias
    fields = ("source", "code")


@admin.register(Account)
class AccountAdmin(WithCounts):
    list_display = ("code", "name", "alias_count", "trade_count")
    search_fields = ("code", "name", "aliases__code")
    search_help_text = "Our code, a source's code, or the name"
    inlines = (AccountAliasInline,)
