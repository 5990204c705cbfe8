"""What an approval would let happen, for the eyes of whoever decides on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from breaks.admin.back_tests import back_tests_panel
from breaks.admin.import_effect import panels_of_import
from breaks.admin.matches import breaks_panel
from breaks.admin.words import NO_EXPOSURE, difference_words, status_cell, value_cell
from breaks.choices import BreakStatus, GuardedAct, ReasonCode
from breaks.models import ApprovalRequest, TradeBreak
from matching.admin.comparison import compared
from matching.admin.legs import legs_panel
from matching.admin.rule_sets import changed_panel
from matching.choices import LegSide, MatchStatus
from matching.models import Match, MatchLeg, Reconciliation
from trades.admin.cells import NOTHING, badge, digits, link, moment
from trades.admin.page import Panel
from trades.models import Trade

BEFORE_AND_AFTER = ("", "Now", "If approved")
_MISSING = "Missing or pending again"


@dataclass(frozen=True)
class Effect:
    """Panels that say what would happen, and the two trades side by side where there are two."""

    panels: Sequence[Panel] = ()
    compared: dict[str, Any] | None = field(default=None)


def effect_of(request: ApprovalRequest, *, by: Any) -> Effect:
    """Return what approving would do, for a person's eyes; of what was decided, what it was."""
    if request.act == GuardedAct.IMPORT:
        return Effect(panels_of_import(request, by=by))
    return EFFECTS[GuardedAct(request.act)](request)


def _accepting(request: ApprovalRequest) -> Effect:
    row = TradeBreak.objects.with_trades().select_related("match").get(pk=request.trade_break_id)
    accepted = badge(BreakStatus.ACCEPTED, BreakStatus.ACCEPTED.label)
    panel = Panel(
        title="What it would do",
        note="written off for these very values; it opens again if they change",
        head=BEFORE_AND_AFTER,
        rows=[
            ["Status", status_cell(row), accepted],
            ["Reason", row.get_reason_code_display() or NOTHING, ReasonCode.WRITE_OFF.label],
            [row.reconciliation.left_source.name, value_cell(row.left_value), "accepted"],
            [row.reconciliation.right_source.name, value_cell(row.right_value), "accepted"],
            ["Difference", difference_words(row) or NOTHING, "accepted"],
            ["Exposure", _money_words(row), "accepted"],
        ],
    )
    differing = {row.field} if row.field else set()
    if row.match is not None:
        differing |= set(row.match.differences.values_list("field", flat=True))
    if row.left_trade is None and row.right_trade is None:
        legs = [] if row.match is None else list(_legs_of(row.match))
        return Effect([panel, _legs_panel(legs)])
    return Effect([panel], compared(row.reconciliation, row.left_trade, row.right_trade, differing))


def _money_words(row: TradeBreak) -> Any:
    if row.exposure is None:
        return row.exposure_note or NO_EXPOSURE
    return f"{digits(row.exposure, places=2)} {row.currency}"


def _pairing(request: ApprovalRequest) -> Effect:
    from breaks.services.approvals.stakes import breaks_of

    between = _between(request)
    given = request.given
    trades = Trade.objects.select_related("source", "instrument", "counterparty", "account")
    found = trades.in_bulk([*given["left"], *given["right"]])
    legs = [
        MatchLeg(trade=found[pk], side=side, trade_version=given["trades"][str(pk)])
        for side, name in ((LegSide.LEFT, "left"), (LegSide.RIGHT, "right"))
        for pk in given[name]
        if pk in found
    ]
    cleared = list(breaks_of(between, [leg.trade_id for leg in legs]).select_related(*_SOURCES))
    panels = [
        Panel(
            title="What it would do",
            head=BEFORE_AND_AFTER,
            rows=[["These trades", "not paired", "one match, made by a person"]],
        ),
        breaks_panel(
            cleared, "No break is about these trades.", title="Breaks it would look at again"
        ),
    ]
    one_each = len(given["left"]) == len(given["right"]) == 1 and len(legs) == 2
    if not one_each:
        return Effect([*panels, _legs_panel(legs)])
    return Effect(
        panels, compared(between, legs[0].trade, legs[1].trade, _differing(between, legs))
    )


