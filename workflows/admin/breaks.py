"""The queue and a break's page, with all that this app knows of breaks."""

from typing import Any

from django.contrib import admin

from breaks.admin.queue import TradeBreakAdmin
from breaks.models import TradeBreak
from workflows.admin.caused_breaks import CausedBreaks, CauseFilter
from workflows.admin.remedied_breaks import REMEDY, RemediedBreaks
from workflows.admin.routed_breaks import REROUTE, RoutedBreaks

admin.site.unregister(TradeBreak)


@admin.register(TradeBreak)
class WorkedBreakAdmin(CausedBreaks, RemediedBreaks, RoutedBreaks):
    """Breaks, each with what caused it, what puts it right and which rule sent it where it is."""

    acts = (*TradeBreakAdmin.acts, REMEDY, REROUTE)
    bulk_acts = (*TradeBreakAdmin.bulk_acts, REMEDY.name, REROUTE.name)
    list_filter: Any = (*TradeBreakAdmin.list_filter, CauseFilter)
