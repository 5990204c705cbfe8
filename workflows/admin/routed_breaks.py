"""A break's page and the queue, with by which rule breaks are where they are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from breaks.admin.acts import ACTS, WORK
from breaks.admin.bulk import Selection
from breaks.admin.queue import TradeBreakAdmin
from breaks.choices import LIVE
from breaks.models import ActBatch, TradeBreak
from trades.admin.acts import Act
from trades.admin.cells import NOTHING, moment
from trades.admin.page import Page, Panel
from workflows.choices import RoutingOutcome
from workflows.models import Routing

if TYPE_CHECKING:
    from breaks.services.foreseeing import Foreseen

_MOVED = "Somebody moved or took it since; the rules leave it there."


def _run(request: HttpRequest, row: TradeBreak, given: dict[str, Any]) -> str:
    from workflows.services.routing import route_one

    by: Any = request.user
    done = route_one(break_id=row.pk, version=given.get("version"), by=by, at=timezone.now())
    return f"{done} is routed. {Routing.objects.get(pk=done.pk).why}"


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused

    return (WorkRefused,)


REROUTE = Act(
    name="reroute", label="Route by the rules", permission=WORK, run=_run, refusals=_refusals,
    group="aside", description="To the team of the first rule that fits, wherever somebody placed "
    "it before. Whoever works on it keeps it.", submit="Route",
    offered=lambda row: row.status in LIVE,
)  # fmt: skip

_BY_HAND = next(act for act in ACTS if act.name == "route")


class RoutedBreaks(TradeBreakAdmin):
    """Breaks, each with the rule that sent it where it is; routed again one or many at a time."""

    def page(self, request: HttpRequest, row: Any) -> Page:
        page = super().page(request, row)
        panels = routing_panels(row, may_see_rules=request.user.has_perm(VIEW))  # type: ignore[union-attr]
        return replace(page, side=[*page.side, *panels])

    def foreseen(self, rows: Sequence[TradeBreak], act: Act, by: Any) -> "list[Foreseen]":
        by_rules = act.name == REROUTE.name
        # What a team by hand refuses, the rules refuse: a break that has ended.
        return super().foreseen(rows, _BY_HAND if by_rules else act, by)

    def do_in_bulk(
        self, request: HttpRequest, act: Act, selection: Selection, given: Mapping[str, Any]
    ) -> ActBatch:
        if act.name != REROUTE.name:
            return super().do_in_bulk(request, act, selection, given)
        from workflows.services.routing.batch import route_batch

        by: Any = request.user
        return route_batch(selection=selection, by=by, at=timezone.now())


VIEW = "workflows.view_routingrule"


def routing_panels(row: TradeBreak, *, may_see_rules: bool) -> list[Panel]:
    """Return the panel that says why a break is in its queue; none before it was routed."""
    routing = Routing.objects.select_related("rule").filter(pk=row.pk).first()
    if routing is None:
        return []
    rule: Any = routing.rule_name or NOTHING
    tester = ""
    if may_see_rules:
        if routing.rule_id:
            page = reverse("admin:workflows_routingrule_change", args=[routing.rule_id])
            rule = format_html('<a class="dk-link" href="{}">{}</a>', page, routing.rule_name)
        address = reverse("admin:workflows_routingrule_try")
        tester = format_html(
            '<p class="dk-say"><a class="dk-link" href="{}?trade_break={}">'
            "What the rules say of it now</a></p>", address, row.pk,
        )  # fmt: skip
    facts: list[tuple[str, Any]] = [
        ("Rule", rule),
        ("Why", _MOVED if _is_elsewhere(routing, row) else routing.why),
        ("Since", moment(routing.at)),
    ]
    return [Panel(title="Routing", facts=facts, body=tester)]


def _is_elsewhere(routing: Routing, row: TradeBreak) -> bool:
    empty = routing.outcome == RoutingOutcome.TEAM_IS_EMPTY
    placed = (None if empty else routing.team_id, routing.person_id)
    return placed != (row.team_id, row.assigned_to_id)
