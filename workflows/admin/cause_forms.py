"""A fix that the desk cannot apply: the form where a person makes it, and what to do there."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.models import RootCauseFinding

# What to say, the page to go to, what its link is called, and who may.
Form = tuple[str, str, str, str]
AFTERWARDS = "Accept this cause, and it is called fixed once its breaks are gone."


def where_to_edit(row: RootCauseFinding, by: Any) -> list[SafeString]:
    """Return the paragraphs that say where a fix is made, with a link for who may make it."""
    form = _FORMS.get(row.proposed_fix.get("kind", ""))
    if form is None:
        said = f"It is put right at the source or its feed, not by the desk. {AFTERWARDS}"
        return [format_html('<p class="dk-soft">{}</p>', said)]
    say, address, label, permission = form(row)
    lines = [format_html('<p class="dk-soft">{} {}</p>', say, AFTERWARDS)]
    if by.has_perm(permission):
        lines.append(format_html('<p><a class="dk-link" href="{}">{}</a></p>', address, label))
    else:
        lines.append(format_html('<p class="dk-soft">{}</p>',
                                 "Ask an administrator: you may not edit it."))  # fmt: skip
    return lines


def _source(what: str) -> Callable[[RootCauseFinding], Form]:
    def form(row: RootCauseFinding) -> Form:
        source = row.reconciliation.right_source
        address = reverse("admin:trades_source_change", args=[source.pk])
        return what.format(source=source), address, f"Edit {source}", "trades.change_source"

    return form


def _rate(row: RootCauseFinding) -> Form:
    fix = row.proposed_fix
    between = row.reconciliation
    stale = fix.get("stale_side") or fix.get("converted_side")
    whose = between.left_source if stale == "left" else between.right_source
    given = {
        "currency": fix.get("currency", ""),
        "base": between.base_currency,
        "as_of_date": row.from_date.isoformat(),
    }
    say = (
        f"{whose} converts at a rate of its own: ask it to load the one in force. If it is the "
        "desk's table that is behind, add the rate of the day."
    )
    return (
        say,
        f"{reverse('admin:trades_fxrate_add')}?{urlencode(given)}",
        f"Add a rate of {given['currency']}",
        "trades.add_fxrate",
    )


def _layouts(row: RootCauseFinding) -> Form:
    source = row.reconciliation.right_source
    say = (
        f"It holds for a part of the file, or is no power of ten: no layout can say that. Have "
        f"{source} send it right, or edit how its file is read."
    )
    layouts = reverse("admin:connectors_layout_changelist")
    return say, layouts, "Layouts of files", "connectors.change_layout"


_FORMS: dict[str, Callable[[RootCauseFinding], Form]] = {
    "fx_rate": _rate,
    "timezone": _source(
        "Set the timezone in which {source} writes its times; it counts for reports from then on."
    ),
    "settlement_offset": _source(
        "Ask {source} which cycle is agreed; if only its holidays differ, set its calendar."
    ),
    "trade_date_offset": _source(
        "If {source} dates its trades in another zone, set its timezone; else ask it why."
    ),
    "price_unit": _layouts,
    "unit_factor": _layouts,
}