def _unmatching(request: ApprovalRequest) -> Effect:
    match = (
        Match.objects.select_related("reconciliation__left_source", "reconciliation__right_source")
        .filter(pk=request.given["match"])
        .first()
    )
    if match is None:
        return Effect([Panel(title="What it would do", none="The match is gone.")])
    legs = list(_legs_of(match))
    apart = badge(MatchStatus.UNMATCHED, MatchStatus.UNMATCHED.label)
    panel = Panel(
        title="What it would do",
        head=BEFORE_AND_AFTER,
        rows=[
            [link("matching_match", match.pk, match),
             badge(match.status, match.get_status_display()), apart],
            ["Its trades", "paired", _MISSING],
        ],
    )  # fmt: skip
    of_match = TradeBreak.objects.filter(match=match).select_related(*_SOURCES)
    panels = [panel, breaks_panel(list(of_match), "It has none.", title="Breaks of the match")]
    if len(legs) != 2:
        return Effect([*panels, _legs_panel(legs)])
    by_side = {leg.side: leg.trade for leg in legs}
    differing = match.differences.values_list("field", flat=True)
    return Effect(
        panels,
        compared(match.reconciliation, by_side.get("left"), by_side.get("right"), differing),
    )


def _activating(request: ApprovalRequest) -> Effect:
    from matching.rules import active_version

    rules = request.rule_set
    if rules is None:
        return Effect()
    active = active_version(rules)
    rows: list[list[Any]] = [
        [link("matching_ruleset", rules.pk, rules),
         badge(rules.status, rules.get_status_display()), badge("ACTIVE", "Active")],
    ]  # fmt: skip
    if active is not None and active.pk != rules.pk:
        rows.append([
            link("matching_ruleset", active.pk, active),
            badge("ACTIVE", "Active"), badge("RETIRED", "Retired"),
        ])  # fmt: skip
    facts = [
        ("Written by", ", ".join(map(str, rules.editors.all())) or rules.created_by or NOTHING),
        ("Written", moment(rules.created_at)),
        ("What it changes", rules.note or NOTHING),
        ("Rules", link("matching_ruleset", rules.pk, "Look at them before you decide")),
    ]
    return Effect([
        Panel(title="What it would do", note="from the next run on", head=BEFORE_AND_AFTER,
              rows=rows),
        Panel(title="The draft", facts=facts),
        changed_panel(rules),
        back_tests_panel(rules),
    ])  # fmt: skip


_SOURCES = ("reconciliation__left_source", "reconciliation__right_source")


def _between(request: ApprovalRequest) -> Reconciliation:
    named = Reconciliation.objects.select_related("left_source", "right_source")
    return named.get(pk=request.reconciliation_id or 0)


def _legs_of(match: Match) -> Any:
    return match.legs.select_related(
        "trade__source", "trade__instrument", "trade__counterparty", "trade__account"
    )


def _legs_panel(legs: Sequence[MatchLeg]) -> Panel:
    return legs_panel(legs, ()) if legs else Panel(title="Trades", none="No trades.")


def _differing(between: Reconciliation, legs: Sequence[MatchLeg]) -> set[str]:
    """Return the fields on which two trades would differ if they were paired now."""
    import pandas as pd

    from matching.rules import InvalidRules, NoActiveRules, active_rule_set, engine_rules
    from matching.services.comparing import differences_of

    rows = [(1, str(leg.side), leg.trade_id) for leg in legs]
    latest = max(leg.trade.trade_date for leg in legs)
    try:
        rules = engine_rules(
            rule_set=active_rule_set(between), base_currency=between.base_currency, as_of=latest
        )
    except (NoActiveRules, InvalidRules):
        return set()
    frame = pd.DataFrame(rows, columns=["match_id", "side", "row"])
    return set(differences_of(frame, rules)["field"])


EFFECTS: dict[GuardedAct, Callable[[ApprovalRequest], Effect]] = {
    GuardedAct.ACCEPT: _accepting,
    GuardedAct.PAIR: _pairing,
    GuardedAct.UNMATCH: _unmatching,
    GuardedAct.ACTIVATE_RULES: _activating,
}
