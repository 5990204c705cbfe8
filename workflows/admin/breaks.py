"""The queue and a break's page, with all that this app knows of breaks."""

from typing import Any

from django.contrib import admin

from breaks.admin.queue import TradeBreakAdmin
from breaks.models import TradeBreak
from predictions.admin.scored import ScoredBreaks
from workflows.admin.caused_breaks import CausedBreaks, CauseFilter
from workflows.admin.remedied_breaks import REMEDY, RemediedBreaks
from workflows.admin.routed_breaks import REROUTE, RoutedBreaks

admin.site.unregister(TradeBreak)


@admin.register(TradeBreak)
class WorkedBreakAdmin(CausedBreaks, RemediedBreaks, RoutedBreaks, ScoredBreaks):
    """Breaks, each with its cause, what puts it right, which rule sent it, what was foreseen."""

    acts = (*TradeBreakAdmin.acts, REMEDY, REROUTE)
    bulk_acts = (*TradeBreakAdmin.bulk_acts, REMEDY.name, REROUTE.name)
    list_filter: Any = (*TradeBreakAdmin.list_filter, CauseFilter)
